#include "arena.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#if defined(SWIFT_PEER_SINGLE_TASK)
#define LOCK(flag)
#define UNLOCK(flag)
#else
#include <stdatomic.h>

#include "swift_peer_port.h"
// Held for a few instructions. A thread that gives back what another one has allocated need not hold the peer's mutex.
static atomic_flag registry = ATOMIC_FLAG_INIT;
#define LOCK(flag) while (atomic_flag_test_and_set_explicit(&(flag), memory_order_acquire)) port_yield()
#define UNLOCK(flag) atomic_flag_clear_explicit(&(flag), memory_order_release)
#endif

// A block begins with a header of one word: its size, header included, a multiple of GRAIN, and two flags. What is handed out
// begins behind it and reaches to the next block's header. While a block is free the words behind the header link it into its
// list, and its last word says its size again, so that the block behind it finds its beginning.
typedef struct block {
  size_t header;
  struct block *next, *previous;
} block;

enum {
  WORD = sizeof(size_t),
  GRAIN = 2 * WORD,
  SMALLEST = 4 * WORD,
  IN_USE = 1,
  PREVIOUS_IN_USE = 2,
  FLAGS = IN_USE | PREVIOUS_IN_USE,
  // Lists: one for each size of the smallest, then 4 for each power of two.
  LINEAR = 8,
  STEPS = 4,
  // Up to 128 kB on 32 bits and 128 MB on 64; what is larger shares the last list.
  POWERS = WORD == 4 ? 11 : 20,
  LISTS = LINEAR + STEPS * POWERS,
  // How many blocks of the list that a size belongs to are looked at for one that is large enough.
  LOOKS = 8,
};

_Static_assert(sizeof(block) <= SMALLEST, "a free block holds its links");

struct arena {
#if !defined(SWIFT_PEER_SINGLE_TASK)
  atomic_flag lock;
#endif
  struct arena *next_arena;
  uint8_t *first, *end;
  size_t used, peak, blocks;
  uint32_t refusals, refuse_in;
  uint32_t filled[(LISTS + 31) / 32];
  block *lists[LISTS];
};

static arena *arenas;
static PER_THREAD arena *current;

// The list for free blocks of `size` bytes.
static unsigned list_of(size_t size) {
  size_t grains = size / GRAIN;
  if (grains < LINEAR) return (unsigned)grains;
  unsigned power = 0;
  while (grains >> power >= 2 * LINEAR) power++;
  // `grains >> power` is 8...15 now: the two bits behind the highest tell the step.
  unsigned step = (unsigned)(grains >> (power + 1)) & (STEPS - 1);
  unsigned list = LINEAR + power * STEPS + step;
  return list < LISTS ? list : LISTS - 1;
}

static size_t size_of(const block *b) { return b->header & ~(size_t)FLAGS; }
static block *at(const void *b, size_t offset) { return (block *)((uintptr_t)b + offset); }
static size_t *footer(block *b) { return (size_t *)((uintptr_t)b + size_of(b) - WORD); }

static void link_block(arena *a, block *b) {
  unsigned list = list_of(size_of(b));
  b->previous = NULL;
  b->next = a->lists[list];
  if (b->next != NULL) b->next->previous = b;
  a->lists[list] = b;
  a->filled[list / 32] |= UINT32_C(1) << (list % 32);
  *footer(b) = size_of(b);
}

static void unlink_block(arena *a, block *b) {
  unsigned list = list_of(size_of(b));
  if (b->previous != NULL) {
    b->previous->next = b->next;
  } else {
    a->lists[list] = b->next;
    if (b->next == NULL) a->filled[list / 32] &= ~(UINT32_C(1) << (list % 32));
  }
  if (b->next != NULL) b->next->previous = b->previous;
}

// The first list from `list` on that has a block; LISTS: there is none.
static unsigned filled_list(const arena *a, unsigned list) {
  while (list < LISTS) {
    uint32_t word = a->filled[list / 32] >> (list % 32);
    if (word != 0) return list + (unsigned)__builtin_ctz(word);
    list = (list / 32 + 1) * 32;
  }
  return LISTS;
}

// A free block of `size` bytes or more.
static block *find(const arena *a, size_t size) {
  unsigned list = list_of(size);
  int looks = LOOKS;
  for (block *b = a->lists[list]; b != NULL && (looks > 0 || list == LISTS - 1); b = b->next, looks--) {
    if (size_of(b) >= size) return b;
  }
  list = filled_list(a, list + 1);
  return list < LISTS ? a->lists[list] : NULL;
}

