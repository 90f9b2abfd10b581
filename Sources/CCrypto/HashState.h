// A hash under way, by either interface of mbedTLS: for Hash.c alone.
#pragma once
#include "CCrypto.h"
#include "Provider.h"

#include <string.h>

#if CRYPTO_PSA

#include "PSA.h"

typedef struct {
  psa_hash_operation_t operation;
  psa_status_t status;
} hash_state;

static void hash_start(hash_state *hash, int algorithm) {
  hash->operation = psa_hash_operation_init();
  hash->status = crypto_psa_start();
  if (hash->status == PSA_SUCCESS) hash->status = psa_hash_setup(&hash->operation, crypto_psa_hash(algorithm));
}

static void hash_update(hash_state *hash, const uint8_t *data, size_t size) {
  if (size == 0 || hash->status != PSA_SUCCESS) return;
  hash->status = psa_hash_update(&hash->operation, data, size);
}

// What could not be computed equals nothing, so that no check passes by it.
static void hash_finish(hash_state *hash, uint8_t *digest, size_t size) {
  size_t written = 0;
  if (hash->status == PSA_SUCCESS) hash->status = psa_hash_finish(&hash->operation, digest, size, &written);
  psa_hash_abort(&hash->operation);
  if (hash->status == PSA_SUCCESS && written == size) return;
  memset(digest, 0, size);
  crypto_doubt();
}

#else

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

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

static void hash_finish(hash_state *hash, uint8_t *digest, size_t size) {
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
  memcpy(digest, whole, size);
}

#endif
