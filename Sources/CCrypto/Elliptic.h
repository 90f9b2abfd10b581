// What the elliptic-curve files share. Not part of the border to Swift.
#pragma once
#include "CCrypto.h"
#include "Provider.h"

#include <mbedtls/ecp.h>

// Blinding wants random numbers; taking them from a hash of the secret itself keeps every result a function of the
// caller's bytes alone, and the mask as unknown to an observer as the secret is.
typedef struct {
  uint8_t seed[32];
  uint32_t counter;
} blinding;

void blinding_start(blinding *state, const uint8_t *secret, size_t secret_size, const uint8_t *message,
                    size_t message_size);
int blinding_random(void *state, unsigned char *output, size_t size);

static inline int crypto_result(int result) {
  return result == 0 ? 0 : result == MBEDTLS_ERR_MPI_ALLOC_FAILED || result == MBEDTLS_ERR_ECP_ALLOC_FAILED
                               ? CRYPTO_NO_MEMORY
                               : CRYPTO_FAILED;
}
