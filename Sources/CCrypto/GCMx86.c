#include "GCMx86.h"

#if defined(__x86_64__)
#include <smmintrin.h>
#include <string.h>
#include <tmmintrin.h>
#include <wmmintrin.h>

#define ACCELERATED __attribute__((target("aes,pclmul,ssse3,sse4.1")))
#define INLINE static inline __attribute__((always_inline)) ACCELERATED

int gcm_x86_is_available(void) {
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

// --- The key schedule (FIPS 197 section 5.2) ---

INLINE __m128i fold(__m128i key) {
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  return _mm_xor_si128(key, _mm_slli_si128(key, 4));
}

#define EXPAND(key, from, constant) \
  _mm_xor_si128(fold(key), _mm_shuffle_epi32(_mm_aeskeygenassist_si128(from, constant), 0xFF))
#define EXPAND_PLAIN(key, from) \
  _mm_xor_si128(fold(key), _mm_shuffle_epi32(_mm_aeskeygenassist_si128(from, 0), 0xAA))

ACCELERATED static void expand_128(__m128i *k, const uint8_t *key) {
  k[0] = _mm_loadu_si128((const __m128i *)key);
  k[1] = EXPAND(k[0], k[0], 0x01);
  k[2] = EXPAND(k[1], k[1], 0x02);
  k[3] = EXPAND(k[2], k[2], 0x04);
  k[4] = EXPAND(k[3], k[3], 0x08);
  k[5] = EXPAND(k[4], k[4], 0x10);
  k[6] = EXPAND(k[5], k[5], 0x20);
  k[7] = EXPAND(k[6], k[6], 0x40);
  k[8] = EXPAND(k[7], k[7], 0x80);
  k[9] = EXPAND(k[8], k[8], 0x1B);
  k[10] = EXPAND(k[9], k[9], 0x36);
}

ACCELERATED static void expand_256(__m128i *k, const uint8_t *key) {
  k[0] = _mm_loadu_si128((const __m128i *)key);
  k[1] = _mm_loadu_si128((const __m128i *)(key + 16));
  k[2] = EXPAND(k[0], k[1], 0x01);
  k[3] = EXPAND_PLAIN(k[1], k[2]);
  k[4] = EXPAND(k[2], k[3], 0x02);
  k[5] = EXPAND_PLAIN(k[3], k[4]);
  k[6] = EXPAND(k[4], k[5], 0x04);
  k[7] = EXPAND_PLAIN(k[5], k[6]);
  k[8] = EXPAND(k[6], k[7], 0x08);
  k[9] = EXPAND_PLAIN(k[7], k[8]);
  k[10] = EXPAND(k[8], k[9], 0x10);
  k[11] = EXPAND_PLAIN(k[9], k[10]);
  k[12] = EXPAND(k[10], k[11], 0x20);
  k[13] = EXPAND_PLAIN(k[11], k[12]);
  k[14] = EXPAND(k[12], k[13], 0x40);
}

INLINE __m128i encrypt_block(const gcm_x86 *context, __m128i block) {
  block = _mm_xor_si128(block, context->round_keys[0]);
  for (int i = 1; i < context->rounds; i++) block = _mm_aesenc_si128(block, context->round_keys[i]);
  return _mm_aesenclast_si128(block, context->round_keys[context->rounds]);
}

// --- GHASH (SP 800-38D section 6.4), on byte-reversed blocks ---

INLINE __m128i reverse(__m128i block) {
  return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

// A product of 256 bits that is not reduced yet, so that several can be summed first.
typedef struct {
  __m128i low, middle, high;
} product;

INLINE product multiply(__m128i a, __m128i b) {
  __m128i cross = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x10), _mm_clmulepi64_si128(a, b, 0x01));
  return (product){_mm_clmulepi64_si128(a, b, 0x00), cross, _mm_clmulepi64_si128(a, b, 0x11)};
}

INLINE product add(product a, product b) {
  return (product){_mm_xor_si128(a.low, b.low), _mm_xor_si128(a.middle, b.middle), _mm_xor_si128(a.high, b.high)};
}

// Shifts by one bit, for GCM's bits are mirrored, and reduces by x^128 + x^7 + x^2 + x + 1 (Gueron and Kounavis, "Intel
// Carry-Less Multiplication Instruction and its Usage for Computing the GCM Mode", algorithms 1 and 5).
INLINE __m128i reduce(product p) {
  __m128i low = _mm_xor_si128(p.low, _mm_slli_si128(p.middle, 8));
  __m128i high = _mm_xor_si128(p.high, _mm_srli_si128(p.middle, 8));
  __m128i carry_low = _mm_srli_epi32(low, 31), carry_high = _mm_srli_epi32(high, 31);
  low = _mm_or_si128(_mm_slli_epi32(low, 1), _mm_slli_si128(carry_low, 4));
  high = _mm_or_si128(_mm_slli_epi32(high, 1), _mm_slli_si128(carry_high, 4));
  high = _mm_or_si128(high, _mm_srli_si128(carry_low, 12));
  __m128i fold = _mm_xor_si128(_mm_xor_si128(_mm_slli_epi32(low, 31), _mm_slli_epi32(low, 30)), _mm_slli_epi32(low, 25));
  low = _mm_xor_si128(low, _mm_slli_si128(fold, 12));
  __m128i rest = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi32(low, 1), _mm_srli_epi32(low, 2)), _mm_srli_epi32(low, 7));
  rest = _mm_xor_si128(rest, _mm_srli_si128(fold, 4));
  return _mm_xor_si128(high, _mm_xor_si128(low, rest));
}

