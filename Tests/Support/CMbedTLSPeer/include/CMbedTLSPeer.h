// mbedTLS's own DTLS as a test peer: in memory, on a clock that the test sets.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct mbedtls_peer mbedtls_peer;

// With an ECDSA P-256 key and a certificate of mbedTLS's making. `mtu` 0: none.
mbedtls_peer *mbedtls_peer_create(int is_server, int uses_cookie, uint32_t seed, size_t mtu);
void mbedtls_peer_free(mbedtls_peer *peer);

// The certificate in DER; returns its size.
size_t mbedtls_peer_certificate(const mbedtls_peer *peer, uint8_t *output, size_t capacity);

void mbedtls_peer_set_time(mbedtls_peer *peer, uint32_t milliseconds);
// When the handshake's timer is due, or UINT32_MAX.
uint32_t mbedtls_peer_deadline(const mbedtls_peer *peer);
// One datagram from the network.
void mbedtls_peer_receive(mbedtls_peer *peer, const uint8_t *datagram, size_t size);
// Goes on until there is nothing more to read: 0, or mbedTLS's error.
int mbedtls_peer_step(mbedtls_peer *peer);
// The next datagram to the network; its size, or 0.
size_t mbedtls_peer_transmit(mbedtls_peer *peer, uint8_t *output, size_t capacity);

int mbedtls_peer_is_connected(const mbedtls_peer *peer);
int mbedtls_peer_send(mbedtls_peer *peer, const uint8_t *data, size_t size);
int mbedtls_peer_close(mbedtls_peer *peer);
// All application data received so far, joined; its size.
size_t mbedtls_peer_received(const mbedtls_peer *peer, uint8_t *output, size_t capacity);
// The SRTP profile negotiated, or 0.
int mbedtls_peer_srtp_profile(const mbedtls_peer *peer);
int mbedtls_peer_export(const mbedtls_peer *peer, const char *label, uint8_t *output, size_t size);

// mbedTLS's own AES-GCM, to compare with: encrypts in place and writes the 16-byte tag.
int mbedtls_peer_gcm(int bits, const uint8_t *key, const uint8_t *nonce, const uint8_t *header, size_t header_size,
                     uint8_t *data, size_t size, uint8_t *tag);
