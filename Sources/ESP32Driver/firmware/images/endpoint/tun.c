// lwIP on a TUN device, brought up before `main`: LWIP_TUN names the device, which exists already and has the kernel at its other end
// with 10.45.0.1 and fd45::1. lwIP has 10.45.0.2 and fd45::2.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>

#include "lwip_port.h"

enum { FRAME = 2000, INTERFACE_NAME = 16 };

// As in <net/if.h>, which does not go together with lwIP's headers.
struct interface_request {
  char name[INTERFACE_NAME];
  short flags;
  char rest[22];
};

static int tun = -1;
static struct netif interface;

int lwip_port_random(uint8_t *bytes, size_t count) { return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1; }
uintptr_t lwip_port_thread(void) { return (uintptr_t)pthread_self(); }
void lwip_port_log(const char *line) { fprintf(stderr, "%s\n", line); }

static err_t write_packet(struct pbuf *buffer) {
  char bytes[FRAME];
  int size = pbuf_copy_partial(buffer, bytes, sizeof bytes, 0);
  return write(tun, bytes, (size_t)size) == size ? ERR_OK : ERR_IF;
}

static err_t output_v4(struct netif *netif, struct pbuf *buffer, const ip4_addr_t *destination) {
  (void)netif;
  (void)destination;
  return write_packet(buffer);
}

static err_t output_v6(struct netif *netif, struct pbuf *buffer, const ip6_addr_t *destination) {
  (void)netif;
  (void)destination;
  return write_packet(buffer);
}

static err_t prepare(struct netif *netif) {
  netif->name[0] = 't';
  netif->name[1] = 'n';
  netif->mtu = 1500;
  netif->output = output_v4;
  netif->output_ip6 = output_v6;
  return ERR_OK;
}

static void *read_packets(void *unused) {
  (void)unused;
  char bytes[FRAME];
  while (1) {
    ssize_t size = read(tun, bytes, sizeof bytes);
    if (size <= 0) continue;
    struct pbuf *buffer = pbuf_alloc(PBUF_LINK, (uint16_t)size, PBUF_RAM);
    if (buffer == NULL) continue;
    pbuf_take(buffer, bytes, (uint16_t)size);
    if (interface.input(buffer, &interface) != ERR_OK) pbuf_free(buffer);
  }
  return NULL;
}

static void start(void *done) {
  ip4_addr_t address, mask, gateway;
  IP4_ADDR(&address, 10, 45, 0, 2);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 45, 0, 1);
  netif_add(&interface, &address, &mask, &gateway, NULL, prepare, tcpip_input);
  ip6_addr_t v6;
  IP6_ADDR(&v6, lwip_htonl(0xfd450000), 0, 0, lwip_htonl(2));
  netif_ip6_addr_set(&interface, 0, &v6);
  netif_ip6_addr_set_state(&interface, 0, IP6_ADDR_PREFERRED);
  netif_set_default(&interface);
  netif_set_link_up(&interface);
  netif_set_up(&interface);
  sys_sem_signal(done);
}

__attribute__((constructor)) static void bring_up(void) {
  const char *name = getenv("LWIP_TUN");
  struct interface_request request = {.flags = IFF_TUN | IFF_NO_PI};
  if (name == NULL) {
    fprintf(stderr, "LWIP_TUN names no TUN device\n");
    _exit(2);
  }
  strncpy(request.name, name, sizeof request.name - 1);
  tun = open("/dev/net/tun", O_RDWR);
  if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0) {
    perror(name);
    _exit(2);
  }
  static sys_sem_t done;
  if (sys_sem_new(&done, 0) != ERR_OK) _exit(2);
  tcpip_init(start, &done);
  sys_sem_wait(&done);
  pthread_t thread;
  if (pthread_create(&thread, NULL, read_packets, NULL) != 0) _exit(2);
}
