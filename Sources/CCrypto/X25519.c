#include "X25519.h"

#if defined(__SIZEOF_INT128__)
#include <string.h>

#include "CCrypto.h"

// A number modulo p = 2^255 - 19 in five limbs of 51 bits. Products and carried values stay below 2^51 + 2^13 a limb, sums
// of two below 2^52.1, differences below 2^52.7, and that is as much as `multiply` takes.
typedef uint64_t field[5];
typedef unsigned __int128 wide;

#define MASK ((1ull << 51) - 1)

static void add(field r, const field a, const field b) {
  for (int i = 0; i < 5; i++) r[i] = a[i] + b[i];
}

// Adds 2p, so that no limb goes below zero.
static void subtract(field r, const field a, const field b) {
  r[0] = a[0] + ((1ull << 52) - 38) - b[0];
  for (int i = 1; i < 5; i++) r[i] = a[i] + ((1ull << 52) - 2) - b[i];
}

static void carry(field r, wide t[5]) {
  t[1] += (uint64_t)(t[0] >> 51);
  t[2] += (uint64_t)(t[1] >> 51);
  t[3] += (uint64_t)(t[2] >> 51);
  t[4] += (uint64_t)(t[3] >> 51);
  uint64_t low = ((uint64_t)t[0] & MASK) + 19 * (uint64_t)(t[4] >> 51);
  r[0] = low & MASK;
  r[1] = ((uint64_t)t[1] & MASK) + (low >> 51);
  r[2] = (uint64_t)t[2] & MASK;
  r[3] = (uint64_t)t[3] & MASK;
  r[4] = (uint64_t)t[4] & MASK;
}

static void multiply(field r, const field a, const field b) {
  uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4];
  uint64_t b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3], b4 = b[4];
  uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;  // what wraps past 2^255 counts 19 times
  wide t[5] = {
    (wide)a0 * b0 + (wide)a1 * c4 + (wide)a2 * c3 + (wide)a3 * c2 + (wide)a4 * c1,
    (wide)a0 * b1 + (wide)a1 * b0 + (wide)a2 * c4 + (wide)a3 * c3 + (wide)a4 * c2,
    (wide)a0 * b2 + (wide)a1 * b1 + (wide)a2 * b0 + (wide)a3 * c4 + (wide)a4 * c3,
    (wide)a0 * b3 + (wide)a1 * b2 + (wide)a2 * b1 + (wide)a3 * b0 + (wide)a4 * c4,
    (wide)a0 * b4 + (wide)a1 * b3 + (wide)a2 * b2 + (wide)a3 * b1 + (wide)a4 * b0,
  };
  carry(r, t);
}

static void square(field r, const field a, int times) {
  uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4];
  while (times-- > 0) {
    uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, c3 = 19 * a3, c4 = 19 * a4;
    wide t[5] = {
      (wide)a0 * a0 + (wide)d1 * c4 + (wide)d2 * c3,
      (wide)d0 * a1 + (wide)d2 * c4 + (wide)a3 * c3,
      (wide)d0 * a2 + (wide)a1 * a1 + (wide)(2 * a3) * c4,
      (wide)d0 * a3 + (wide)d1 * a2 + (wide)a4 * c4,
      (wide)d0 * a4 + (wide)d1 * a3 + (wide)a2 * a2,
    };
    carry(r, t);
    a0 = r[0], a1 = r[1], a2 = r[2], a3 = r[3], a4 = r[4];
  }
}

static void multiply_small(field r, const field a, uint32_t factor) {
  wide t[5];
  for (int i = 0; i < 5; i++) t[i] = (wide)a[i] * factor;
  carry(r, t);
}

// a^(p - 2), by 254 squarings and 11 multiplications.
static void invert(field r, const field a) {
  field a2, a9, a11, x5, x10, x20, x50, t;
  square(a2, a, 1);
  square(t, a2, 2);
  multiply(a9, t, a);
  multiply(a11, a9, a2);
  square(t, a11, 1);
  multiply(x5, t, a9);  // 2^5 - 1
  square(t, x5, 5);
  multiply(x10, t, x5);  // 2^10 - 1
  square(t, x10, 10);
  multiply(x20, t, x10);
  square(t, x20, 20);
  multiply(t, t, x20);  // 2^40 - 1
  square(t, t, 10);
  multiply(x50, t, x10);
  square(t, x50, 50);
  multiply(x20, t, x50);  // 2^100 - 1
  square(t, x20, 100);
  multiply(t, t, x20);  // 2^200 - 1
  square(t, t, 50);
  multiply(t, t, x50);  // 2^250 - 1
  square(t, t, 5);
  multiply(r, t, a11);  // 2^255 - 21
}