size_t arena_overhead(void) { return sizeof(arena) + 2 * GRAIN; }

arena *arena_create(void *memory, size_t size) {
  uintptr_t start = ((uintptr_t)memory + _Alignof(arena) - 1) & ~(uintptr_t)(_Alignof(arena) - 1);
  // Blocks' headers stand one word before a multiple of GRAIN.
  uintptr_t first = ((start + sizeof(arena) + WORD + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1)) - WORD;
  uintptr_t end = (uintptr_t)memory + size;
  if (memory == NULL || end < (uintptr_t)memory || end < first + SMALLEST + WORD) return NULL;
  size_t room = (end - first - WORD) & ~(size_t)(GRAIN - 1);
  if (room < SMALLEST) return NULL;
  arena *a = (arena *)start;
  memset(a, 0, sizeof *a);
  a->first = (uint8_t *)first;
  a->end = (uint8_t *)first + room;
  block *whole = (block *)first;
  whole->header = room | PREVIOUS_IN_USE;
  // Behind all: a header that is never free.
  *(size_t *)(first + room) = IN_USE;
  link_block(a, whole);
  LOCK(registry);
  a->next_arena = arenas;
  arenas = a;
  UNLOCK(registry);
  return a;
}

void arena_destroy(arena *a) {
  if (a == NULL) return;
  LOCK(registry);
  arena **link = &arenas;
  while (*link != NULL && *link != a) link = &(*link)->next_arena;
  if (*link != NULL) *link = a->next_arena;
  UNLOCK(registry);
  if (current == a) current = NULL;
}

// Makes a block of `b` of `size` bytes, and a free one of what is left behind it.
static void trim(arena *a, block *b, size_t size) {
  size_t rest = size_of(b) - size;
  if (rest < SMALLEST) return;
  b->header = size | (b->header & FLAGS);
  block *left = at(b, size);
  left->header = rest | PREVIOUS_IN_USE;
  at(left, rest)->header &= ~(size_t)PREVIOUS_IN_USE;
  link_block(a, left);
}

