// How deep the stack went: what lies below it is filled with a pattern, and later searched for its end.
#include "platform.h"

static const uint8_t pattern = 0xa5;
enum { OWN_FRAME = 256 };
static uint8_t *painted_from;

// Not inlined, so that its frame is below that of the caller, whose depth counts as none.
__attribute__((noinline)) void stack_paint(void) {
  // The frame of this function itself stays as it is.
  painted_from = (uint8_t *)__builtin_frame_address(0) - OWN_FRAME;
  for (volatile uint8_t *byte = platform_stack_limit(); byte < painted_from; byte++) *byte = pattern;
}

uint32_t stack_peak(void) {
  const uint8_t *byte = platform_stack_limit();
  while (byte < painted_from && *byte == pattern) byte++;
  return (uint32_t)(painted_from + OWN_FRAME - byte);
}
