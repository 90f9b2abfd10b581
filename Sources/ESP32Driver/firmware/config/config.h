// libsrtp2's configuration: mbedTLS below it, no standard output, no operating system.
#pragma once
#define GCM 1
#define MBEDTLS 1
#define CPU_CISC 1
#define HAVE_STDINT_H 1
#define HAVE_STDLIB_H 1
#define HAVE_NETINET_IN_H 1
#define HAVE_UINT8_T 1
#define HAVE_UINT16_T 1
#define HAVE_UINT32_T 1
#define HAVE_UINT64_T 1
#define HAVE_INT32_T 1
#define SIZEOF_UNSIGNED_LONG 4
#define SIZEOF_UNSIGNED_LONG_LONG 8
#define PACKAGE_VERSION "2.5.0"
#define PACKAGE_STRING "libsrtp2 2.5.0"
