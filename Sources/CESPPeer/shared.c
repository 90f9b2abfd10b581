// What all peers of a process share: little, and read and written as a whole.
#include <string.h>

#include "swift_peer_driver.h"

static uint8_t shared_key[32];
static uint8_t shared_certificate[SWIFT_PEER_CERTIFICATE_SIZE];
static size_t shared_certificate_size;

enum { ABSENT, BEING_WRITTEN, PRESENT };
static int state = ABSENT;

size_t swift_peer_shared_identity(uint8_t *key, uint8_t *certificate) {
  if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != PRESENT) return 0;
  memcpy(key, shared_key, sizeof shared_key);
  memcpy(certificate, shared_certificate, shared_certificate_size);
  return shared_certificate_size;
}

void swift_peer_share_identity(const uint8_t *key, const uint8_t *certificate, size_t certificate_size) {
  if (certificate_size == 0 || certificate_size > sizeof shared_certificate) return;
  int expected = ABSENT;
  if (!__atomic_compare_exchange_n(&state, &expected, BEING_WRITTEN, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  memcpy(shared_key, key, sizeof shared_key);
  memcpy(shared_certificate, certificate, certificate_size);
  shared_certificate_size = certificate_size;
  __atomic_store_n(&state, PRESENT, __ATOMIC_RELEASE);
}

static int preference = ESP_PEER_DTLS_CIPHER_AUTO;

int swift_peer_cipher_preference(void) { return __atomic_load_n(&preference, __ATOMIC_RELAXED); }
void swift_peer_set_cipher_preference(int value) { __atomic_store_n(&preference, value, __ATOMIC_RELAXED); }
