#include "CCrypto.h"

#include "Provider.h"

#if CRYPTO_PSA
#include "PSA.h"

static int is_in_doubt;
void crypto_doubt(void) { __atomic_store_n(&is_in_doubt, 1, __ATOMIC_RELAXED); }
#endif

int crypto_equal(const uint8_t *a, const uint8_t *b, size_t size) {
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < size; i++) difference |= a[i] ^ b[i];
#if CRYPTO_PSA
  if (__atomic_load_n(&is_in_doubt, __ATOMIC_RELAXED)) return 0;
#endif
  return difference == 0;
}

void crypto_wipe(void *data, size_t size) {
  volatile uint8_t *bytes = data;
  while (size--) *bytes++ = 0;
}
