// AES-GCM for libsrtp2 that has short packets done by mbedTLS and long ones by what libsrtp2 was built upon.
//
// Debian's libsrtp2 is built upon NSS. That encrypts a long packet six times as fast as mbedTLS, but looks a key up in tables of the
// whole process and makes five allocations for each packet: 1.4 µs, and 6 with the keys of a thousand peers, when the tables are
// never in a cache. An audio packet of 100 bytes takes mbedTLS 0.7 µs, however many keys there are.
#ifdef __linux__
#define _GNU_SOURCE
#include <dlfcn.h>
#endif

#include "ShortPackets.h"

#include <CCrypto.h>
#include <srtp2/cipher.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_SIZE = 12, TAG_SIZE = 16, SHORT_PACKET = 256, AUTHENTICATED_SIZE = 128 };

// libsrtp2's own AES-GCM; absent where it was built without.
extern const srtp_cipher_type_t srtp_aes_gcm_128 __attribute__((weak));
extern const srtp_cipher_type_t srtp_aes_gcm_256 __attribute__((weak));

typedef struct {
  srtp_cipher_t *inner;
  int algorithm;
  crypto_aead_context *key;
  srtp_cipher_direction_t direction;
  uint8_t nonce[NONCE_SIZE], tag[TAG_SIZE], authenticated[AUTHENTICATED_SIZE];
  uint32_t authenticated_size;
  // Whether the inner cipher was told of this packet.
  int is_inner;
} state;

static srtp_err_status_t set_nonce(void *context, uint8_t *nonce, srtp_cipher_direction_t direction) {
  state *cipher = context;
  memcpy(cipher->nonce, nonce, NONCE_SIZE);
  cipher->direction = direction;
  cipher->authenticated_size = 0;
  cipher->is_inner = 0;
  return srtp_err_status_ok;
}

static srtp_err_status_t hand_over(state *cipher) {
  if (cipher->is_inner) return srtp_err_status_ok;
  cipher->is_inner = 1;
  srtp_err_status_t status = srtp_cipher_set_iv(cipher->inner, cipher->nonce, cipher->direction);
  if (status != srtp_err_status_ok) return status;
  return srtp_cipher_set_aad(cipher->inner, cipher->authenticated, cipher->authenticated_size);
}

static srtp_err_status_t set_authenticated(void *context, const uint8_t *bytes, uint32_t size) {
  state *cipher = context;
  if (!cipher->is_inner && size <= AUTHENTICATED_SIZE - cipher->authenticated_size) {
    memcpy(cipher->authenticated + cipher->authenticated_size, bytes, size);
    cipher->authenticated_size += size;
    return srtp_err_status_ok;
  }
  srtp_err_status_t status = hand_over(cipher);
  return status == srtp_err_status_ok ? srtp_cipher_set_aad(cipher->inner, bytes, size) : status;
}

