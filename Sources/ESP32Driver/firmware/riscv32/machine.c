// QEMU's riscv32 `virt`: an UART, a clock of 10 MHz, the host's files by semihosting.
#include "../platform/platform.h"

extern uint8_t stack_top[], stack_limit[];
uint64_t read_cycles(void);
void wait_for_timer(void);
uintptr_t semihost(uintptr_t operation, const uintptr_t *parameters);

enum { SYS_OPEN = 1, SYS_CLOSE = 2, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT_EXTENDED = 0x20 };

void platform_write(const char *text, size_t size) {
  volatile uint8_t *uart = (volatile uint8_t *)0x10000000;
  for (size_t i = 0; i < size; i++) *uart = (uint8_t)text[i];
}

_Noreturn void platform_exit(int code) {
  // ADP_Stopped_ApplicationExit.
  uintptr_t parameters[2] = {0x20026, (uintptr_t)code};
  while (1) semihost(SYS_EXIT_EXTENDED, parameters);
}

uint64_t platform_nanoseconds(void) { return read_cycles() * 100; }

// The timer's interrupt wakes the hart and is not taken, for interrupts are off.
void platform_idle(uint64_t nanoseconds) {
  enum { LONGEST = 1000000 };
  uint64_t until = read_cycles() + (nanoseconds < LONGEST ? nanoseconds : LONGEST) / 100;
  volatile uint32_t *compare = (volatile uint32_t *)0x02004000;
  compare[1] = UINT32_MAX;
  compare[0] = (uint32_t)until;
  compare[1] = (uint32_t)(until >> 32);
  wait_for_timer();
}

uint8_t *platform_stack_top(void) { return stack_top; }
uint8_t *platform_stack_limit(void) { return stack_limit; }

static int open_file(const char *path, int mode) {
  size_t size = 0;
  while (path[size] != 0) size++;
  uintptr_t parameters[3] = {(uintptr_t)path, (uintptr_t)mode, size};
  return (int)semihost(SYS_OPEN, parameters);
}

static void close_file(int file) {
  uintptr_t parameters[1] = {(uintptr_t)file};
  semihost(SYS_CLOSE, parameters);
}

int platform_read_file(const char *path, uint8_t *bytes, size_t size) {
  int file = open_file(path, 1);  // "rb"
  if (file < 0) return -1;
  uintptr_t parameters[3] = {(uintptr_t)file, (uintptr_t)bytes, size};
  size_t missing = semihost(SYS_READ, parameters);
  close_file(file);
  return (int)(size - missing);
}

int platform_write_file(const char *path, const uint8_t *bytes, size_t size) {
  int file = open_file(path, 5);  // "wb"
  if (file < 0) return -1;
  uintptr_t parameters[3] = {(uintptr_t)file, (uintptr_t)bytes, size};
  size_t missing = semihost(SYS_WRITE, parameters);
  close_file(file);
  return missing == 0 ? 0 : -1;
}

int platform_random(uint8_t *bytes, size_t size) {
  return platform_read_file("/dev/urandom", bytes, size) == (int)size ? 0 : -1;
}

static void say_hexadecimal(const char *text, uint32_t number) {
  char digits[9];
  for (int i = 0; i < 8; i++) digits[i] = "0123456789abcdef"[number >> (28 - 4 * i) & 15];
  digits[8] = 0;
  say(text);
  say(digits);
}

_Noreturn void trapped(uint32_t cause, uint32_t address, uint32_t value) {
  say_hexadecimal("trap ", cause);
  say_hexadecimal(" at ", address);
  say_hexadecimal(" value ", value);
  say("\n");
  platform_exit(64 + (int)(cause & 31));
}
