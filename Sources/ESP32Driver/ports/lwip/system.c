// The driver's clock, memory and mutexes from lwIP's `sys_*` layer, which is FreeRTOS on a chip and pthreads in a process.
#include <lwip/sys.h>
#include <stdlib.h>

#include "lwip_port.h"
#include "swift_peer_port.h"

// sys_now() counts milliseconds in 32 bits and comes round after 49 days.
uint64_t port_now(void) {
  static uint32_t last, rounds;
  SYS_ARCH_DECL_PROTECT(level);
  SYS_ARCH_PROTECT(level);
  uint32_t now = sys_now();
  // Only a leap over half the range is a new round: two tasks may have read the clock in one order and come here in the other.
  if (now < last && last - now > UINT32_MAX / 2) rounds++;
  if (now > last || last - now > UINT32_MAX / 2) last = now;
  uint64_t milliseconds = (uint64_t)rounds << 32 | last;
  SYS_ARCH_UNPROTECT(level);
  return milliseconds * 1000000;
}

int port_random(uint8_t *bytes, size_t count) { return lwip_port_random(bytes, count) == 0 ? PORT_OK : PORT_FAILED; }
void *port_allocate(size_t size) { return malloc(size); }
void port_free(void *memory) { free(memory); }
uintptr_t port_thread(void) { return lwip_port_thread(); }
void port_yield(void) { sys_msleep(1); }
void port_log(const char *line) { lwip_port_log(line); }

struct port_mutex {
  sys_mutex_t mutex;
};

port_mutex *port_mutex_create(void) {
  port_mutex *mutex = calloc(1, sizeof *mutex);
  if (mutex == NULL) return NULL;
  if (sys_mutex_new(&mutex->mutex) == ERR_OK) return mutex;
  free(mutex);
  return NULL;
}

void port_mutex_destroy(port_mutex *mutex) {
  if (mutex == NULL) return;
  sys_mutex_free(&mutex->mutex);
  free(mutex);
}

void port_mutex_lock(port_mutex *mutex) { sys_mutex_lock(&mutex->mutex); }
void port_mutex_unlock(port_mutex *mutex) { sys_mutex_unlock(&mutex->mutex); }