static void *allocate(arena *a, size_t alignment, size_t size) {
  if (a->refuse_in > 0 && --a->refuse_in == 0) {
    a->refusals++;
    return NULL;
  }
  size_t need = (size + WORD + GRAIN - 1) & ~(size_t)(GRAIN - 1);
  if (need < SMALLEST) need = SMALLEST;
  // Where a wider alignment asks for a place within the block, what is before it has to be a block of its own.
  size_t slack = alignment > GRAIN ? alignment + SMALLEST : 0;
  block *b = NULL;
  if (need >= size && need + slack >= need && (alignment & (alignment - 1)) == 0) b = find(a, need + slack);
  if (b == NULL) {
    a->refusals++;
    return NULL;
  }
  unlink_block(a, b);
  if (slack > 0) {
    uintptr_t payload = (uintptr_t)b + WORD;
    uintptr_t wanted = (payload + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (wanted != payload && wanted - payload < SMALLEST) wanted += alignment;
    if (wanted != payload) {
      size_t before = wanted - payload;
      block *aligned = at(b, before);
      aligned->header = size_of(b) - before;
      b->header = before | (b->header & FLAGS);
      link_block(a, b);
      b = aligned;
    }
  }
  trim(a, b, need);
  b->header |= IN_USE;
  at(b, size_of(b))->header |= PREVIOUS_IN_USE;
  a->used += size_of(b);
  a->blocks++;
  if (a->used > a->peak) a->peak = a->used;
  return at(b, WORD);
}

void *arena_allocate(arena *a, size_t alignment, size_t size) {
  LOCK(a->lock);
  void *allocated = allocate(a, alignment, size);
  UNLOCK(a->lock);
  return allocated;
}

static bool owns(const arena *a, const void *pointer) {
  return (const uint8_t *)pointer >= a->first && (const uint8_t *)pointer < a->end;
}

static arena *owner_of(const void *pointer) {
  if (current != NULL && owns(current, pointer)) return current;
  LOCK(registry);
  arena *a = arenas;
  while (a != NULL && !owns(a, pointer)) a = a->next_arena;
  UNLOCK(registry);
  return a;
}

// Whether `b` is a block in use.
static bool is_block(const arena *a, const block *b) {
  return ((uintptr_t)b + WORD) % GRAIN == 0 && (b->header & IN_USE) != 0 && size_of(b) >= SMALLEST &&
         size_of(b) <= (size_t)(a->end - (const uint8_t *)b) && (at(b, size_of(b))->header & PREVIOUS_IN_USE) != 0;
}

static void give_back(arena *a, block *b) {
  a->used -= size_of(b);
  a->blocks--;
  b->header &= ~(size_t)IN_USE;
  block *behind = at(b, size_of(b));
  if ((behind->header & IN_USE) == 0) {
    unlink_block(a, behind);
    b->header += size_of(behind);
  }
  if ((b->header & PREVIOUS_IN_USE) == 0) {
    block *before = at(b, (size_t)-*(size_t *)((uintptr_t)b - WORD));
    unlink_block(a, before);
    before->header += size_of(b);
    b = before;
  }
  at(b, size_of(b))->header &= ~(size_t)PREVIOUS_IN_USE;
  link_block(a, b);
}

void arena_free(void *pointer) {
  if (pointer == NULL) return;
  arena *a = owner_of(pointer);
  block *b = at(pointer, (size_t)-WORD);
  bool is_right = a != NULL;
  if (is_right) {
    LOCK(a->lock);
    is_right = is_block(a, b);
    if (is_right) give_back(a, b);
    UNLOCK(a->lock);
  }
  if (!is_right) arena_abort(pointer);
}

arena *arena_enter(arena *entered) {
  arena *former = current;
  current = entered;
  return former;
}

void arena_leave(arena *former) { current = former; }

int arena_memalign(void **pointer, size_t alignment, size_t size) {
  void *allocated = current != NULL ? arena_allocate(current, alignment, size) : NULL;
  if (allocated != NULL) {
    *pointer = allocated;
    return 0;
  }
  return ENOMEM;
}

size_t arena_used(const arena *a) { return a->used; }
size_t arena_peak(const arena *a) { return a->peak; }
void arena_reset_peak(arena *a) { a->peak = a->used; }
size_t arena_blocks(const arena *a) { return a->blocks; }
uint32_t arena_refusals(const arena *a) { return a->refusals; }
void arena_refuse(arena *a, uint32_t count) { a->refuse_in = count; }

size_t arena_available(const arena *a) {
  unsigned list = LISTS;
  for (unsigned word = sizeof a->filled / sizeof *a->filled; word-- > 0;) {
    if (a->filled[word] != 0) {
      list = word * 32 + 31 - (unsigned)__builtin_clz(a->filled[word]);
      break;
    }
  }
  if (list == LISTS) return 0;
  // Those of one list differ by a quarter at most.
  size_t largest = 0;
  int looks = LOOKS;
  for (const block *b = a->lists[list]; b != NULL && looks > 0; b = b->next, looks--) {
    if (size_of(b) > largest) largest = size_of(b);
  }
  return largest - WORD;
}

int arena_check(const arena *a) {
  size_t used = 0, blocks = 0, free_blocks = 0, listed = 0;
  size_t before = IN_USE;
  const block *b = (const block *)a->first;
  while ((const uint8_t *)b < a->end) {
    size_t size = size_of(b);
    if (size < SMALLEST || size % GRAIN != 0 || size > (size_t)(a->end - (const uint8_t *)b)) return 1;
    if (((b->header & PREVIOUS_IN_USE) != 0) != (before == IN_USE)) return 2;
    if ((b->header & IN_USE) != 0) {
      used += size;
      blocks++;
    } else {
      // Neighbours that are free are one block.
      if (before != IN_USE) return 3;
      if (*footer((block *)(uintptr_t)b) != size) return 4;
      free_blocks++;
    }
    before = b->header & IN_USE;
    b = at(b, size);
  }
  if ((const uint8_t *)b != a->end || (b->header & ~(size_t)PREVIOUS_IN_USE) != IN_USE) return 5;
  if (used != a->used || blocks != a->blocks) return 6;
  for (unsigned list = 0; list < LISTS; list++) {
    if ((a->lists[list] != NULL) != ((a->filled[list / 32] >> (list % 32) & 1) != 0)) return 7;
    const block *previous = NULL;
    for (b = a->lists[list]; b != NULL; previous = b, b = b->next) {
      if ((b->header & IN_USE) != 0 || b->previous != previous || list_of(size_of(b)) != list) return 8;
      listed++;
    }
  }
  return listed == free_blocks ? 0 : 9;
}

__attribute__((weak)) void arena_abort(const void *block) {
  (void)block;
  __builtin_trap();
}
