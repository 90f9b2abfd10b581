// AES-GCM for libsrtp2 through NSS's message interface (PKCS #11 v3.0 section 5.9).
//
// Debian's libsrtp2 is built upon NSS, and has it begin anew for each packet: the key is looked up in tables of the whole process, its
// schedule and hash table are made, used once and freed, 0.7 µs before the first byte, and 6 with the keys of a thousand peers, when the
// tables are never in a cache. NSS itself can keep all that from message to message: 1,200 bytes then take 0.4 µs in place of 1.1.
#ifdef __linux__
#define _GNU_SOURCE
#include <dlfcn.h>
#endif

#include "NSSCipher.h"

#ifdef __linux__

#include <srtp2/cipher.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_SIZE = 12, TAG_SIZE = 16, SALT_SIZE = 12 };

// libsrtp2's own AES-GCM; absent where it was built without.
extern const srtp_cipher_type_t srtp_aes_gcm_128 __attribute__((weak));
extern const srtp_cipher_type_t srtp_aes_gcm_256 __attribute__((weak));

// NSS, as far as it is needed (pk11pub.h). Found in the process, for a libsrtp2 that stands on something else has none.
typedef struct {
  int type;
  const unsigned char *data;
  unsigned int size;
} item;

enum { AES_GCM = 0x1087, ORIGIN_UNWRAP = 4 };
static const unsigned long ENCRYPTS = 0x104, DECRYPTS = 0x105, MESSAGES = 0x82000000, CALLER_MAKES_NONCE = 0;

static void *(*get_slot)(unsigned long, void *);
static void (*free_slot)(void *);
static void *(*import_key)(void *, unsigned long, int, unsigned long, const item *, void *);
static void (*free_key)(void *);
static void *(*create_context)(unsigned long, unsigned long, void *, const item *);
static void (*free_context)(void *, int);
static int (*run)(
    void *, unsigned long, int, unsigned char *, int, const unsigned char *, int, unsigned char *, int *, int, unsigned char *,
    int, const unsigned char *, int);

static int find_functions(void) {
  *(void **)&get_slot = dlsym(RTLD_DEFAULT, "PK11_GetBestSlot");
  *(void **)&free_slot = dlsym(RTLD_DEFAULT, "PK11_FreeSlot");
  *(void **)&import_key = dlsym(RTLD_DEFAULT, "PK11_ImportSymKey");
  *(void **)&free_key = dlsym(RTLD_DEFAULT, "PK11_FreeSymKey");
  *(void **)&create_context = dlsym(RTLD_DEFAULT, "PK11_CreateContextBySymKey");
  *(void **)&free_context = dlsym(RTLD_DEFAULT, "PK11_DestroyContext");
  *(void **)&run = dlsym(RTLD_DEFAULT, "PK11_AEADOp");
  return get_slot && free_slot && import_key && free_key && create_context && free_context && run;
}

typedef struct {
  void *key;
  unsigned int key_size;
  // For each direction, made when it is used.
  void *sealing, *opening;
  srtp_cipher_direction_t direction;
  uint8_t nonce[NONCE_SIZE], tag[TAG_SIZE];
  // Room for what is authenticated only: a header, seldom with many extensions.
  uint8_t *authenticated;
  uint32_t authenticated_size, room;
} state;

static srtp_err_status_t set_nonce(void *context, uint8_t *nonce, srtp_cipher_direction_t direction) {
  state *cipher = context;
  memcpy(cipher->nonce, nonce, NONCE_SIZE);
  cipher->direction = direction;
  cipher->authenticated_size = 0;
  return srtp_err_status_ok;
}

static srtp_err_status_t set_authenticated(void *context, const uint8_t *bytes, uint32_t size) {
  state *cipher = context;
  if (size == 0) return srtp_err_status_ok;
  if (size > cipher->room - cipher->authenticated_size) {
    uint8_t *larger = realloc(cipher->authenticated, cipher->authenticated_size + size);
    if (larger == NULL) return srtp_err_status_alloc_fail;
    cipher->authenticated = larger;
    cipher->room = cipher->authenticated_size + size;
  }
  memcpy(cipher->authenticated + cipher->authenticated_size, bytes, size);
  cipher->authenticated_size += size;
  return srtp_err_status_ok;
}

static int process(state *cipher, void **context, unsigned long operation, uint8_t *data, unsigned int size, uint8_t *tag) {
  if (*context == NULL) {
    item none = {0, NULL, 0};
    *context = create_context(AES_GCM, MESSAGES | operation, cipher->key, &none);
    if (*context == NULL) return 0;
  }
  int written = 0;
  return run(*context, CALLER_MAKES_NONCE, 0, cipher->nonce, NONCE_SIZE, cipher->authenticated, (int)cipher->authenticated_size,
             data, &written, (int)size, tag, TAG_SIZE, data, (int)size) == 0 &&
         written == (int)size;
}