INLINE __m128i hash_block(const gcm_x86 *context, __m128i hash, __m128i block) {
  return reduce(multiply(_mm_xor_si128(hash, reverse(block)), context->powers[0]));
}

ACCELERATED void gcm_x86_start(gcm_x86 *context, const uint8_t *key, int bits) {
  context->rounds = bits == 128 ? 10 : 14;
  if (bits == 128) {
    expand_128(context->round_keys, key);
  } else {
    expand_256(context->round_keys, key);
  }
  context->powers[0] = reverse(encrypt_block(context, _mm_setzero_si128()));
  for (int i = 1; i < 8; i++) context->powers[i] = reduce(multiply(context->powers[i - 1], context->powers[0]));
}

INLINE __m128i counter_block(__m128i first, uint32_t counter) {
  return _mm_insert_epi32(first, (int)__builtin_bswap32(counter), 3);
}

// A block's first bytes, zeros behind them.
INLINE __m128i load_part(const uint8_t *bytes, size_t size) {
  uint8_t block[16] = {0};
  memcpy(block, bytes, size);
  return _mm_loadu_si128((const __m128i *)block);
}

// One of eight interleaved key streams over whole blocks.
#define EACH(body) \
  do { \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) { body; } \
  } while (0)

ACCELERATED static __m128i crypt_eights(const gcm_x86 *context, int encrypts, __m128i first, uint32_t *counter,
                                        __m128i hash, uint8_t *data, size_t eights) {
  while (eights-- > 0) {
    __m128i stream[8], block[8];
    EACH(stream[i] = _mm_xor_si128(counter_block(first, *counter + (uint32_t)i), context->round_keys[0]));
    for (int round = 1; round < context->rounds; round++) {
      __m128i key = context->round_keys[round];
      EACH(stream[i] = _mm_aesenc_si128(stream[i], key));
    }
    __m128i last = context->round_keys[context->rounds];
    EACH(stream[i] = _mm_aesenclast_si128(stream[i], last));
    EACH(block[i] = _mm_loadu_si128((const __m128i *)(data + 16 * i)));
    EACH(stream[i] = _mm_xor_si128(stream[i], block[i]));
    EACH(_mm_storeu_si128((__m128i *)(data + 16 * i), stream[i]));
    const __m128i *cipher = encrypts ? stream : block;
    product sum = multiply(_mm_xor_si128(hash, reverse(cipher[0])), context->powers[7]);
    for (int i = 1; i < 8; i++) sum = add(sum, multiply(reverse(cipher[i]), context->powers[7 - i]));
    hash = reduce(sum);
    *counter += 8;
    data += 128;
  }
  return hash;
}

ACCELERATED void gcm_x86_crypt(const gcm_x86 *context, int encrypts, const uint8_t *nonce,
                               const uint8_t *authenticated, size_t authenticated_size, uint8_t *data, size_t size,
                               uint8_t *tag) {
  __m128i hash = _mm_setzero_si128();
  for (size_t done = 0; done < authenticated_size; done += 16) {
    size_t part = authenticated_size - done < 16 ? authenticated_size - done : 16;
    hash = hash_block(context, hash, load_part(authenticated + done, part));
  }
  __m128i first = load_part(nonce, 12);
  uint32_t counter = 2;
  size_t done = size / 128 * 128;
  hash = encrypts ? crypt_eights(context, 1, first, &counter, hash, data, size / 128)
                  : crypt_eights(context, 0, first, &counter, hash, data, size / 128);
  while (done < size) {
    size_t part = size - done < 16 ? size - done : 16;
    __m128i before = load_part(data + done, part);
    __m128i after = _mm_xor_si128(before, encrypt_block(context, counter_block(first, counter++)));
    uint8_t bytes[16];
    _mm_storeu_si128((__m128i *)bytes, after);
    memcpy(data + done, bytes, part);
    hash = hash_block(context, hash, encrypts ? load_part(bytes, part) : before);
    done += part;
  }
  __m128i lengths = _mm_set_epi64x((long long)(authenticated_size * 8), (long long)(size * 8));
  hash = reduce(multiply(_mm_xor_si128(hash, lengths), context->powers[0]));
  _mm_storeu_si128((__m128i *)tag, _mm_xor_si128(reverse(hash), encrypt_block(context, counter_block(first, 1))));
}
#endif
