// The engine's whole view of cryptography: plain C over opaque contexts, so that another provider can be put
// behind this header without touching Swift. No key identifiers, no global state, no randomness: whatever is
// random is passed in. Functions return 0 on success and a negative number otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>

// --- Hash and HMAC (FIPS 180-4, RFC 2104): on the stack, no allocation, cannot fail ---

enum crypto_hash { CRYPTO_SHA1 = 0, CRYPTO_SHA256 = 1, CRYPTO_SHA384 = 2 };

// Output sizes: 20, 32 and 48 bytes.
void crypto_hash(int algorithm, const uint8_t *data, size_t size, uint8_t *digest);

// HMAC over the concatenation of two parts, either of which may be empty.
void crypto_hmac(int algorithm, const uint8_t *key, size_t key_size, const uint8_t *first, size_t first_size,
                 const uint8_t *second, size_t second_size, uint8_t *tag);

// 1 if equal, 0 if not, in time that depends on `size` alone.
int crypto_equal(const uint8_t *a, const uint8_t *b, size_t size);

// Overwrites secrets; the compiler may not remove it.
void crypto_wipe(void *data, size_t size);
