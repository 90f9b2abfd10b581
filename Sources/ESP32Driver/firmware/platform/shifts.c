// Shifts of 64 bits, which compilers of 32-bit chips call; GCC's own library has none of them for RISC-V.
#include <stdint.h>

typedef union {
  uint64_t whole;
  struct {
    uint32_t low, high;
  };
} halves;

uint64_t __ashldi3(uint64_t value, int count);
uint64_t __lshrdi3(uint64_t value, int count);
int64_t __ashrdi3(int64_t value, int count);

uint64_t __ashldi3(uint64_t value, int count) {
  halves in = {value}, out = in;
  if (count >= 32) {
    out.high = in.low << (count - 32);
    out.low = 0;
  } else if (count > 0) {
    out.high = in.high << count | in.low >> (32 - count);
    out.low = in.low << count;
  }
  return out.whole;
}

uint64_t __lshrdi3(uint64_t value, int count) {
  halves in = {value}, out = in;
  if (count >= 32) {
    out.low = in.high >> (count - 32);
    out.high = 0;
  } else if (count > 0) {
    out.low = in.low >> count | in.high << (32 - count);
    out.high = in.high >> count;
  }
  return out.whole;
}

int64_t __ashrdi3(int64_t value, int count) {
  halves in = {(uint64_t)value}, out = in;
  int32_t high = (int32_t)in.high;
  if (count >= 32) {
    out.low = (uint32_t)(high >> (count - 32));
    out.high = (uint32_t)(high >> 31);
  } else if (count > 0) {
    out.low = in.low >> count | in.high << (32 - count);
    out.high = (uint32_t)(high >> count);
  }
  return (int64_t)out.whole;
}