static srtp_err_status_t encrypt(void *context, uint8_t *data, unsigned int *size) {
  state *cipher = context;
  if (cipher->key == NULL || cipher->is_inner || *size > SHORT_PACKET) {
    srtp_err_status_t status = hand_over(cipher);
    return status == srtp_err_status_ok ? srtp_cipher_encrypt(cipher->inner, data, size) : status;
  }
  int result = crypto_aead_seal(
      cipher->key, cipher->nonce, cipher->authenticated, cipher->authenticated_size, data, *size, cipher->tag);
  return result == 0 ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

static srtp_err_status_t get_tag(void *context, uint8_t *tag, uint32_t *size) {
  state *cipher = context;
  if (cipher->is_inner) return srtp_cipher_get_tag(cipher->inner, tag, size);
  memcpy(tag, cipher->tag, TAG_SIZE);
  *size = TAG_SIZE;
  return srtp_err_status_ok;
}

// `size` counts the tag, which follows the data.
static srtp_err_status_t decrypt(void *context, uint8_t *data, unsigned int *size) {
  state *cipher = context;
  if (cipher->key == NULL || cipher->is_inner || *size > SHORT_PACKET) {
    srtp_err_status_t status = hand_over(cipher);
    return status == srtp_err_status_ok ? srtp_cipher_decrypt(cipher->inner, data, size) : status;
  }
  if (*size < TAG_SIZE) return srtp_err_status_bad_param;
  *size -= TAG_SIZE;
  int result = crypto_aead_open(
      cipher->key, cipher->nonce, cipher->authenticated, cipher->authenticated_size, data, *size, data + *size);
  return result == 0 ? srtp_err_status_ok : srtp_err_status_auth_fail;
}

static srtp_err_status_t initialize(void *context, const uint8_t *key) {
  state *cipher = context;
  crypto_aead_free(cipher->key);
  cipher->key = NULL;
  if (cipher->algorithm >= 0) {
    cipher->key = crypto_aead_create(cipher->algorithm, key);
    if (cipher->key == NULL) return srtp_err_status_alloc_fail;
  }
  return srtp_cipher_init(cipher->inner, key);
}

static srtp_err_status_t deallocate(srtp_cipher_t *cipher) {
  state *context = cipher->state;
  if (context != NULL) {
    crypto_aead_free(context->key);
    if (context->inner != NULL) srtp_cipher_dealloc(context->inner);
    crypto_wipe(context, sizeof *context);
    free(context);
  }
  free(cipher);
  return srtp_err_status_ok;
}

static srtp_cipher_type_t short_128, short_256;

static srtp_err_status_t allocate(
    const srtp_cipher_type_t *type, const srtp_cipher_type_t *inner, int algorithm, srtp_cipher_t **result, int key_size,
    int tag_size) {
  srtp_cipher_t *cipher = calloc(1, sizeof *cipher);
  if (cipher == NULL) return srtp_err_status_alloc_fail;
  state *context = cipher->state = calloc(1, sizeof *context);
  if (context == NULL) {
    deallocate(cipher);
    return srtp_err_status_alloc_fail;
  }
  context->algorithm = tag_size == TAG_SIZE ? algorithm : -1;
  srtp_err_status_t status = srtp_cipher_type_alloc(inner, &context->inner, key_size, tag_size);
  if (status != srtp_err_status_ok) {
    context->inner = NULL;
    deallocate(cipher);
    return status;
  }
  cipher->type = type;
  cipher->key_len = context->inner->key_len;
  cipher->algorithm = context->inner->algorithm;
  *result = cipher;
  return srtp_err_status_ok;
}

static srtp_err_status_t allocate_128(srtp_cipher_t **cipher, int key_size, int tag_size) {
  return allocate(&short_128, &srtp_aes_gcm_128, CRYPTO_AES_128_GCM, cipher, key_size, tag_size);
}

static srtp_err_status_t allocate_256(srtp_cipher_t **cipher, int key_size, int tag_size) {
  return allocate(&short_256, &srtp_aes_gcm_256, CRYPTO_AES_256_GCM, cipher, key_size, tag_size);
}

// libsrtp2 tests what it is given against its own vectors, and keeps what it has where that fails.
static void replace(srtp_cipher_type_t *type, const srtp_cipher_type_t *inner, srtp_cipher_alloc_func_t allocate) {
  if (inner == NULL) return;
  *type = *inner;
  type->alloc = allocate;
  type->dealloc = deallocate;
  type->init = initialize;
  type->set_iv = set_nonce;
  type->set_aad = set_authenticated;
  type->encrypt = encrypt;
  type->decrypt = decrypt;
  type->get_tag = get_tag;
  srtp_replace_cipher_type(type, type->id);
}

void csrtp_speed_up_short_packets(void) {
#ifdef __linux__
  if (dlsym(RTLD_DEFAULT, "NSS_InitContext") == NULL) return;
  replace(&short_128, &srtp_aes_gcm_128, allocate_128);
  replace(&short_256, &srtp_aes_gcm_256, allocate_256);
#endif
}
