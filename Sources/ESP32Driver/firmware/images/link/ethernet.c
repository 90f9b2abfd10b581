#include "ethernet.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>
#include <string.h>

#include "../../riscv32/virtio_net.h"

static struct netif interface;
static uint8_t frame[FRAME_SIZE];

static err_t transmit(struct netif *netif, struct pbuf *buffer) {
  (void)netif;
  static uint8_t outgoing[FRAME_SIZE];
  if (buffer->tot_len > FRAME_SIZE) return ERR_BUF;
  pbuf_copy_partial(buffer, outgoing, buffer->tot_len, 0);
  return virtio_net_send(outgoing, buffer->tot_len) == 0 ? ERR_OK : ERR_MEM;
}

static err_t prepare(struct netif *netif) {
  netif->name[0] = 'e';
  netif->name[1] = 'n';
  netif->mtu = 1500;
  netif->hwaddr_len = 6;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6;
  netif->output = etharp_output;
  netif->output_ip6 = ethip6_output;
  netif->linkoutput = transmit;
  return virtio_net_start(netif->hwaddr) == 0 ? ERR_OK : ERR_IF;
}

int ethernet_start(void) {
  ip4_addr_t address, mask, gateway;
  IP4_ADDR(&address, 10, 44, 0, 2);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 44, 0, 1);
  if (netif_add(&interface, &address, &mask, &gateway, NULL, prepare, netif_input) == NULL) return -1;
  netif_create_ip6_linklocal_address(&interface, 1);
  ip6_addr_t v6;
  IP6_ADDR(&v6, lwip_htonl(0xfd440000), 0, 0, lwip_htonl(2));
  netif_ip6_addr_set(&interface, 1, &v6);
  netif_ip6_addr_set_state(&interface, 1, IP6_ADDR_PREFERRED);
  netif_set_default(&interface);
  netif_set_up(&interface);
  return 0;
}

void ethernet_poll(void) {
  size_t size;
  while ((size = virtio_net_receive(frame)) > 0) {
    struct pbuf *buffer = pbuf_alloc(PBUF_RAW, (uint16_t)size, PBUF_POOL);
    if (buffer == NULL) return;
    pbuf_take(buffer, frame, (uint16_t)size);
    if (interface.input(buffer, &interface) != ERR_OK) pbuf_free(buffer);
  }
}
