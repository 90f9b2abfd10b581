// C's heap, counted: what this process, mbedTLS and libsrtp2 have of it.
#pragma once
#include <stddef.h>

// Bytes in use, as the allocator counts them.
size_t heap_used(void);

// The `count`-th allocation from now on is refused, once; 0: none is.
void heap_refuse(long count);
int heap_was_refused(void);

// The clock of the driver's port, and its randomness: the same in each session, so that the allocations are.
void heap_pass_time(int milliseconds);
void heap_begin_session(void);
