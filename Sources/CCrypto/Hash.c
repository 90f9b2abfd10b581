#include "CCrypto.h"
#include "Provider.h"

#include <string.h>

#include "HashState.h"

static size_t block_size(int algorithm) { return algorithm >= CRYPTO_SHA384 ? 128 : 64; }

static size_t digest_size(int algorithm) {
  static const uint8_t sizes[] = {20, 32, 48, 64};
  return sizes[algorithm];
}

void crypto_hash(int algorithm, const uint8_t *first, size_t first_size, const uint8_t *second, size_t second_size,
                 uint8_t *digest) {
  hash_state hash;
  hash_start(&hash, algorithm);
  hash_update(&hash, first, first_size);
  hash_update(&hash, second, second_size);
  hash_finish(&hash, digest, digest_size(algorithm));
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
  hash_finish(&hash, inner, digest_size(algorithm));
  for (size_t i = 0; i < width; i++) pad[i] = block[i] ^ 0x5c;
  hash_start(&hash, algorithm);
  hash_update(&hash, pad, width);
  hash_update(&hash, inner, digest_size(algorithm));
  hash_finish(&hash, tag, digest_size(algorithm));
  crypto_wipe(block, sizeof block);
  crypto_wipe(pad, sizeof pad);
}
