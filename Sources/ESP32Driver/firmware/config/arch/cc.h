// lwIP's view of the compiler and of the machine.
#pragma once
#include <stdint.h>

void say(const char *text);
_Noreturn void platform_exit(int code);
uint32_t network_random(void);

#define BYTE_ORDER LITTLE_ENDIAN
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_INTTYPES_H 1
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) \
  do {                                \
    say("lwIP: " message "\n");       \
    platform_exit(71);                \
  } while (0)
#define LWIP_RAND() network_random()
