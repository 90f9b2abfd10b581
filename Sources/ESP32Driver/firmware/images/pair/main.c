// The engine alone: two peers on one chip that hand each other their datagrams through memory. The first session shows what
// remains in use for good; the later ones must leave the heap as they found it, to the byte.
#include "../../platform/platform.h"

int pair_run(int with_audio);

enum { LEAK = 8, EXIT_FAULT = 1 };

static uint32_t milliseconds(void) { return (uint32_t)(platform_nanoseconds() / 1000000); }

static int session(const char *title, int with_audio, int is_first) {
  uint32_t before = heap_used_by_all(), started = milliseconds();
  say(title);
  heap_reset_peaks();
  stack_paint();
  int faults = pair_run(with_audio);
  say_number("  real milliseconds: ", milliseconds() - started);
  say_number("  heap peak of the offerer: ", heap_peak(1));
  say_number("  heap peak of the answerer: ", heap_peak(2));
  say_number("  heap peak of all: ", heap_peak_of_all());
  say_number("  stack peak: ", stack_peak());
  say_number("  heap in use afterwards: ", heap_used_by_all());
  if (!is_first && heap_used_by_all() != before) faults |= LEAK;
  if (faults != 0) say_number("  FAULTS: ", (uint32_t)faults);
  return faults;
}

int image_main(void) {
  int faults = session("first session\n", WITH_AUDIO, 1);
  if (WITH_AUDIO) faults |= session("session with data and audio\n", 1, 0);
  faults |= session("session with data alone\n", 0, 0);
  say(faults == 0 ? "verdict: good\n" : "verdict: BAD\n");
  return faults == 0 ? 0 : EXIT_FAULT;
}
