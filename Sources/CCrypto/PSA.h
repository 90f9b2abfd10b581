// What the files share that stand on PSA's interface. Not part of the border to Swift.
#pragma once
#include "CCrypto.h"
#include "Provider.h"

#include <psa/crypto.h>

// Starts PSA, once a process.
psa_status_t crypto_psa_start(void);

static inline psa_algorithm_t crypto_psa_hash(int algorithm) {
  static const psa_algorithm_t algorithms[] = {PSA_ALG_SHA_1, PSA_ALG_SHA_256, PSA_ALG_SHA_384, PSA_ALG_SHA_512};
  return algorithms[algorithm];
}

static inline int crypto_psa_result(psa_status_t status) {
  return status == PSA_SUCCESS ? 0 : status == PSA_ERROR_INSUFFICIENT_MEMORY ? CRYPTO_NO_MEMORY : CRYPTO_FAILED;
}

// A key for one algorithm alone. `key` is 0 on failure.
static inline psa_status_t crypto_psa_import(
    psa_key_type_t type, psa_key_usage_t usage, psa_algorithm_t algorithm, const uint8_t *bytes, size_t size, psa_key_id_t *key) {
  *key = 0;
  psa_status_t status = crypto_psa_start();
  if (status != PSA_SUCCESS) return status;
  psa_key_attributes_t attributes = psa_key_attributes_init();
  psa_set_key_type(&attributes, type);
  psa_set_key_usage_flags(&attributes, usage);
  psa_set_key_algorithm(&attributes, algorithm);
  return psa_import_key(&attributes, bytes, size, key);
}

// From now on `crypto_equal` says no.
void crypto_doubt(void);
