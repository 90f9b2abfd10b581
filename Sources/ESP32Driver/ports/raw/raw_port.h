// What the driver's port to lwIP's raw API (NO_SYS 1) asks of the firmware: there is one task, and no operating system.
#ifndef RAW_PORT_H
#define RAW_PORT_H

#include <stddef.h>
#include <stdint.h>

// Nanoseconds since any moment; never goes back.
uint64_t raw_port_clock(void);
// 0: done.
int raw_port_random(uint8_t *bytes, size_t count);
// Gives lwIP the frames that have come, and runs its timers.
void raw_port_poll(void);
// Nothing is to be done for so long, unless a frame comes; may return at any time.
void raw_port_idle(uint64_t nanoseconds);
void raw_port_log(const char *line);

#endif
