#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} socket_address;

static socklen_t to_system(const clinux_address *from, socket_address *to) {
  memset(to, 0, sizeof *to);
  if (from->family == 4) {
    to->v4.sin_family = AF_INET;
    to->v4.sin_port = htons(from->port);
    memcpy(&to->v4.sin_addr, from->ip, 4);
    return sizeof to->v4;
  }
  to->v6.sin6_family = AF_INET6;
  to->v6.sin6_port = htons(from->port);
  memcpy(&to->v6.sin6_addr, from->ip, 16);
  return sizeof to->v6;
}

static void from_system(const socket_address *from, clinux_address *to) {
  memset(to, 0, sizeof *to);
  if (from->any.sa_family == AF_INET) {
    to->family = 4;
    to->port = ntohs(from->v4.sin_port);
    memcpy(to->ip, &from->v4.sin_addr, 4);
  } else {
    to->family = 6;
    to->port = ntohs(from->v6.sin6_port);
    memcpy(to->ip, &from->v6.sin6_addr, 16);
  }
}

int clinux_udp_open(clinux_address *address, int buffer_bytes) {
  socket_address system;
  socklen_t size = to_system(address, &system);
  int fd = socket(system.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int one = 1;
  if (address->family == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  if (bind(fd, &system.any, size) < 0 || getsockname(fd, &system.any, &size) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  from_system(&system, address);
  return fd;
}

int clinux_address_monitor_open(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK};
  if (bind(fd, (struct sockaddr *)&local, sizeof local) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

void clinux_drain(int fd) {
  uint8_t bytes[4096];
  while (read(fd, bytes, sizeof bytes) > 0) {
  }
}

struct clinux_batch {
  int capacity, datagram_size;
  struct mmsghdr *headers;
  struct iovec *vectors;
  socket_address *addresses;
  uint8_t *bytes;
};

clinux_batch *clinux_batch_create(int capacity, int datagram_size) {
  clinux_batch *batch = calloc(1, sizeof *batch);
  if (!batch) return NULL;
  batch->capacity = capacity;
  batch->datagram_size = datagram_size;
  batch->headers = calloc(capacity, sizeof *batch->headers);
  batch->vectors = calloc(capacity, sizeof *batch->vectors);
  batch->addresses = calloc(capacity, sizeof *batch->addresses);
  batch->bytes = malloc((size_t)capacity * datagram_size);
  if (!batch->headers || !batch->vectors || !batch->addresses || !batch->bytes) {
    clinux_batch_destroy(batch);
    return NULL;
  }
  for (int i = 0; i < capacity; i++) {
    batch->vectors[i].iov_base = batch->bytes + (size_t)i * datagram_size;
    batch->headers[i].msg_hdr.msg_iov = &batch->vectors[i];
    batch->headers[i].msg_hdr.msg_iovlen = 1;
    batch->headers[i].msg_hdr.msg_name = &batch->addresses[i];
  }
  return batch;
}

void clinux_batch_destroy(clinux_batch *batch) {
  free(batch->headers);
  free(batch->vectors);
  free(batch->addresses);
  free(batch->bytes);
  free(batch);
}

int clinux_batch_capacity(const clinux_batch *batch) { return batch->capacity; }
int clinux_batch_datagram_size(const clinux_batch *batch) { return batch->datagram_size; }
uint8_t *clinux_batch_bytes(clinux_batch *batch, int index) { return batch->vectors[index].iov_base; }
int clinux_batch_length(const clinux_batch *batch, int index) { return (int)batch->headers[index].msg_len; }

clinux_address clinux_batch_address(const clinux_batch *batch, int index) {
  clinux_address address;
  from_system(&batch->addresses[index], &address);
  return address;
}

void clinux_batch_set(clinux_batch *batch, int index, int length, clinux_address address) {
  batch->vectors[index].iov_len = (size_t)length;
  batch->headers[index].msg_hdr.msg_namelen = to_system(&address, &batch->addresses[index]);
}

int clinux_receive(int fd, clinux_batch *batch) {
  for (int i = 0; i < batch->capacity; i++) {
    batch->vectors[i].iov_len = (size_t)batch->datagram_size;
    batch->headers[i].msg_hdr.msg_namelen = sizeof(socket_address);
  }
  int count = recvmmsg(fd, batch->headers, (unsigned)batch->capacity, MSG_DONTWAIT, NULL);
  if (count >= 0) return count;
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int clinux_send(int fd, clinux_batch *batch, int first, int end) {
  int count = sendmmsg(fd, batch->headers + first, (unsigned)(end - first), MSG_DONTWAIT | MSG_NOSIGNAL);
  return count >= 0 ? count : -errno;
}

int clinux_epoll_open(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int clinux_epoll_watch(int epoll, int fd, int writing) {
  struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
  if (errno == ENOENT && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
  return -errno;
}

int clinux_epoll_wait(int epoll, clinux_ready *ready, int capacity, int64_t nanoseconds) {
  struct epoll_event events[32];
  if (capacity > 32) capacity = 32;
  struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int count = epoll_pwait2(epoll, events, capacity, nanoseconds < 0 ? NULL : &timeout, NULL);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    ready[i].fd = events[i].data.fd;
    ready[i].readable = (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    ready[i].writable = (events[i].events & EPOLLOUT) != 0;
  }
  return count;
}

int clinux_event_open(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

void clinux_event_signal(int fd) {
  uint64_t one = 1;
  while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

int clinux_interface_addresses(clinux_address *addresses, int capacity, int include_loopback) {
  struct ifaddrs *list;
  if (getifaddrs(&list) < 0) return -errno;
  int count = 0;
  for (struct ifaddrs *entry = list; entry && count < capacity; entry = entry->ifa_next) {
    if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) continue;
    int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    if ((entry->ifa_flags & IFF_LOOPBACK) && !include_loopback) continue;
    socket_address system = {0};
    memcpy(&system, entry->ifa_addr, family == AF_INET ? sizeof system.v4 : sizeof system.v6);
    if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&system.v6.sin6_addr)) continue;
    if (family == AF_INET && (ntohl(system.v4.sin_addr.s_addr) >> 16) == 0xa9fe) continue;
    from_system(&system, &addresses[count]);
    addresses[count++].port = 0;
  }
  freeifaddrs(list);
  return count;
}

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clinux_monotonic_nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t clinux_cpu_nanoseconds(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
uint64_t clinux_clock_nanoseconds(int clock) { return read_clock(clock); }

int clinux_thread_clock(void) {
  clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
  pthread_getcpuclockid(pthread_self(), &clock);
  return clock;
}

int clinux_random(uint8_t *bytes, int count) {
  while (count > 0) {
    ssize_t read = getrandom(bytes, (size_t)count, 0);
    if (read < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    bytes += read;
    count -= (int)read;
  }
  return 0;
}
