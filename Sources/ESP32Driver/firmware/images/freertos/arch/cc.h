// lwIP's view of the compiler and of the C library.
#pragma once
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

void freertos_failed(const char *file, int line);
uint32_t freertos_random(void);

#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) freertos_failed(__FILE__, __LINE__)
#define LWIP_RAND() freertos_random()
