// X25519 (RFC 7748 section 5) for machines that multiply 64 by 64 bits: about eight times as fast as mbedTLS's general
// arithmetic, without allocations. Not part of the border to Swift.
#pragma once
#include <stdint.h>

#if defined(__SIZEOF_INT128__)
// Constant in time. `scalar` is clamped here.
void x25519(uint8_t output[32], const uint8_t scalar[32], const uint8_t point[32]);
#endif
