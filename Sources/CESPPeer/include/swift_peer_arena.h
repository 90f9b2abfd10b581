// The memory of one peer: a block claimed when the peer is opened, out of which all of its Swift objects are served and into which
// they go back. Whatever a peer does, it can neither use up nor fragment the system's heap.
//
// Allocation and release take a bounded time: free blocks are kept in lists by size, and of a list no more than a few are looked at.
#ifndef SWIFT_PEER_ARENA_H
#define SWIFT_PEER_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "esp_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct arena arena;

// Makes an arena in `size` bytes at `memory`; the arena's own state takes `arena_overhead()` of them. NULL where that is too little.
// From here to `arena_destroy` `arena_free` knows the memory.
arena *arena_create(void *memory, size_t size);

// Forgets the arena, with all that is still allocated in it; its memory is the caller's again.
void arena_destroy(arena *arena);

size_t arena_overhead(void);

// --- In the name of an arena ---

// At least `size` bytes at a multiple of `alignment`, a power of two; NULL where there is no room. 0 bytes are a block like any other.
void *arena_allocate(arena *arena, size_t alignment, size_t size);

// Gives back what `arena_allocate` gave, whatever arena it is of; NULL is allowed. A block that is none, or not in use any more,
// ends the program: see `arena_abort`.
void arena_free(void *block);

// --- The arena that is worked in: what an allocator without arguments serves from ---

// From now on this thread works in `entered`; NULL: in none. Returns where it worked before, for `arena_leave`.
arena *arena_enter(arena *entered);
void arena_leave(arena *former);

// posix_memalign as Embedded Swift calls it: 0, or ENOMEM where the thread works in no arena or its arena has no room. Swift traps on
// ENOMEM, so a driver looks at `arena_available` before it begins a piece of work.
int arena_memalign(void **block, size_t alignment, size_t size);

// --- Numbers, in bytes, the few that each block costs included ---

size_t arena_used(const arena *arena);
// The most that was ever in use.
size_t arena_peak(const arena *arena);
// Begins anew at what is in use.
void arena_reset_peak(arena *arena);
// How large a block there would certainly be room for, at the alignment of any scalar.
size_t arena_available(const arena *arena);
// Blocks in use.
size_t arena_blocks(const arena *arena);
// Allocations that found no room.
uint32_t arena_refusals(const arena *arena);

// For tests: the `count`-th allocation from now on in this arena is refused, once; 0: none is.
void arena_refuse(arena *arena, uint32_t count);

// 0 where the lists, the blocks and the numbers agree; for tests, which ask it often. Takes time with the number of blocks.
int arena_check(const arena *arena);

// --- What an application may have functions of its own for ---

// How large the arena of a peer is that `open` is asked for.
size_t swift_peer_arena_size(const esp_peer_cfg_t *cfg);

// A peer is closed and its memory about to be given back: a place to look at its numbers.
void swift_peer_arena_ends(const arena *arena);

// Called where a block is freed that is not in use. Ends the program by a trap unless the application has a function of this name.
void arena_abort(const void *block);

#ifdef __cplusplus
}
#endif

#endif
