// Datagrams of the driver over lwIP's raw API. What arrives is kept in a bounded queue for each socket, as the buffers that lwIP
// received it in.
#include <lwip/netif.h>
#include <lwip/udp.h>
#include <stdlib.h>
#include <string.h>

#include "raw_port.h"
#include "swift_peer_port.h"

enum { QUEUE_LENGTH = 8 };

struct port_socket {
  struct udp_pcb *control;
  unsigned first, count;
  struct {
    struct pbuf *buffer;
    ip_addr_t address;
    uint16_t port;
  } queue[QUEUE_LENGTH];
};

static int to_lwip(const port_address *address, ip_addr_t *result) {
  memset(result, 0, sizeof *result);
  if (address->family == 4) {
    uint32_t word;
    memcpy(&word, address->ip, sizeof word);
    ip_addr_set_ip4_u32(result, word);
    return 1;
  }
#if LWIP_IPV6
  uint32_t words[4];
  memcpy(words, address->ip, sizeof words);
  IP_ADDR6(result, words[0], words[1], words[2], words[3]);
  return 1;
#else
  return 0;
#endif
}

static int from_lwip(const ip_addr_t *address, port_address *result) {
#if LWIP_IPV6
  if (IP_IS_V6(address)) {
    result->family = 6;
    memcpy(result->ip, ip_2_ip6(address)->addr, 16);
    return 1;
  }
#endif
  memset(result->ip, 0, sizeof result->ip);
  uint32_t word = ip_addr_get_ip4_u32(address);
  result->family = 4;
  memcpy(result->ip, &word, sizeof word);
  return 1;
}

// lwIP's callback: the buffer is ours from here on. Where the reader is behind, the newest is lost, as on any path.
static void received(void *argument, struct udp_pcb *control, struct pbuf *buffer, const ip_addr_t *address, uint16_t port) {
  port_socket *socket = argument;
  (void)control;
  if (socket->count == QUEUE_LENGTH) {
    pbuf_free(buffer);
    return;
  }
  unsigned place = (socket->first + socket->count) % QUEUE_LENGTH;
  socket->queue[place].buffer = buffer;
  socket->queue[place].address = *address;
  socket->queue[place].port = port;
  socket->count++;
}

port_socket *port_socket_open(port_address *address) {
  ip_addr_t local;
  if (!to_lwip(address, &local)) return NULL;
#if LWIP_IPV6
  if (IP_IS_V6(&local) && ip6_addr_islinklocal(ip_2_ip6(&local))) {
    struct netif *interface;
    NETIF_FOREACH(interface) {
      if (netif_get_ip6_addr_match(interface, ip_2_ip6(&local)) >= 0) ip6_addr_assign_zone(ip_2_ip6(&local), IP6_UNICAST, interface);
    }
  }
#endif
  port_socket *socket = calloc(1, sizeof *socket);
  if (socket == NULL) return NULL;
  socket->control = udp_new_ip_type(IP_GET_TYPE(&local));
  if (socket->control == NULL || udp_bind(socket->control, &local, address->port) != ERR_OK) {
    port_socket_close(socket);
    return NULL;
  }
  udp_recv(socket->control, received, socket);
  address->port = socket->control->local_port;
  return socket;
}

void port_socket_close(port_socket *socket) {
  if (socket == NULL) return;
  if (socket->control != NULL) udp_remove(socket->control);
  for (; socket->count > 0; socket->count--) {
    pbuf_free(socket->queue[socket->first].buffer);
    socket->first = (socket->first + 1) % QUEUE_LENGTH;
  }
  free(socket);
}

int port_socket_send(port_socket *socket, const port_address *destination, const uint8_t *bytes, size_t count) {
  ip_addr_t remote;
  if (count > UINT16_MAX || !to_lwip(destination, &remote)) return PORT_FAILED;
#if LWIP_IPV6
  if (IP_IS_V6(&remote)) ip6_addr_select_zone(ip_2_ip6(&remote), ip_2_ip6(&socket->control->local_ip));
#endif
  struct pbuf *buffer = pbuf_alloc(PBUF_TRANSPORT, (uint16_t)count, PBUF_RAM);
  if (buffer == NULL) {
    raw_port_poll();
    return PORT_WOULD_BLOCK;
  }
  pbuf_take(buffer, bytes, (uint16_t)count);
  err_t result = udp_sendto(socket->control, buffer, &remote, destination->port);
  pbuf_free(buffer);
  if (result == ERR_OK) return PORT_OK;
  return result == ERR_MEM ? PORT_WOULD_BLOCK : PORT_FAILED;
}

int port_socket_receive(port_socket *socket, uint8_t *bytes, size_t capacity, port_address *source) {
  if (socket->count == 0) raw_port_poll();
  if (socket->count == 0) return PORT_WOULD_BLOCK;
  struct pbuf *buffer = socket->queue[socket->first].buffer;
  int is_known = from_lwip(&socket->queue[socket->first].address, source);
  source->port = socket->queue[socket->first].port;
  socket->first = (socket->first + 1) % QUEUE_LENGTH;
  socket->count--;
  int result = pbuf_copy_partial(buffer, bytes, capacity < UINT16_MAX ? (uint16_t)capacity : UINT16_MAX, 0);
  pbuf_free(buffer);
  return is_known ? result : PORT_FAILED;
}

size_t port_addresses(port_address *addresses, size_t capacity, int includes_v6) {
  size_t count = 0;
  // Loopback in the second round, where the first has found nothing.
  for (int loopback = 0; loopback < 2 && count == 0; loopback++) {
    struct netif *interface;
    NETIF_FOREACH(interface) {
      if (!netif_is_up(interface) || !netif_is_link_up(interface)) continue;
      const ip_addr_t *v4 = netif_ip_addr4(interface);
      if (count < capacity && !ip_addr_isany(v4) && ip_addr_isloopback(v4) == loopback && from_lwip(v4, &addresses[count])) {
        addresses[count++].port = 0;
      }
#if LWIP_IPV6
      for (int i = 0; includes_v6 && i < LWIP_IPV6_NUM_ADDRESSES && count < capacity; i++) {
        const ip_addr_t *v6 = netif_ip_addr6(interface, i);
        if (!ip6_addr_isvalid(netif_ip6_addr_state(interface, i)) || ip_addr_isloopback(v6) != loopback) continue;
        if (from_lwip(v6, &addresses[count])) addresses[count++].port = 0;
      }
#else
      (void)includes_v6;
#endif
    }
  }
  return count;
}

// --- Waiting ---

struct port_waiter {
  int is_woken;
};

port_waiter *port_waiter_create(void) { return calloc(1, sizeof(port_waiter)); }
void port_waiter_destroy(port_waiter *waiter) { free(waiter); }
void port_waiter_wake(port_waiter *waiter) { waiter->is_woken = 1; }

void port_waiter_wait(port_waiter *waiter, port_socket *const *sockets, size_t count, uint64_t nanoseconds) {
  uint64_t start = raw_port_clock();
  while (!waiter->is_woken) {
    raw_port_poll();
    for (size_t i = 0; i < count; i++) {
      if (sockets[i]->count > 0) return;
    }
    uint64_t passed = raw_port_clock() - start;
    if (passed >= nanoseconds) return;
    raw_port_idle(nanoseconds - passed);
  }
  waiter->is_woken = 0;
}
