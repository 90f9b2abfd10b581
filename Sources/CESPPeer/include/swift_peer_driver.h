// Between the driver in Swift and the table of functions in C: no part of the interface.
#ifndef SWIFT_PEER_DRIVER_H
#define SWIFT_PEER_DRIVER_H

#include <stdbool.h>

#include "swift_peer.h"
#include "swift_peer_port.h"

#ifdef __cplusplus
extern "C" {
#endif

// The certificate that peers of one process share, and its key. 0 where there is none yet; otherwise the certificate's length. The
// buffers hold 32 and SWIFT_PEER_CERTIFICATE_SIZE bytes.
#define SWIFT_PEER_CERTIFICATE_SIZE 512
size_t swift_peer_shared_identity(uint8_t *key, uint8_t *certificate);
// The first that is kept stays. From any thread.
void swift_peer_share_identity(const uint8_t *key, const uint8_t *certificate, size_t certificate_size);

// An esp_peer_dtls_cipher_pref_t.
int swift_peer_cipher_preference(void);
void swift_peer_set_cipher_preference(int preference);

// Whether the peer that is worked for has memory for another piece of work: a datagram, a callback. Always where it has no arena.
bool swift_peer_has_reserve(void);

#ifdef __cplusplus
}
#endif

#endif
