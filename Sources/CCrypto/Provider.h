// Comes before every header of mbedTLS.
#pragma once
#if !defined(__linux__) && !defined(MBEDTLS_CONFIG_FILE)
// A bare target that is compiled against the host's headers, whose configuration asks for POSIX threads. A firmware build
// brings its own configuration.
#include <mbedtls/config.h>
#undef MBEDTLS_THREADING_C
#undef MBEDTLS_THREADING_PTHREAD
#endif
