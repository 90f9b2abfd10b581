// The rest of the driver's port where there is one task: a mutex that is held by it already would never come free.
#include <stdlib.h>

#include "raw_port.h"
#include "swift_peer_port.h"

uint64_t port_now(void) { return raw_port_clock(); }
int port_random(uint8_t *bytes, size_t count) { return raw_port_random(bytes, count) == 0 ? PORT_OK : PORT_FAILED; }
void *port_allocate(size_t size) { return malloc(size); }
void port_free(void *memory) { free(memory); }
uintptr_t port_thread(void) { return 1; }
void port_yield(void) {}
void port_log(const char *line) { raw_port_log(line); }

struct port_mutex {
  int is_locked;
};

port_mutex *port_mutex_create(void) { return calloc(1, sizeof(port_mutex)); }
void port_mutex_destroy(port_mutex *mutex) { free(mutex); }

void port_mutex_lock(port_mutex *mutex) {
  if (mutex->is_locked) {
    raw_port_log("a mutex is locked twice");
    abort();
  }
  mutex->is_locked = 1;
}

void port_mutex_unlock(port_mutex *mutex) { mutex->is_locked = 0; }

// Names are for the resolver of the application (`swift_peer_cfg_t`): lwIP's own needs more than a device of this size has.
int port_resolve(const char *name, uint8_t family, port_address *address) {
  (void)name;
  (void)family;
  (void)address;
  return PORT_FAILED;
}
