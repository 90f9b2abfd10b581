// What Swift does where it is refused memory or an index is out of bounds: the machine must end with a code, and not hang.
#include "../../platform/platform.h"

int image_main(void) {
  say("a trap\n");
  __builtin_trap();
}
