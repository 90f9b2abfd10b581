// Counts what the process takes from the heap, by standing in front of the C library's allocator. Linked into the tool
// alone, for `peer bench`.
#pragma once
#include <stdint.h>

// From here on allocations are counted; off at first, when it costs one comparison a call.
void callocations_count(int on);
// Calls that asked for memory, all threads together.
uint64_t callocations_total(void);
// Bytes handed out and not given back, of those counted.
int64_t callocations_live_bytes(void);