static uint64_t load(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
  return value;
}

static void from_bytes(field r, const uint8_t bytes[32]) {
  uint64_t w0 = load(bytes), w1 = load(bytes + 8), w2 = load(bytes + 16), w3 = load(bytes + 24);
  r[0] = w0 & MASK;
  r[1] = (w0 >> 51 | w1 << 13) & MASK;
  r[2] = (w1 >> 38 | w2 << 26) & MASK;
  r[3] = (w2 >> 25 | w3 << 39) & MASK;
  r[4] = w3 >> 12 & MASK;  // the top bit is to be ignored
}

static void to_bytes(uint8_t bytes[32], const field a) {
  uint64_t h[5];
  memcpy(h, a, sizeof h);
  // Below 2^255 + a little first; then p is subtracted once if the number is not below it.
  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < 4; i++) h[i + 1] += h[i] >> 51, h[i] &= MASK;
    h[0] += 19 * (h[4] >> 51);
    h[4] &= MASK;
  }
  uint64_t excess = (h[0] + 19) >> 51;
  for (int i = 1; i < 5; i++) excess = (h[i] + excess) >> 51;
  h[0] += 19 * excess;
  for (int i = 0; i < 4; i++) h[i + 1] += h[i] >> 51, h[i] &= MASK;
  h[4] &= MASK;
  uint64_t words[4] = {h[0] | h[1] << 51, h[1] >> 13 | h[2] << 38, h[2] >> 26 | h[3] << 25, h[3] >> 39 | h[4] << 12};
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
}

static void swap_if(uint64_t condition, field a, field b) {
  uint64_t mask = 0 - condition;
  for (int i = 0; i < 5; i++) {
    uint64_t difference = mask & (a[i] ^ b[i]);
    a[i] ^= difference;
    b[i] ^= difference;
  }
}

void x25519(uint8_t output[32], const uint8_t scalar[32], const uint8_t point[32]) {
  uint8_t k[32];
  memcpy(k, scalar, 32);
  k[0] &= 248;
  k[31] = (k[31] & 127) | 64;
  struct {
    field x1, x2, z2, x3, z3, a, b, c, d, e, aa, bb;
  } s = {.x2 = {1}, .z3 = {1}};
  from_bytes(s.x1, point);
  memcpy(s.x3, s.x1, sizeof(field));
  uint64_t swapped = 0;
  // The ladder, in the RFC's letters.
  for (int t = 254; t >= 0; t--) {
    uint64_t bit = k[t / 8] >> (t % 8) & 1;
    swap_if(swapped ^ bit, s.x2, s.x3);
    swap_if(swapped ^ bit, s.z2, s.z3);
    swapped = bit;
    add(s.a, s.x2, s.z2);
    square(s.aa, s.a, 1);
    subtract(s.b, s.x2, s.z2);
    square(s.bb, s.b, 1);
    subtract(s.e, s.aa, s.bb);
    add(s.c, s.x3, s.z3);
    subtract(s.d, s.x3, s.z3);
    multiply(s.d, s.d, s.a);
    multiply(s.c, s.c, s.b);
    add(s.x3, s.d, s.c);
    square(s.x3, s.x3, 1);
    subtract(s.z3, s.d, s.c);
    square(s.z3, s.z3, 1);
    multiply(s.z3, s.z3, s.x1);
    multiply(s.x2, s.aa, s.bb);
    multiply_small(s.z2, s.e, 121665);
    add(s.z2, s.z2, s.aa);
    multiply(s.z2, s.z2, s.e);
  }
  swap_if(swapped, s.x2, s.x3);
  swap_if(swapped, s.z2, s.z3);
  invert(s.z2, s.z2);
  multiply(s.x2, s.x2, s.z2);
  to_bytes(output, s.x2);
  crypto_wipe(&s, sizeof s);
  crypto_wipe(k, sizeof k);
}
#endif
