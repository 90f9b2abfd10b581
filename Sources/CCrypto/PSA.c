// AEAD, key exchange and signatures by PSA's interface (PSA Certified Crypto API 1.1), for versions of mbedTLS that have no other. The
// results are the same bytes. Keys that are used often are kept in PSA's slots; the others are in one only while they are used.
#include "Provider.h"

#if CRYPTO_PSA

#include <stdlib.h>
#include <string.h>

#include "PSA.h"

psa_status_t crypto_psa_start(void) {
  static int is_started;
  if (__atomic_load_n(&is_started, __ATOMIC_ACQUIRE)) return PSA_SUCCESS;
  psa_status_t status = psa_crypto_init();
  if (status == PSA_SUCCESS) __atomic_store_n(&is_started, 1, __ATOMIC_RELEASE);
  return status;
}

// --- AEAD ---

struct crypto_aead_context {
  int algorithm;
  psa_key_id_t key;
  uint8_t bytes[32];
};

static psa_algorithm_t aead(const crypto_aead_context *context) {
  return context->algorithm == CRYPTO_CHACHA20_POLY1305 ? PSA_ALG_CHACHA20_POLY1305 : PSA_ALG_GCM;
}

crypto_aead_context *crypto_aead_create(int algorithm, const uint8_t *key) {
  crypto_aead_context *context = calloc(1, sizeof *context);
  if (context == NULL) return NULL;
  const size_t size = algorithm == CRYPTO_AES_128_GCM ? 16 : 32;
  context->algorithm = algorithm;
  memcpy(context->bytes, key, size);
  const psa_key_type_t type = algorithm == CRYPTO_CHACHA20_POLY1305 ? PSA_KEY_TYPE_CHACHA20 : PSA_KEY_TYPE_AES;
  if (crypto_psa_import(type, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT, aead(context), key, size, &context->key) == PSA_SUCCESS) {
    return context;
  }
  crypto_aead_free(context);
  return NULL;
}

crypto_aead_context *crypto_aead_copy(const crypto_aead_context *context) {
  return crypto_aead_create(context->algorithm, context->bytes);
}

void crypto_aead_free(crypto_aead_context *context) {
  if (context == NULL) return;
  if (context->key != 0) psa_destroy_key(context->key);
  crypto_wipe(context, sizeof *context);
  free(context);
}

// All but the tag, in place.
static psa_status_t process(
    psa_aead_operation_t *operation, const uint8_t *nonce, const uint8_t *authenticated, size_t authenticated_size, uint8_t *data,
    size_t size) {
  size_t written = 0;
  psa_status_t status = psa_aead_set_lengths(operation, authenticated_size, size);
  if (status == PSA_SUCCESS) status = psa_aead_set_nonce(operation, nonce, 12);
  if (status == PSA_SUCCESS && authenticated_size > 0) status = psa_aead_update_ad(operation, authenticated, authenticated_size);
  if (status == PSA_SUCCESS && size > 0) status = psa_aead_update(operation, data, size, data, size, &written);
  return status == PSA_SUCCESS && written != size ? PSA_ERROR_CORRUPTION_DETECTED : status;
}

int crypto_aead_seal(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, uint8_t *tag) {
  psa_aead_operation_t operation = psa_aead_operation_init();
  uint8_t rest[16];
  size_t rest_size = 0, tag_size = 0;
  psa_status_t status = psa_aead_encrypt_setup(&operation, context->key, aead(context));
  if (status == PSA_SUCCESS) status = process(&operation, nonce, authenticated, authenticated_size, data, size);
  if (status == PSA_SUCCESS) status = psa_aead_finish(&operation, rest, sizeof rest, &rest_size, tag, 16, &tag_size);
  if (status == PSA_SUCCESS && (rest_size != 0 || tag_size != 16)) status = PSA_ERROR_CORRUPTION_DETECTED;
  psa_aead_abort(&operation);
  return crypto_psa_result(status);
}

