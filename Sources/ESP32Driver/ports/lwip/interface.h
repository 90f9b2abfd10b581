// What the files of this port share.
#ifndef LWIP_PORT_INTERFACE_H
#define LWIP_PORT_INTERFACE_H

#include <lwip/ip_addr.h>

#include "swift_peer_port.h"

void lwip_port_read_address(const ip_addr_t *address, port_address *result);

#endif
