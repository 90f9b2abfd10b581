#include "heap.h"

#include <malloc.h>
#include <stdint.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void __real_free(void *pointer);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void __wrap_free(void *pointer);
uint64_t __wrap_port_now(void);

static size_t used;
static long refuse_in;
static int was_refused;

size_t heap_used(void) { return used; }

void heap_refuse(long count) {
  refuse_in = count;
  was_refused = 0;
}

int heap_was_refused(void) { return was_refused; }

static int refuses(void) {
  if (refuse_in == 0 || --refuse_in > 0) return 0;
  was_refused = 1;
  return 1;
}

static void *count(void *pointer) {
  if (pointer != NULL) used += malloc_usable_size(pointer);
  return pointer;
}

void *__wrap_malloc(size_t size) { return refuses() ? NULL : count(__real_malloc(size)); }
void *__wrap_calloc(size_t number, size_t size) { return refuses() ? NULL : count(__real_calloc(number, size)); }

void *__wrap_realloc(void *pointer, size_t size) {
  if (refuses()) return NULL;
  used -= malloc_usable_size(pointer);
  return count(__real_realloc(pointer, size));
}

void __wrap_free(void *pointer) {
  if (pointer != NULL) used -= malloc_usable_size(pointer);
  __real_free(pointer);
}

static uint64_t now = 1000000000;

uint64_t __wrap_port_now(void) { return now; }
void heap_pass_time(int milliseconds) { now += (uint64_t)milliseconds * 1000000; }
