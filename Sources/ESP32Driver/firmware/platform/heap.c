// A heap that counts: first fit over a list of free blocks in the order of their addresses. Swift's allocations come through
// posix_memalign, those of mbedTLS and libsrtp2 through calloc.
#include <stdlib.h>
#include <string.h>

#include "platform.h"

enum { HEAP_SIZE = 1 << 20, UNIT = 16, COUNTED_OVERHEAD = 8, MARK = 0x4b1d };

// Before each block; as large as the alignment that Swift asks for.
typedef struct block {
  uint32_t size;  // with this header
  uint32_t asked;
  struct block *next;  // where free
  uint16_t owner;
  uint16_t mark;
} block;

_Static_assert(sizeof(block) == UNIT, "the header is a unit");

static uint8_t memory[HEAP_SIZE] __attribute__((aligned(UNIT)));
static block *free_list;
static int is_ready;
static int current;
static uint32_t used[HEAP_OWNERS], peak[HEAP_OWNERS], blocks[HEAP_OWNERS];
static uint32_t total, total_peak;

void heap_set_owner(int owner) { current = owner; }
int heap_owner(void) { return current; }
uint32_t heap_used(int owner) { return used[owner]; }
uint32_t heap_peak(int owner) { return peak[owner]; }
uint32_t heap_blocks(int owner) { return blocks[owner]; }
uint32_t heap_used_by_all(void) { return total; }
uint32_t heap_peak_of_all(void) { return total_peak; }

void heap_reset_peaks(void) {
  for (int owner = 0; owner < HEAP_OWNERS; owner++) peak[owner] = used[owner];
  total_peak = total;
}

static void prepare(void) {
  is_ready = 1;
  free_list = (block *)memory;
  free_list->size = HEAP_SIZE;
  free_list->next = NULL;
}

void *malloc(size_t size) {
  if (!is_ready) prepare();
  if (size > HEAP_SIZE / 2) return NULL;
  uint32_t need = UNIT + (((uint32_t)size + UNIT - 1) & ~(uint32_t)(UNIT - 1));
  block **link = &free_list;
  while (*link != NULL && (*link)->size < need) link = &(*link)->next;
  block *found = *link;
  if (found == NULL) return NULL;
  if (found->size - need >= 2 * UNIT) {
    block *rest = (block *)((uint8_t *)found + need);
    rest->size = found->size - need;
    rest->next = found->next;
    found->size = need;
    *link = rest;
  } else {
    *link = found->next;
  }
  found->asked = (uint32_t)size;
  found->owner = (uint16_t)current;
  found->mark = MARK;
  uint32_t counted = (uint32_t)size + COUNTED_OVERHEAD;
  used[current] += counted;
  blocks[current]++;
  total += counted;
  if (used[current] > peak[current]) peak[current] = used[current];
  if (total > total_peak) total_peak = total;
  return found + 1;
}

void free(void *pointer) {
  if (pointer == NULL) return;
  block *freed = (block *)pointer - 1;
  // Freed twice, or something was written before it.
  if (freed->mark != MARK) {
    say("heap: not a block in use\n");
    platform_exit(70);
  }
  freed->mark = 0;
  used[freed->owner] -= freed->asked + COUNTED_OVERHEAD;
  blocks[freed->owner]--;
  total -= freed->asked + COUNTED_OVERHEAD;
  block **link = &free_list;
  block *before = NULL;
  while (*link != NULL && *link < freed) {
    before = *link;
    link = &before->next;
  }
  freed->next = *link;
  *link = freed;
  if ((uint8_t *)freed + freed->size == (uint8_t *)freed->next) {
    freed->size += freed->next->size;
    freed->next = freed->next->next;
  }
  if (before != NULL && (uint8_t *)before + before->size == (uint8_t *)freed) {
    before->size += freed->size;
    before->next = freed->next;
  }
}

void *calloc(size_t count, size_t size) {
  if (size != 0 && count > HEAP_SIZE / size) return NULL;
  void *pointer = malloc(count * size);
  if (pointer != NULL) memset(pointer, 0, count * size);
  return pointer;
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
  if (alignment > UNIT) return 22;  // EINVAL; nothing of ours asks for it
  *pointer = malloc(size);
  return *pointer != NULL ? 0 : 12;  // ENOMEM
}