int crypto_aead_open(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, const uint8_t *tag) {
  psa_aead_operation_t operation = psa_aead_operation_init();
  uint8_t rest[16];
  size_t rest_size = 0;
  psa_status_t status = psa_aead_decrypt_setup(&operation, context->key, aead(context));
  if (status == PSA_SUCCESS) status = process(&operation, nonce, authenticated, authenticated_size, data, size);
  if (status == PSA_SUCCESS) status = psa_aead_verify(&operation, rest, sizeof rest, &rest_size, tag, 16);
  if (status == PSA_SUCCESS && rest_size != 0) status = PSA_ERROR_CORRUPTION_DETECTED;
  psa_aead_abort(&operation);
  if (status != PSA_SUCCESS) crypto_wipe(data, size);
  return crypto_psa_result(status);
}

// --- Key exchange ---

static psa_status_t import_private(int group, const uint8_t *private_key, psa_key_id_t *key) {
  const psa_ecc_family_t family = group == CRYPTO_SECP256R1 ? PSA_ECC_FAMILY_SECP_R1 : PSA_ECC_FAMILY_MONTGOMERY;
  return crypto_psa_import(PSA_KEY_TYPE_ECC_KEY_PAIR(family), PSA_KEY_USAGE_DERIVE, PSA_ALG_ECDH, private_key, 32, key);
}

int crypto_key_exchange_public(int group, const uint8_t *private_key, uint8_t *public_key) {
  psa_key_id_t key;
  size_t written = 0;
  const size_t size = group == CRYPTO_SECP256R1 ? 65 : 32;
  psa_status_t status = import_private(group, private_key, &key);
  if (status == PSA_SUCCESS) status = psa_export_public_key(key, public_key, size, &written);
  if (status == PSA_SUCCESS && written != size) status = PSA_ERROR_CORRUPTION_DETECTED;
  psa_destroy_key(key);
  return crypto_psa_result(status);
}

int crypto_key_exchange_shared(int group, const uint8_t *private_key, const uint8_t *peer, size_t peer_size,
                               uint8_t *shared) {
  if (peer_size != (group == CRYPTO_SECP256R1 ? 65 : 32)) return CRYPTO_FAILED;
  psa_key_id_t key;
  size_t written = 0;
  psa_status_t status = import_private(group, private_key, &key);
  if (status == PSA_SUCCESS) status = psa_raw_key_agreement(PSA_ALG_ECDH, key, peer, peer_size, shared, 32, &written);
  if (status == PSA_SUCCESS && written != 32) status = PSA_ERROR_CORRUPTION_DETECTED;
  psa_destroy_key(key);
  if (status != PSA_SUCCESS) return crypto_psa_result(status);
  // A point of small order gives zero, whatever the private key (RFC 7748 section 6.1).
  static const uint8_t zero[32];
  return crypto_equal(shared, zero, 32) ? CRYPTO_FAILED : 0;
}

// --- Signatures ---

struct crypto_signer {
  psa_key_id_t key;
  uint8_t secret[32];
  uint8_t public_key[65];
};

static const psa_algorithm_t signature = PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_256);

int crypto_signer_create(const uint8_t *private_key, crypto_signer **output) {
  *output = NULL;
  crypto_signer *signer = calloc(1, sizeof *signer);
  if (signer == NULL) return CRYPTO_NO_MEMORY;
  memcpy(signer->secret, private_key, 32);
  size_t written = 0;
  psa_status_t status = crypto_psa_import(
      PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), PSA_KEY_USAGE_SIGN_HASH, signature, private_key, 32, &signer->key);
  if (status == PSA_SUCCESS) status = psa_export_public_key(signer->key, signer->public_key, 65, &written);
  if (status != PSA_SUCCESS) {
    crypto_signer_free(signer);
    return crypto_psa_result(status);
  }
  *output = signer;
  return 0;
}

void crypto_signer_free(crypto_signer *signer) {
  if (signer == NULL) return;
  if (signer->key != 0) psa_destroy_key(signer->key);
  crypto_wipe(signer, sizeof *signer);
  free(signer);
}

void crypto_signer_private_key(const crypto_signer *signer, uint8_t *private_key) { memcpy(private_key, signer->secret, 32); }
void crypto_signer_public_key(const crypto_signer *signer, uint8_t *public_key) { memcpy(public_key, signer->public_key, 65); }

