// lwIP in an image.
#pragma once
#include <stdint.h>

// lwIP with its loopback interface.
void network_start(void);
// What takes the frames of an interface besides.
void network_set_interface(void (*poll)(void));
// Passes on what lwIP has looped back, and runs its timers.
void network_poll(void);
// Bytes of lwIP's own pools: none of it is a peer's.
uint32_t network_pools(void);
