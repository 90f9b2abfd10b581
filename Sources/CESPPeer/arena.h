// Between arena.c and arena_run.c.
#pragma once
#include "swift_peer_arena.h"

// A chip with one task for the engine has one place that is worked in; elsewhere each thread has its own.
#if defined(SWIFT_PEER_SINGLE_TASK)
#define PER_THREAD
#else
#define PER_THREAD _Thread_local
#endif

// What `arena_memalign` calls before it refuses, where there is something.
typedef void (*arena_refused_t)(arena *arena);
extern PER_THREAD arena_refused_t arena_refused;
