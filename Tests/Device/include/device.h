// Where the pair of peers on a device (Pair.swift) and the C code around it meet.
#pragma once
#include <stdint.h>

// Runs two peers on one chip until both have talked and closed: 0, or the step that failed. `seed` makes runs differ.
int32_t device_pair(uint8_t seed);

// The places where memory is looked at.
enum device_moment { DEVICE_OPENED, DEVICE_NEGOTIATED, DEVICE_CONNECTED, DEVICE_TALKED, DEVICE_CLOSED };

// Called from the pair: what follows belongs to `owner` (0, 1: a peer; -1: both).
void device_enter(int32_t owner);
void device_moment(int32_t moment);
