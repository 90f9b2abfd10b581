// What Swift cannot say plainly about Linux sockets: batches of datagrams, interface addresses and their changes.
#pragma once
#include <stdint.h>

typedef struct {
  uint8_t ip[16];  // the first 4 bytes for IPv4
  uint16_t port;   // host order
  uint8_t family;  // 4 or 6
} clinux_address;

// --- Sockets; file descriptors, or -errno ---

// A non-blocking UDP socket bound to `address`. Port 0 lets the system choose; `address` is set to what was bound.
int clinux_udp_open(clinux_address *address, int buffer_bytes);
// A netlink socket that becomes readable when an interface address comes or goes.
int clinux_address_monitor_open(void);
// Reads all that waits on `fd` and forgets it.
void clinux_drain(int fd);

// --- Batches of datagrams ---

typedef struct clinux_batch clinux_batch;

clinux_batch *clinux_batch_create(int capacity, int datagram_size);
void clinux_batch_destroy(clinux_batch *batch);
int clinux_batch_capacity(const clinux_batch *batch);
int clinux_batch_datagram_size(const clinux_batch *batch);
uint8_t *clinux_batch_bytes(clinux_batch *batch, int index);
int clinux_batch_length(const clinux_batch *batch, int index);
clinux_address clinux_batch_address(const clinux_batch *batch, int index);
// Says what slot `index` sends, and where to.
void clinux_batch_set(clinux_batch *batch, int index, int length, clinux_address address);

// How many datagrams were received (0 where none waits), or -errno.
int clinux_receive(int fd, clinux_batch *batch);
// Sends slots first..<end; how many were taken by the kernel, or -errno of the first.
int clinux_send(int fd, clinux_batch *batch, int first, int end);

// --- Waiting: file descriptors, or -errno ---

typedef struct {
  int fd;
  int readable;  // or in error, which reading tells
  int writable;
} clinux_ready;

int clinux_epoll_open(void);
// Watches `fd` for reading, and for writing where asked to; also changes what is watched.
int clinux_epoll_watch(int epoll, int fd, int writing);
// Waits for at most `nanoseconds` (negative: without end); how many are ready, 0 after the time or a signal, or -errno.
int clinux_epoll_wait(int epoll, clinux_ready *ready, int capacity, int64_t nanoseconds);
// A counter that `clinux_event_signal` makes readable and `clinux_drain` makes unreadable.
int clinux_event_open(void);
void clinux_event_signal(int fd);

// --- Interfaces ---

// Usable unicast addresses of interfaces that are up: no link-local, no multicast; loopback only if asked for.
// How many were found (at most `capacity`), or -errno.
int clinux_interface_addresses(clinux_address *addresses, int capacity, int include_loopback);

// --- Clock and entropy ---
uint64_t clinux_monotonic_nanoseconds(void);
// CPU time of the whole process, in nanoseconds.
uint64_t clinux_cpu_nanoseconds(void);
// The clock of the calling thread's CPU time, which every thread of the process may read.
int clinux_thread_clock(void);
uint64_t clinux_clock_nanoseconds(int clock);
// 0, or -errno.
int clinux_random(uint8_t *bytes, int count);
