// Between the arena and what works in one.
#pragma once
#include "swift_peer_arena.h"

// A chip with one task for the engine has one place that is worked in; elsewhere each thread has its own.
#if defined(SWIFT_PEER_SINGLE_TASK)
#define PER_THREAD
#else
#define PER_THREAD _Thread_local
#endif
