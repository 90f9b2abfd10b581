// The addresses of lwIP's interfaces, read in lwIP's own task, where they do not change meanwhile.
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <string.h>

#include "interface.h"

void lwip_port_read_address(const ip_addr_t *address, port_address *result) {
  memset(result->ip, 0, sizeof result->ip);
#if LWIP_IPV6
  if (IP_IS_V6(address)) {
    result->family = 6;
    memcpy(result->ip, ip_2_ip6(address)->addr, 16);
    return;
  }
#endif
  uint32_t word = ip_addr_get_ip4_u32(address);
  result->family = 4;
  memcpy(result->ip, &word, sizeof word);
}

typedef struct {
  port_address *addresses;
  size_t capacity, count;
  int includes_v6;
  sys_sem_t done;
} request;

static void append(request *request, const ip_addr_t *address) {
  if (request->count == request->capacity) return;
  port_address *result = &request->addresses[request->count++];
  lwip_port_read_address(address, result);
  result->port = 0;
}

static void collect(void *argument) {
  request *request = argument;
  // Loopback in the second round, where the first has found nothing.
  for (int loopback = 0; loopback < 2 && request->count == 0; loopback++) {
    struct netif *interface;
    NETIF_FOREACH(interface) {
      if (!netif_is_up(interface) || !netif_is_link_up(interface)) continue;
      const ip_addr_t *v4 = netif_ip_addr4(interface);
      if (!ip_addr_isany(v4) && (ip_addr_isloopback(v4) != 0) == loopback) append(request, v4);
#if LWIP_IPV6
      for (int i = 0; request->includes_v6 && i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        const ip_addr_t *v6 = netif_ip_addr6(interface, i);
        if (ip6_addr_isvalid(netif_ip6_addr_state(interface, i)) && (ip_addr_isloopback(v6) != 0) == loopback) append(request, v6);
      }
#endif
    }
  }
  sys_sem_signal(&request->done);
}

size_t port_addresses(port_address *addresses, size_t capacity, int includes_v6) {
  request request = {.addresses = addresses, .capacity = capacity, .includes_v6 = includes_v6};
  if (sys_sem_new(&request.done, 0) != ERR_OK) return 0;
  if (tcpip_callback(collect, &request) == ERR_OK) sys_sem_wait(&request.done);
  sys_sem_free(&request.done);
  return request.count;
}
