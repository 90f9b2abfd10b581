#include "CCrypto.h"
#include "Provider.h"

#include "GCMx86.h"

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <stdlib.h>
#include <string.h>

// Where the processor has instructions for GCM, mbedTLS's implementation of it is left aside.
enum engine { ENGINE_GCM, ENGINE_GCM_X86, ENGINE_CHACHAPOLY };

struct crypto_aead_context {
  int algorithm;
  enum engine engine;
  uint8_t key[32];
  union {
#if defined(__x86_64__)
    gcm_x86 x86;
#endif
    mbedtls_gcm_context gcm;
    mbedtls_chachapoly_context chachapoly;
  } state;
};

static enum engine choose_engine(int algorithm) {
  if (algorithm == CRYPTO_CHACHA20_POLY1305) return ENGINE_CHACHAPOLY;
#if defined(__x86_64__)
  if (gcm_x86_is_available()) return ENGINE_GCM_X86;
#endif
  return ENGINE_GCM;
}

crypto_aead_context *crypto_aead_create(int algorithm, const uint8_t *key) {
  crypto_aead_context *context = calloc(1, sizeof *context);
  if (context == NULL) return NULL;
  context->algorithm = algorithm;
  memcpy(context->key, key, algorithm == CRYPTO_AES_128_GCM ? 16 : 32);
  context->engine = choose_engine(algorithm);
  unsigned bits = algorithm == CRYPTO_AES_128_GCM ? 128 : 256;
  int result = 0;
  switch (context->engine) {
#if defined(__x86_64__)
    case ENGINE_GCM_X86: gcm_x86_start(&context->state.x86, key, (int)bits); break;
#endif
    case ENGINE_CHACHAPOLY:
      mbedtls_chachapoly_init(&context->state.chachapoly);
      result = mbedtls_chachapoly_setkey(&context->state.chachapoly, key);
      break;
    default:
      mbedtls_gcm_init(&context->state.gcm);
      result = mbedtls_gcm_setkey(&context->state.gcm, MBEDTLS_CIPHER_ID_AES, key, bits);
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
  if (context->engine == ENGINE_CHACHAPOLY) mbedtls_chachapoly_free(&context->state.chachapoly);
  if (context->engine == ENGINE_GCM) mbedtls_gcm_free(&context->state.gcm);
  crypto_wipe(context, sizeof *context);
  free(context);
}

int crypto_aead_seal(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, uint8_t *tag) {
#if defined(__x86_64__)
  if (context->engine == ENGINE_GCM_X86) {
    gcm_x86_crypt(&context->state.x86, 1, nonce, authenticated, authenticated_size, data, size, tag);
    return 0;
  }
#endif
  int result;
  if (context->engine == ENGINE_CHACHAPOLY) {
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
#if defined(__x86_64__)
  if (context->engine == ENGINE_GCM_X86) {
    uint8_t expected[16];
    gcm_x86_crypt(&context->state.x86, 0, nonce, authenticated, authenticated_size, data, size, expected);
    if (crypto_equal(expected, tag, 16)) return 0;
    crypto_wipe(data, size);  // nobody shall use what was not authentic
    return CRYPTO_FAILED;
  }
#endif
  int result;
  if (context->engine == ENGINE_CHACHAPOLY) {
    result = mbedtls_chachapoly_auth_decrypt(&context->state.chachapoly, size, nonce, authenticated,
                                             authenticated_size, tag, data, data);
  } else {
    result = mbedtls_gcm_auth_decrypt(&context->state.gcm, size, nonce, 12, authenticated, authenticated_size, tag,
                                      16, data, data);
  }
  return result == 0 ? 0 : CRYPTO_FAILED;
}
