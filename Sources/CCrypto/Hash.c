#include "CCrypto.h"
#include "Provider.h"

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <mbedtls/version.h>
#include <string.h>

#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define SHA(name) mbedtls_##name##_ret
#else
#define SHA(name) mbedtls_##name
#endif

typedef struct {
  int algorithm;
  union {
    mbedtls_sha1_context sha1;
    mbedtls_sha256_context sha256;
    mbedtls_sha512_context sha512;
  } state;
} hash_state;

static size_t block_size(int algorithm) { return algorithm >= CRYPTO_SHA384 ? 128 : 64; }

static size_t digest_size(int algorithm) {
  static const uint8_t sizes[] = {20, 32, 48, 64};
  return sizes[algorithm];
}

static void hash_start(hash_state *hash, int algorithm) {
  hash->algorithm = algorithm;
  switch (algorithm) {
    case CRYPTO_SHA1:
      mbedtls_sha1_init(&hash->state.sha1);
      SHA(sha1_starts)(&hash->state.sha1);
      break;
    case CRYPTO_SHA256:
      mbedtls_sha256_init(&hash->state.sha256);
      SHA(sha256_starts)(&hash->state.sha256, 0);
      break;
    default:
      mbedtls_sha512_init(&hash->state.sha512);
      SHA(sha512_starts)(&hash->state.sha512, algorithm == CRYPTO_SHA384);
  }
}

static void hash_update(hash_state *hash, const uint8_t *data, size_t size) {
  if (size == 0) return;
  switch (hash->algorithm) {
    case CRYPTO_SHA1: SHA(sha1_update)(&hash->state.sha1, data, size); break;
    case CRYPTO_SHA256: SHA(sha256_update)(&hash->state.sha256, data, size); break;
    default: SHA(sha512_update)(&hash->state.sha512, data, size);
  }
}

static void hash_finish(hash_state *hash, uint8_t *digest) {
  uint8_t whole[64];  // SHA-384 writes 64 bytes in some versions
  switch (hash->algorithm) {
    case CRYPTO_SHA1:
      SHA(sha1_finish)(&hash->state.sha1, whole);
      mbedtls_sha1_free(&hash->state.sha1);
      break;
    case CRYPTO_SHA256:
      SHA(sha256_finish)(&hash->state.sha256, whole);
      mbedtls_sha256_free(&hash->state.sha256);
      break;
    default:
      SHA(sha512_finish)(&hash->state.sha512, whole);
      mbedtls_sha512_free(&hash->state.sha512);
  }
  memcpy(digest, whole, digest_size(hash->algorithm));
}

void crypto_hash(int algorithm, const uint8_t *first, size_t first_size, const uint8_t *second, size_t second_size,
                 uint8_t *digest) {
  hash_state hash;
  hash_start(&hash, algorithm);
  hash_update(&hash, first, first_size);
  hash_update(&hash, second, second_size);
  hash_finish(&hash, digest);
}

void crypto_hmac(int algorithm, const uint8_t *key, size_t key_size, const uint8_t *first, size_t first_size,
                 const uint8_t *second, size_t second_size, uint8_t *tag) {
  uint8_t block[128] = {0}, pad[128], inner[64];
  size_t width = block_size(algorithm);
  if (key_size > width) {
    crypto_hash(algorithm, key, key_size, NULL, 0, block);
  } else if (key_size > 0) {
    memcpy(block, key, key_size);
  }
  hash_state hash;
  for (size_t i = 0; i < width; i++) pad[i] = block[i] ^ 0x36;
  hash_start(&hash, algorithm);
  hash_update(&hash, pad, width);
  hash_update(&hash, first, first_size);
  hash_update(&hash, second, second_size);
  hash_finish(&hash, inner);
  for (size_t i = 0; i < width; i++) pad[i] = block[i] ^ 0x5c;
  hash_start(&hash, algorithm);
  hash_update(&hash, pad, width);
  hash_update(&hash, inner, digest_size(algorithm));
  hash_finish(&hash, tag);
  crypto_wipe(block, sizeof block);
  crypto_wipe(pad, sizeof pad);
}

int crypto_equal(const uint8_t *a, const uint8_t *b, size_t size) {
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < size; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}

void crypto_wipe(void *data, size_t size) {
  volatile uint8_t *bytes = data;
  while (size--) *bytes++ = 0;
}
