// What the driver's port to lwIP's sockets asks of the operating system beside lwIP's own `sys_*` layer.
#ifndef LWIP_PORT_H
#define LWIP_PORT_H

#include <stddef.h>
#include <stdint.h>

// Fit for keys. 0: done.
int lwip_port_random(uint8_t *bytes, size_t count);
// Tells tasks that live at the same time apart.
uintptr_t lwip_port_thread(void);
// One line, without its end.
void lwip_port_log(const char *line);

#endif
