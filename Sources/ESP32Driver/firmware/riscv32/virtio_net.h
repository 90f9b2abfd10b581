// Ethernet of QEMU's `virt`, asked and not interrupted.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { FRAME_SIZE = 1514 };

// 0 and the address: there is such a device, and it works now.
int virtio_net_start(uint8_t *address);
// The length of a frame of at most FRAME_SIZE bytes that has come; 0: none.
size_t virtio_net_receive(uint8_t *frame);
// 0: taken.
int virtio_net_send(const uint8_t *frame, size_t size);
