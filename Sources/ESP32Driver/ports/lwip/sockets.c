// Datagrams of the driver over lwIP's sockets.
#include <errno.h>
#include <lwip/sockets.h>
#include <lwip/sys.h>
#include <stdlib.h>
#include <string.h>

#include "interface.h"

enum { LARGEST_POLL = 9 };

struct port_socket {
  int descriptor;
};

static socklen_t to_lwip(const port_address *address, struct sockaddr_storage *storage) {
  memset(storage, 0, sizeof *storage);
  if (address->family == 4) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    v4->sin_family = AF_INET;
    v4->sin_port = lwip_htons(address->port);
    memcpy(&v4->sin_addr, address->ip, 4);
    return sizeof *v4;
  }
#if LWIP_IPV6
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = lwip_htons(address->port);
  memcpy(&v6->sin6_addr, address->ip, 16);
  return sizeof *v6;
#else
  return 0;
#endif
}

static int from_lwip(const struct sockaddr_storage *storage, port_address *address) {
  memset(address->ip, 0, sizeof address->ip);
  if (storage->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)storage;
    address->family = 4;
    address->port = lwip_ntohs(v4->sin_port);
    memcpy(address->ip, &v4->sin_addr, 4);
    return 1;
  }
#if LWIP_IPV6
  if (storage->ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)storage;
    address->family = 6;
    address->port = lwip_ntohs(v6->sin6_port);
    memcpy(address->ip, &v6->sin6_addr, 16);
    return 1;
  }
#endif
  return 0;
}

static int open_bound(port_address *address) {
  struct sockaddr_storage storage;
  socklen_t size = to_lwip(address, &storage);
  if (size == 0) return -1;
  int descriptor = lwip_socket(address->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  if (descriptor < 0) return -1;
  int flags = lwip_fcntl(descriptor, F_GETFL, 0);
  if (lwip_bind(descriptor, (struct sockaddr *)&storage, size) == 0 && flags >= 0 &&
      lwip_fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
      lwip_getsockname(descriptor, (struct sockaddr *)&storage, &size) == 0 && from_lwip(&storage, address)) {
    return descriptor;
  }
  lwip_close(descriptor);
  return -1;
}

port_socket *port_socket_open(port_address *address) {
  port_socket *socket = calloc(1, sizeof *socket);
  if (socket == NULL) return NULL;
  port_address bound = *address;
  socket->descriptor = open_bound(&bound);
  if (socket->descriptor < 0) {
    free(socket);
    return NULL;
  }
  address->port = bound.port;
  return socket;
}

void port_socket_close(port_socket *socket) {
  if (socket == NULL) return;
  lwip_close(socket->descriptor);
  free(socket);
}

int port_socket_send(port_socket *socket, const port_address *destination, const uint8_t *bytes, size_t count) {
  struct sockaddr_storage storage;
  socklen_t size = to_lwip(destination, &storage);
  if (size == 0) return PORT_FAILED;
  ssize_t sent = lwip_sendto(socket->descriptor, bytes, count, 0, (struct sockaddr *)&storage, size);
  if (sent >= 0) return PORT_OK;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOMEM || errno == ENOBUFS ? PORT_WOULD_BLOCK : PORT_FAILED;
}

int port_socket_receive(port_socket *socket, uint8_t *buffer, size_t capacity, port_address *source) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  ssize_t received = lwip_recvfrom(socket->descriptor, buffer, capacity, 0, (struct sockaddr *)&storage, &size);
  if (received < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? PORT_WOULD_BLOCK : PORT_FAILED;
  return from_lwip(&storage, source) ? (int)received : PORT_FAILED;
}

// --- Waiting ---

// lwIP has nothing but sockets to wait for, so that a wake-up is a datagram to a socket of our own: by loopback, or by an interface
// that takes what is sent to its own address. Where there is neither, waits are short.
struct port_waiter {
  int descriptor;
  port_address address;
};

enum { LONGEST_WITHOUT_WAKING = 5 };

static int send_to_itself(const port_waiter *waiter) {
  struct sockaddr_storage storage;
  socklen_t size = to_lwip(&waiter->address, &storage);
  uint8_t byte = 0;
  return lwip_sendto(waiter->descriptor, &byte, 1, 0, (struct sockaddr *)&storage, size) == 1;
}

static void drain(const port_waiter *waiter) {
  uint8_t byte;
  while (lwip_recv(waiter->descriptor, &byte, 1, 0) >= 0) {
  }
}

// Whether what is sent to the address comes back.
static int can_wake(port_waiter *waiter) {
  waiter->descriptor = open_bound(&waiter->address);
  if (waiter->descriptor < 0) return 0;
  struct pollfd readable = {waiter->descriptor, POLLIN, 0};
  if (send_to_itself(waiter) && lwip_poll(&readable, 1, 100) == 1) {
    drain(waiter);
    return 1;
  }
  lwip_close(waiter->descriptor);
  waiter->descriptor = -1;
  return 0;
}

port_waiter *port_waiter_create(void) {
  port_waiter *waiter = calloc(1, sizeof *waiter);
  if (waiter == NULL) return NULL;
  waiter->address = (port_address){.family = 4, .ip = {127, 0, 0, 1}};
  if (can_wake(waiter)) return waiter;
  port_address own;
  if (port_addresses(&own, 1, 1) == 1) {
    waiter->address = own;
    can_wake(waiter);
  }
  return waiter;
}

void port_waiter_destroy(port_waiter *waiter) {
  if (waiter == NULL) return;
  if (waiter->descriptor >= 0) lwip_close(waiter->descriptor);
  free(waiter);
}

void port_waiter_wait(port_waiter *waiter, port_socket *const *sockets, size_t count, uint64_t nanoseconds) {
  struct pollfd descriptors[LARGEST_POLL];
  nfds_t used = 0;
  for (size_t i = 0; i < count && used < LARGEST_POLL - 1; i++) {
    descriptors[used++] = (struct pollfd){sockets[i]->descriptor, POLLIN, 0};
  }
  if (waiter->descriptor >= 0) descriptors[used++] = (struct pollfd){waiter->descriptor, POLLIN, 0};
  uint64_t milliseconds = (nanoseconds + 999999) / 1000000;
  if (milliseconds > 3600000) milliseconds = 3600000;
  if (waiter->descriptor < 0 && milliseconds > LONGEST_WITHOUT_WAKING) milliseconds = LONGEST_WITHOUT_WAKING;
  if (used == 0) {
    sys_msleep((uint32_t)milliseconds);
    return;
  }
  lwip_poll(descriptors, used, (int)milliseconds);
  if (waiter->descriptor >= 0) drain(waiter);
}

void port_waiter_wake(port_waiter *waiter) {
  if (waiter->descriptor >= 0) send_to_itself(waiter);
}
