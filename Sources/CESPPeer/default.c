// Makes this implementation the default one. Left out where it is used beside Espressif's own.
#include "implementation.h"

#if defined(SWIFT_PEER_ARENA)
// In claimed.c.
int swift_peer_claimed_paired_addr(esp_peer_handle_t peer, esp_peer_addr_t *addr);
int swift_peer_claimed_certificate(void);
#define swift_peer_get_paired_addr swift_peer_claimed_paired_addr
#define swift_peer_pre_generate_cert swift_peer_claimed_certificate
#endif

const esp_peer_ops_t *esp_peer_get_default_impl(void) { return swift_peer_get_impl(); }

int peer_default_get_paired_addr(esp_peer_handle_t peer, esp_peer_addr_t *addr) {
  return swift_peer_get_paired_addr(peer, addr);
}

int esp_peer_pre_generate_cert(void) { return swift_peer_pre_generate_cert() == 0 ? ESP_PEER_ERR_NONE : ESP_PEER_ERR_FAIL; }

int esp_peer_set_dtls_cipher_pref(esp_peer_dtls_cipher_pref_t pref) { return swift_peer_set_dtls_cipher_pref((int)pref); }
