// The few functions of a C library that Swift, mbedTLS, libsrtp2 and lwIP call. Compiled with -fno-builtin, so that none of
// them is made of itself.
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

static int are_aligned(const void *a, const void *b) { return (((uintptr_t)a | (uintptr_t)b) & 3) == 0; }

void *memcpy(void *restrict destination, const void *restrict source, size_t size) {
  uint8_t *to = destination;
  const uint8_t *from = source;
  if (are_aligned(to, from)) {
    for (; size >= 4; size -= 4, to += 4, from += 4) *(uint32_t *)to = *(const uint32_t *)from;
  }
  while (size-- > 0) *to++ = *from++;
  return destination;
}

void *memmove(void *destination, const void *source, size_t size) {
  uint8_t *to = destination;
  const uint8_t *from = source;
  if (to <= from || to >= from + size) return memcpy(destination, source, size);
  while (size-- > 0) to[size] = from[size];
  return destination;
}

void *memset(void *destination, int value, size_t size) {
  uint8_t *to = destination;
  if (((uintptr_t)to & 3) == 0) {
    uint32_t word = (uint8_t)value * 0x01010101u;
    for (; size >= 4; size -= 4, to += 4) *(uint32_t *)to = word;
  }
  while (size-- > 0) *to++ = (uint8_t)value;
  return destination;
}

int memcmp(const void *first, const void *second, size_t size) {
  const uint8_t *a = first, *b = second;
  for (; size > 0; size--, a++, b++) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t size = 0;
  while (text[size] != 0) size++;
  return size;
}

size_t strnlen(const char *text, size_t limit) {
  size_t size = 0;
  while (size < limit && text[size] != 0) size++;
  return size;
}

int strcmp(const char *first, const char *second) {
  while (*first != 0 && *first == *second) first++, second++;
  return (uint8_t)*first - (uint8_t)*second;
}

int strncmp(const char *first, const char *second, size_t limit) {
  for (; limit > 0; limit--, first++, second++) {
    if (*first != *second || *first == 0) return (uint8_t)*first - (uint8_t)*second;
  }
  return 0;
}

char *strncpy(char *destination, const char *source, size_t size) {
  size_t i = 0;
  for (; i < size && source[i] != 0; i++) destination[i] = source[i];
  for (; i < size; i++) destination[i] = 0;
  return destination;
}

_Noreturn void abort(void) {
  say("abort\n");
  platform_exit(134);
}

// Swift seeds its hash tables from here.
void arc4random_buf(void *bytes, size_t size) {
  if (platform_random(bytes, size) != 0) abort();
}

// libsrtp2 tests its ciphers with arbitrary data when it starts. Nothing secret comes from here.
int rand(void) {
  static uint32_t state = 1;
  state = state * 1103515245u + 12345u;
  return (int)(state >> 8);
}

_Noreturn void exit(int code) { platform_exit(code); }
