// What Swift does where it is refused memory or an index is out of bounds: the machine must end with a code, and not hang. On riscv32
// that is an illegal instruction; Xtensa's compiler calls `abort`, and this is for what goes wrong besides.
#include "../../platform/platform.h"

int image_main(void) {
  say("an illegal instruction\n");
#if defined(__riscv)
  __asm__ volatile("unimp");
#else
  __asm__ volatile(".byte 0, 0, 0");
#endif
  return 0;
}