int crypto_signer_sign(const crypto_signer *signer, const uint8_t *digest, uint8_t *r_bytes, uint8_t *s_bytes) {
  uint8_t bytes[64];
  size_t written = 0;
  psa_status_t status = psa_sign_hash(signer->key, signature, digest, 32, bytes, sizeof bytes, &written);
  if (status != PSA_SUCCESS || written != sizeof bytes) return status == PSA_SUCCESS ? CRYPTO_FAILED : crypto_psa_result(status);
  memcpy(r_bytes, bytes, 32);
  memcpy(s_bytes, bytes + 32, 32);
  return 0;
}

int crypto_verify_ecdsa(const crypto_signer *tables, const uint8_t *public_key, const uint8_t *digest,
                        size_t digest_size, const uint8_t *r_bytes, const uint8_t *s_bytes) {
  (void)tables;
  uint8_t bytes[64];
  memcpy(bytes, r_bytes, 32);
  memcpy(bytes + 32, s_bytes, 32);
  psa_key_id_t key;
  psa_status_t status = crypto_psa_import(
      PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), PSA_KEY_USAGE_VERIFY_HASH, PSA_ALG_ECDSA_ANY, public_key, 65, &key);
  if (status == PSA_SUCCESS) status = psa_verify_hash(key, PSA_ALG_ECDSA_ANY, digest, digest_size, bytes, sizeof bytes);
  psa_destroy_key(key);
  return crypto_psa_result(status);
}

// --- RSA ---

enum { LONGEST_MODULUS = 1024, LONGEST_EXPONENT = 16 };

// Writes an element of DER whose content is `size` bytes, without it.
static uint8_t *put_head(uint8_t *output, uint8_t type, size_t size) {
  *output++ = type;
  if (size < 128) {
    *output++ = (uint8_t)size;
  } else if (size < 256) {
    *output++ = 0x81;
    *output++ = (uint8_t)size;
  } else {
    *output++ = 0x82;
    *output++ = (uint8_t)(size >> 8);
    *output++ = (uint8_t)size;
  }
  return output;
}

static size_t head_size(size_t size) { return size < 128 ? 2 : size < 256 ? 3 : 4; }

static uint8_t *put_integer(uint8_t *output, const uint8_t *bytes, size_t size) {
  // The sign bit of a positive number is clear (X.690 section 8.3).
  const size_t sign = bytes[0] >= 128;
  output = put_head(output, 2, size + sign);
  if (sign) *output++ = 0;
  memcpy(output, bytes, size);
  return output + size;
}

int crypto_verify_rsa(const uint8_t *modulus, size_t modulus_size, const uint8_t *exponent, size_t exponent_size,
                      int algorithm, const uint8_t *digest, const uint8_t *rsa_signature, size_t signature_size) {
  static const uint8_t sizes[] = {20, 32, 48, 64};
  while (modulus_size > 0 && modulus[0] == 0) modulus++, modulus_size--;
  while (exponent_size > 0 && exponent[0] == 0) exponent++, exponent_size--;
  if (modulus_size == 0 || modulus_size > LONGEST_MODULUS || exponent_size == 0 || exponent_size > LONGEST_EXPONENT) return CRYPTO_FAILED;
  // RSAPublicKey (RFC 8017 appendix A.1.1).
  uint8_t der[LONGEST_MODULUS + LONGEST_EXPONENT + 16];
  const size_t modulus_content = modulus_size + (modulus[0] >= 128), exponent_content = exponent_size + (exponent[0] >= 128);
  const size_t content = head_size(modulus_content) + modulus_content + head_size(exponent_content) + exponent_content;
  uint8_t *end = put_head(der, 0x30, content);
  end = put_integer(end, modulus, modulus_size);
  end = put_integer(end, exponent, exponent_size);
  const psa_algorithm_t scheme = PSA_ALG_RSA_PKCS1V15_SIGN(crypto_psa_hash(algorithm));
  psa_key_id_t key;
  psa_status_t status = crypto_psa_import(PSA_KEY_TYPE_RSA_PUBLIC_KEY, PSA_KEY_USAGE_VERIFY_HASH, scheme, der, (size_t)(end - der), &key);
  if (status == PSA_SUCCESS) status = psa_verify_hash(key, scheme, digest, sizes[algorithm], rsa_signature, signature_size);
  psa_destroy_key(key);
  return crypto_psa_result(status);
}

#endif
