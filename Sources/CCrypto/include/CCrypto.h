// The engine's whole view of cryptography: plain C over opaque contexts, so that another provider can be put
// behind this header without touching Swift. No key identifiers, no global state, no randomness: whatever is
// random is passed in. Functions return 0 on success and a negative number otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>

// --- Hash and HMAC (FIPS 180-4, RFC 2104): on the stack, no allocation, cannot fail ---

enum crypto_hash { CRYPTO_SHA1 = 0, CRYPTO_SHA256 = 1, CRYPTO_SHA384 = 2, CRYPTO_SHA512 = 3 };

// Output sizes: 20, 32, 48 and 64 bytes.
// The hash of the concatenation of two parts, either of which may be empty.
void crypto_hash(int algorithm, const uint8_t *first, size_t first_size, const uint8_t *second, size_t second_size,
                 uint8_t *digest);

// HMAC over the concatenation of two parts, either of which may be empty.
void crypto_hmac(int algorithm, const uint8_t *key, size_t key_size, const uint8_t *first, size_t first_size,
                 const uint8_t *second, size_t second_size, uint8_t *tag);

// 1 if equal, 0 if not, in time that depends on `size` alone.
int crypto_equal(const uint8_t *a, const uint8_t *b, size_t size);

// Overwrites secrets; the compiler may not remove it.
void crypto_wipe(void *data, size_t size);

// --- AEAD (NIST SP 800-38D, RFC 8439): 12-byte nonces, 16-byte tags, in place ---

enum crypto_aead { CRYPTO_AES_128_GCM = 0, CRYPTO_AES_256_GCM = 1, CRYPTO_CHACHA20_POLY1305 = 2 };

enum crypto_error { CRYPTO_FAILED = -1, CRYPTO_NO_MEMORY = -2 };

typedef struct crypto_aead_context crypto_aead_context;

// A kept key, of 16, 32 or 32 bytes. NULL: no memory.
crypto_aead_context *crypto_aead_create(int algorithm, const uint8_t *key);

// A second context under the same key. NULL: no memory.
crypto_aead_context *crypto_aead_copy(const crypto_aead_context *context);

// Wipes the key; NULL is allowed.
void crypto_aead_free(crypto_aead_context *context);

int crypto_aead_seal(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, uint8_t *tag);

// Where the tag is wrong, `data` is destroyed.
int crypto_aead_open(crypto_aead_context *context, const uint8_t *nonce, const uint8_t *authenticated,
                     size_t authenticated_size, uint8_t *data, size_t size, const uint8_t *tag);

// --- Key exchange (RFC 7748, NIST SP 800-56A) ---

enum crypto_group { CRYPTO_SECP256R1 = 23, CRYPTO_X25519 = 29 };

// Private keys are 32 random bytes. Public keys: an uncompressed point (4, x, y) of 65 bytes, or 32 bytes.
// Fails for a number that is no private key of the group (draw again).
int crypto_key_exchange_public(int group, const uint8_t *private_key, uint8_t *public_key);

// The 32-byte shared secret. Fails for points off the curve and of small order.
int crypto_key_exchange_shared(int group, const uint8_t *private_key, const uint8_t *peer, size_t peer_size,
                               uint8_t *shared);

// --- Signatures (FIPS 186-4) ---

// A P-256 signing key with the curve's tables. Nothing in it changes after creation, so that several threads may use it.
typedef struct crypto_signer crypto_signer;

// *signer is NULL on failure: CRYPTO_FAILED for a number that is no private key (draw again).
int crypto_signer_create(const uint8_t *private_key, crypto_signer **signer);

void crypto_signer_free(crypto_signer *signer);

// The uncompressed point, 65 bytes.
void crypto_signer_public_key(const crypto_signer *signer, uint8_t *public_key);

// Deterministic ECDSA (RFC 6979) with SHA-256 over a 32-byte digest; r and s of 32 bytes each.
int crypto_signer_sign(const crypto_signer *signer, const uint8_t *digest, uint8_t *r, uint8_t *s);
// The 32 bytes that the signer was made from: to store an identity, or to record a session.
void crypto_signer_private_key(const crypto_signer *signer, uint8_t *private_key);

// 0 if (r, s) signs the digest under the P-256 point of 65 bytes. `tables` may be any signer (its curve tables save
// time) or NULL.
int crypto_verify_ecdsa(const crypto_signer *tables, const uint8_t *public_key, const uint8_t *digest,
                        size_t digest_size, const uint8_t *r, const uint8_t *s);

// 0 if the RSASSA-PKCS1-v1_5 signature is right. `algorithm` is a crypto_hash.
int crypto_verify_rsa(const uint8_t *modulus, size_t modulus_size, const uint8_t *exponent, size_t exponent_size,
                      int algorithm, const uint8_t *digest, const uint8_t *signature, size_t signature_size);