static srtp_err_status_t encrypt(void *context, uint8_t *data, unsigned int *size) {
  state *cipher = context;
  if (cipher->key == NULL) return srtp_err_status_bad_param;
  return process(cipher, &cipher->sealing, ENCRYPTS, data, *size, cipher->tag) ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

static srtp_err_status_t get_tag(void *context, uint8_t *tag, uint32_t *size) {
  state *cipher = context;
  memcpy(tag, cipher->tag, TAG_SIZE);
  *size = TAG_SIZE;
  return srtp_err_status_ok;
}

// `size` counts the tag, which follows the data.
static srtp_err_status_t decrypt(void *context, uint8_t *data, unsigned int *size) {
  state *cipher = context;
  if (cipher->key == NULL || *size < TAG_SIZE) return srtp_err_status_bad_param;
  *size -= TAG_SIZE;
  return process(cipher, &cipher->opening, DECRYPTS, data, *size, data + *size) ? srtp_err_status_ok : srtp_err_status_auth_fail;
}

static void forget_key(state *cipher) {
  if (cipher->sealing != NULL) free_context(cipher->sealing, 1);
  if (cipher->opening != NULL) free_context(cipher->opening, 1);
  if (cipher->key != NULL) free_key(cipher->key);
  cipher->sealing = cipher->opening = cipher->key = NULL;
}

static srtp_err_status_t initialize(void *context, const uint8_t *key) {
  state *cipher = context;
  forget_key(cipher);
  void *slot = get_slot(AES_GCM, NULL);
  if (slot == NULL) return srtp_err_status_init_fail;
  item bytes = {0, key, cipher->key_size};
  cipher->key = import_key(slot, AES_GCM, ORIGIN_UNWRAP, ENCRYPTS, &bytes, NULL);
  free_slot(slot);
  return cipher->key != NULL ? srtp_err_status_ok : srtp_err_status_init_fail;
}

static srtp_err_status_t deallocate(srtp_cipher_t *cipher) {
  state *context = cipher->state;
  if (context != NULL) {
    forget_key(context);
    free(context->authenticated);
    free(context);
  }
  free(cipher);
  return srtp_err_status_ok;
}

static _Thread_local int prefers_own;

static srtp_err_status_t allocate(
    const srtp_cipher_type_t *type, const srtp_cipher_type_t *own, srtp_cipher_t **result, int key_size, int tag_size) {
  if (prefers_own || tag_size != TAG_SIZE || key_size <= SALT_SIZE) return srtp_cipher_type_alloc(own, result, key_size, tag_size);
  srtp_cipher_t *cipher = calloc(1, sizeof *cipher);
  state *context = calloc(1, sizeof *context);
  if (cipher == NULL || context == NULL) {
    free(cipher);
    free(context);
    return srtp_err_status_alloc_fail;
  }
  context->key_size = (unsigned int)(key_size - SALT_SIZE);
  cipher->state = context;
  cipher->type = type;
  cipher->key_len = key_size;
  cipher->algorithm = type->id;
  *result = cipher;
  return srtp_err_status_ok;
}

static srtp_cipher_type_t kept_128, kept_256;

static srtp_err_status_t allocate_128(srtp_cipher_t **cipher, int key_size, int tag_size) {
  return allocate(&kept_128, &srtp_aes_gcm_128, cipher, key_size, tag_size);
}

static srtp_err_status_t allocate_256(srtp_cipher_t **cipher, int key_size, int tag_size) {
  return allocate(&kept_256, &srtp_aes_gcm_256, cipher, key_size, tag_size);
}

// libsrtp2 tests what it is given against its own vectors, and keeps what it has where that fails.
static void replace(srtp_cipher_type_t *type, const srtp_cipher_type_t *own, srtp_cipher_alloc_func_t allocate) {
  if (own == NULL) return;
  *type = *own;
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

void csrtp_use_message_interface(void) {
  if (!find_functions()) return;
  replace(&kept_128, &srtp_aes_gcm_128, allocate_128);
  replace(&kept_256, &srtp_aes_gcm_256, allocate_256);
}

void csrtp_prefer_own_ciphers(int preferred) { prefers_own = preferred; }

#else

void csrtp_use_message_interface(void) {}
void csrtp_prefer_own_ciphers(int preferred) { (void)preferred; }

#endif
