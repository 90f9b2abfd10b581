#include "network.h"

#include <lwip/init.h>
#include <lwip/memp.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>

#include "../../ports/raw/raw_port.h"
#include "../platform/platform.h"

uint32_t sys_now(void) { return (uint32_t)(platform_nanoseconds() / 1000000); }

uint32_t network_random(void) {
  uint32_t word;
  if (platform_random((uint8_t *)&word, sizeof word) != 0) platform_exit(72);
  return word;
}

void network_start(void) { lwip_init(); }

static void (*interface_poll)(void);
void network_set_interface(void (*poll)(void)) { interface_poll = poll; }

void network_poll(void) {
  if (interface_poll != NULL) interface_poll();
  netif_poll_all();
  sys_check_timeouts();
}

uint32_t network_pools(void) {
  uint32_t size = MEM_SIZE;
  for (int i = 0; i < MEMP_MAX; i++) size += (uint32_t)memp_pools[i]->num * memp_pools[i]->size;
  return size;
}

void raw_port_poll(void) { network_poll(); }
uint64_t raw_port_clock(void) { return platform_nanoseconds(); }
int raw_port_random(uint8_t *bytes, size_t count) { return platform_random(bytes, count); }
void raw_port_idle(uint64_t nanoseconds) { platform_idle(nanoseconds); }

void raw_port_log(const char *line) {
  say(line);
  say("\n");
}
