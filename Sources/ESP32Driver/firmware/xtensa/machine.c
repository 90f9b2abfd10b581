// QEMU's Xtensa `sim` machine: everything by its simulator calls.
#include "../platform/platform.h"

extern uint8_t stack_top[], stack_limit[], bss_start[], bss_end[];
int simulator(int operation, uintptr_t first, uintptr_t second, uintptr_t third);
uint32_t read_cycles(void);
int machine_main(void);

enum { SIM_EXIT = 1, SIM_READ = 3, SIM_WRITE = 4, SIM_OPEN = 5, SIM_CLOSE = 6 };
// Of the core de233_fpu in QEMU.
enum { NANOSECONDS_PER_CYCLE = 25 };

void platform_write(const char *text, size_t size) { simulator(SIM_WRITE, 1, (uintptr_t)text, size); }

_Noreturn void platform_exit(int code) {
  while (1) simulator(SIM_EXIT, (uintptr_t)code, 0, 0);
}

// The counter has 32 bits and comes round in less than two minutes; whoever waits asks much more often.
uint64_t platform_nanoseconds(void) {
  static uint32_t last, rounds;
  uint32_t now = read_cycles();
  if (now < last) rounds++;
  last = now;
  return ((uint64_t)rounds << 32 | now) * NANOSECONDS_PER_CYCLE;
}

void platform_idle(uint64_t nanoseconds) { (void)nanoseconds; }

uint8_t *platform_stack_top(void) { return stack_top; }
uint8_t *platform_stack_limit(void) { return stack_limit; }

int platform_read_file(const char *path, uint8_t *bytes, size_t size) {
  int file = simulator(SIM_OPEN, (uintptr_t)path, 0, 0);
  if (file < 0) return -1;
  int result = simulator(SIM_READ, (uintptr_t)file, (uintptr_t)bytes, size);
  simulator(SIM_CLOSE, (uintptr_t)file, 0, 0);
  return result;
}

int platform_write_file(const char *path, const uint8_t *bytes, size_t size) {
  enum { O_WRONLY = 1, O_CREAT = 0x40, O_TRUNC = 0x200 };
  int file = simulator(SIM_OPEN, (uintptr_t)path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return -1;
  int result = simulator(SIM_WRITE, (uintptr_t)file, (uintptr_t)bytes, size);
  simulator(SIM_CLOSE, (uintptr_t)file, 0, 0);
  return result == (int)size ? 0 : -1;
}

int platform_random(uint8_t *bytes, size_t size) {
  return platform_read_file("/dev/urandom", bytes, size) == (int)size ? 0 : -1;
}

int machine_main(void) {
  for (uint8_t *byte = bss_start; byte < bss_end; byte++) *byte = 0;
  return image_main();
}
