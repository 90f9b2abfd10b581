// What an image needs of the machine under it, and what it is measured by. Scalars and pointers only: on Xtensa no structure
// crosses between code of two compilers by value.
#pragma once
#include <stddef.h>
#include <stdint.h>

// --- The machine (riscv32/machine.c, xtensa/machine.c) ---

void platform_write(const char *text, size_t size);
// Ends the emulator with this exit code.
_Noreturn void platform_exit(int code);
// Nanoseconds since start, monotonic.
uint64_t platform_nanoseconds(void);
// Sleeps for no longer than this, and for no longer than what a device needs to be asked again.
void platform_idle(uint64_t nanoseconds);
// Random bytes of the emulator's host. 0: done.
int platform_random(uint8_t *bytes, size_t size);
// Files of the emulator's host, by semihosting: how an image without a network stack for it does its signalling.
// The bytes read, at most `size`; negative: there is no such file yet.
int platform_read_file(const char *path, uint8_t *bytes, size_t size);
// 0: written.
int platform_write_file(const char *path, const uint8_t *bytes, size_t size);
// The highest address of the stack, and the lowest that it may grow to.
uint8_t *platform_stack_top(void);
uint8_t *platform_stack_limit(void);

// --- Text (text.c) ---

void say(const char *text);
// `text` and a number, and the end of the line.
void say_number(const char *text, uint32_t number);

// --- Heap (heap.c): one for Swift and C ---

// Whose the blocks are that are claimed next: 0 is the image itself, 1 and 2 are peers.
enum { HEAP_OWNERS = 4 };
void heap_set_owner(int owner);
int heap_owner(void);
// Bytes asked for and not given back, with 8 for each block, as a heap of an operating system for such chips would keep.
uint32_t heap_used(int owner);
uint32_t heap_peak(int owner);
uint32_t heap_blocks(int owner);
uint32_t heap_used_by_all(void);
uint32_t heap_peak_of_all(void);
// Peaks begin anew at what is in use.
void heap_reset_peaks(void);

// --- Stack (stack.c) ---

// Fills what is not in use with a pattern; the peak is counted from where the caller stands.
void stack_paint(void);
uint32_t stack_peak(void);

// --- The image ---

// The exit code of the image: 0 where all went well.
int image_main(void);
