// Comes before every header of mbedTLS, and says which of its interfaces is used.
#pragma once
#if !defined(__linux__) && !defined(MBEDTLS_CONFIG_FILE)
// A bare target that is compiled against the host's headers, whose configuration asks for POSIX threads. A firmware build
// brings its own configuration.
#include <mbedtls/config.h>
#undef MBEDTLS_THREADING_C
#undef MBEDTLS_THREADING_PTHREAD
#endif
// mbedTLS hides struct members from its third version on, and gives no other way to a point's coordinates and a group's order that
// works in both.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <mbedtls/version.h>

// The classic interface keeps contexts without slots or locks, and is gone from the fourth version. PSA's serves there.
#ifndef CRYPTO_PSA
#define CRYPTO_PSA (MBEDTLS_VERSION_NUMBER >= 0x04000000)
#endif
