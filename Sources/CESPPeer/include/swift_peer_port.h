// All that the driver asks of the system below it: a handful of C functions, with a back end a system. Scalars and pointers
// alone cross this border, never a structure by value, for the firmware's compilers pass those differently.
//
// No function waits but `port_waiter_wait` and `port_mutex_lock`.
#ifndef SWIFT_PEER_PORT_H
#define SWIFT_PEER_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  PORT_OK = 0,
  // Nothing there yet, or no room yet: try again later.
  PORT_WOULD_BLOCK = -1,
  PORT_FAILED = -2,
};

// --- Clock and randomness ---

// Nanoseconds since any moment; never goes back.
uint64_t port_now(void);

// Fit for keys. PORT_OK or PORT_FAILED.
int port_random(uint8_t *bytes, size_t count);

// --- Memory ---

// NULL where there is none. Called when a peer is opened, and not after.
void *port_allocate(size_t size);
void port_free(void *memory);

// --- Threads ---

// Not recursive.
typedef struct port_mutex port_mutex;
port_mutex *port_mutex_create(void);
void port_mutex_destroy(port_mutex *mutex);
void port_mutex_lock(port_mutex *mutex);
void port_mutex_unlock(port_mutex *mutex);

// Tells threads that live at the same time apart; any number where there is but one.
uintptr_t port_thread(void);

// Lets other threads run for a moment, those of lower priority too: one of them holds what this one waits for.
void port_yield(void);

// --- Datagrams ---

typedef struct port_address {
  // 4 or 6.
  uint8_t family;
  // In host byte order.
  uint16_t port;
  // The first 4 or all 16, in network byte order.
  uint8_t ip[16];
} port_address;

typedef struct port_socket port_socket;

// Binds a UDP socket to `address`, whose port may be 0, and writes the port that it got. NULL on failure.
port_socket *port_socket_open(port_address *address);
void port_socket_close(port_socket *socket);

// PORT_OK, PORT_WOULD_BLOCK, or PORT_FAILED: the datagram is lost, as it may be anywhere on its way.
int port_socket_send(port_socket *socket, const port_address *destination, const uint8_t *bytes, size_t count);

// The datagram's length, which may be 0; PORT_WOULD_BLOCK where there is none; PORT_FAILED where an error was reported in place of
// one. A datagram longer than `capacity` is cut.
int port_socket_receive(port_socket *socket, uint8_t *buffer, size_t capacity, port_address *source);

// This system's addresses, those of loopback only where there are no others. Returns how many were written.
size_t port_addresses(port_address *addresses, size_t capacity, int includes_v6);

// --- Waiting ---

typedef struct port_waiter port_waiter;
port_waiter *port_waiter_create(void);
void port_waiter_destroy(port_waiter *waiter);

// Returns when one of the sockets can be read from, when `port_waiter_wake` was called since the last time, or after so many
// nanoseconds; earlier is no harm.
void port_waiter_wait(port_waiter *waiter, port_socket *const *sockets, size_t count, uint64_t nanoseconds);

// From any thread.
void port_waiter_wake(port_waiter *waiter);

// --- Names ---

// Looks a name up that is no address: PORT_OK with `*address` (its port is 0), PORT_WOULD_BLOCK: ask again in a few milliseconds,
// or PORT_FAILED. `family`: 4, 6, or 0 for either.
int port_resolve(const char *name, uint8_t family, port_address *address);

// --- Log ---

// One line, without its end.
void port_log(const char *line);

#ifdef __cplusplus
}
#endif

#endif
