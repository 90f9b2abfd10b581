// UDP sockets, the interfaces' addresses, and waiting, by POSIX.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swift_peer_port.h"

struct port_socket {
  int descriptor;
  uint8_t family;
};

static socklen_t to_system(const port_address *address, struct sockaddr_storage *storage) {
  memset(storage, 0, sizeof *storage);
  if (address->family == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)storage;
    in->sin_family = AF_INET;
    in->sin_port = htons(address->port);
    memcpy(&in->sin_addr, address->ip, 4);
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(address->port);
  memcpy(&in6->sin6_addr, address->ip, 16);
  return sizeof *in6;
}

static int from_system(const struct sockaddr *system, port_address *address) {
  memset(address, 0, sizeof *address);
  if (system->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)system;
    address->family = 4;
    address->port = ntohs(in->sin_port);
    memcpy(address->ip, &in->sin_addr, 4);
    return 1;
  }
  if (system->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)system;
    address->family = 6;
    address->port = ntohs(in6->sin6_port);
    memcpy(address->ip, &in6->sin6_addr, 16);
    return 1;
  }
  return 0;
}

port_socket *port_socket_open(port_address *address) {
  port_socket *socket_ = malloc(sizeof *socket_);
  if (!socket_) return NULL;
  int family = address->family == 4 ? AF_INET : AF_INET6;
  socket_->family = address->family;
  socket_->descriptor = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_->descriptor < 0) {
    free(socket_);
    return NULL;
  }
  int on = 1;
  if (family == AF_INET6) setsockopt(socket_->descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  struct sockaddr_storage storage;
  socklen_t length = to_system(address, &storage);
  if (bind(socket_->descriptor, (struct sockaddr *)&storage, length) != 0 ||
      (length = sizeof storage, getsockname(socket_->descriptor, (struct sockaddr *)&storage, &length)) != 0) {
    port_socket_close(socket_);
    return NULL;
  }
  from_system((struct sockaddr *)&storage, address);
  return socket_;
}

void port_socket_close(port_socket *socket_) {
  close(socket_->descriptor);
  free(socket_);
}

int port_socket_send(port_socket *socket_, const port_address *destination, const uint8_t *bytes, size_t count) {
  if (destination->family != socket_->family) return PORT_FAILED;
  struct sockaddr_storage storage;
  socklen_t length = to_system(destination, &storage);
  for (;;) {
    if (sendto(socket_->descriptor, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&storage, length) >= 0) return PORT_OK;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return PORT_WOULD_BLOCK;
    if (errno != EINTR) return PORT_FAILED;
  }
}

int port_socket_receive(port_socket *socket_, uint8_t *buffer, size_t capacity, port_address *source) {
  struct sockaddr_storage storage;
  for (;;) {
    socklen_t length = sizeof storage;
    ssize_t count = recvfrom(socket_->descriptor, buffer, capacity, 0, (struct sockaddr *)&storage, &length);
    if (count >= 0) return from_system((struct sockaddr *)&storage, source) ? (int)count : PORT_FAILED;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return PORT_WOULD_BLOCK;
    if (errno != EINTR) return PORT_FAILED;
  }
}

size_t port_addresses(port_address *addresses, size_t capacity, int includes_v6) {
  struct ifaddrs *list = NULL;
  if (getifaddrs(&list) != 0) return 0;
  size_t count = 0;
  for (int is_loopback = 0; is_loopback < 2 && count == 0; is_loopback++) {
    for (struct ifaddrs *entry = list; entry && count < capacity; entry = entry->ifa_next) {
      if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP) || !(entry->ifa_flags & IFF_LOOPBACK) != !is_loopback) continue;
      port_address address;
      if (!from_system(entry->ifa_addr, &address) || (address.family == 6 && !includes_v6)) continue;
      // A link-local address means nothing without its interface, which no candidate can name.
      if (address.family == 6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)address.ip)) continue;
      address.port = 0;
      addresses[count++] = address;
    }
  }
  freeifaddrs(list);
  return count;
}

struct port_waiter {
  int event;
};

port_waiter *port_waiter_create(void) {
  port_waiter *waiter = malloc(sizeof *waiter);
  if (!waiter) return NULL;
  waiter->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (waiter->event >= 0) return waiter;
  free(waiter);
  return NULL;
}

void port_waiter_destroy(port_waiter *waiter) {
  close(waiter->event);
  free(waiter);
}

void port_waiter_wait(port_waiter *waiter, port_socket *const *sockets, size_t count, uint64_t nanoseconds) {
  enum { LIMIT = 65 };
  struct pollfd descriptors[LIMIT];
  nfds_t total = 0;
  descriptors[total++] = (struct pollfd){.fd = waiter->event, .events = POLLIN};
  for (size_t i = 0; i < count && total < LIMIT; i++) {
    descriptors[total++] = (struct pollfd){.fd = sockets[i]->descriptor, .events = POLLIN};
  }
  struct timespec timeout = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
  if (ppoll(descriptors, total, &timeout, NULL) > 0 && descriptors[0].revents) {
    uint64_t value;
    while (read(waiter->event, &value, sizeof value) > 0) continue;
  }
}

void port_waiter_wake(port_waiter *waiter) {
  uint64_t one = 1;
  while (write(waiter->event, &one, sizeof one) < 0 && errno == EINTR) continue;
}
