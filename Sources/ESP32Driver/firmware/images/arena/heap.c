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
int __wrap_port_random(uint8_t *bytes, size_t size);

int __real_srtp_create(void *session, const void *policy);
int __wrap_srtp_create(void *session, const void *policy);

static size_t used;
static long refuse_in;
static int was_refused, is_spared;

size_t heap_used(void) { return used; }

void heap_refuse(long count) {
  refuse_in = count;
  was_refused = 0;
}

int heap_was_refused(void) { return was_refused; }

static int refuses(void) {
  if (is_spared || refuse_in == 0 || --refuse_in > 0) return 0;
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

// libsrtp2 2.5.0 does not take every refusal well: without its list of streams `srtp_create` reads through NULL, and a key derivation
// that cannot begin leaves its cipher behind. All or nothing there.
int __wrap_srtp_create(void *session, const void *policy) {
  if (refuse_in == 1) {
    refuse_in = 0;
    was_refused = 1;
    return 3;  // srtp_err_status_alloc_fail
  }
  is_spared = 1;
  int status = __real_srtp_create(session, policy);
  is_spared = 0;
  return status;
}

static uint64_t now = 1000000000;

uint64_t __wrap_port_now(void) { return now; }
void heap_pass_time(int milliseconds) { now += (uint64_t)milliseconds * 1000000; }

static uint64_t state;

void heap_begin_session(void) { state = 1; }

int __wrap_port_random(uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(state >> 56);
  }
  return 0;
}
