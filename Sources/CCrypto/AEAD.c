#include "CCrypto.h"
#include "Provider.h"

#if !CRYPTO_PSA

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <stdlib.h>
#include <string.h>

struct crypto_aead_context {
  int algorithm;
  uint8_t key[32];
  union {
    mbedtls_gcm_context gcm;
    mbedtls_chachapoly_context chachapoly;
  } state;
};

crypto_aead_context *crypto_aead_create(int algorithm, const uint8_t *key) {
  crypto_aead_context *context = calloc(1, sizeof *context);
  if (context == NULL) return NULL;
  context->algorithm = algorithm;
  memcpy(context->key, key, algorithm == CRYPTO_AES_128_GCM ? 16 : 32);
  int result;
  if (algorithm == CRYPTO_CHACHA20_POLY1305) {
    mbedtls_chachapoly_init(&context->state.chachapoly);
    result = mbedtls_chachapoly_setkey(&context->state.chachapoly, key);
  } else {
    mbedtls_gcm_init(&context->state.gcm);
    result = mbedtls_gcm_setkey(&context->state.gcm, MBEDTLS_CIPHER_ID_AES, key,
                                algorithm == CRYPTO_AES_128_GCM ? 128 : 256);
  }
  if (result == 0) return context;
  crypto_aead_free(context);
  return NULL;
}

crypto_aead_context *crypto_aead_copy(const crypto_aead_context *context) {
  return crypto_aead_create(context->algorithm, context->key);
}

void crypto_aead_free(crypto_aead_context *context) {
  if (context == NULL) return;
  if (context->algorithm == CRYPTO_CHACHA20_POLY1305) {
    mbedtls_chachapoly_free(&context->state.chachapoly);
  } else {
    mbedtls_gcm_free(&context->state.gcm);
  }
  crypto_wipe(context, sizeof *context);
  free(context);
}

int crypto_aead_seal(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, uint8_t *tag) {
  int result;
  if (context->algorithm == CRYPTO_CHACHA20_POLY1305) {
    result = mbedtls_chachapoly_encrypt_and_tag(&context->state.chachapoly, size, nonce, authenticated,
                                                authenticated_size, data, data, tag);
  } else {
    result = mbedtls_gcm_crypt_and_tag(&context->state.gcm, MBEDTLS_GCM_ENCRYPT, size, nonce, 12, authenticated,
                                       authenticated_size, data, data, 16, tag);
  }
  return result == 0 ? 0 : CRYPTO_FAILED;
}

int crypto_aead_open(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, const uint8_t *tag) {
  int result;
  if (context->algorithm == CRYPTO_CHACHA20_POLY1305) {
    result = mbedtls_chachapoly_auth_decrypt(&context->state.chachapoly, size, nonce, authenticated,
                                             authenticated_size, tag, data, data);
  } else {
    result = mbedtls_gcm_auth_decrypt(&context->state.gcm, size, nonce, 12, authenticated, authenticated_size, tag,
                                      16, data, data);
  }
  return result == 0 ? 0 : CRYPTO_FAILED;
}

#endif
