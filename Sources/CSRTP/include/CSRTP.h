// The engine's whole view of libsrtp2: the two directions of one DTLS association behind an opaque pointer, scalars and
// bytes otherwise, so that no header of libsrtp2 reaches Swift. Calls on one pair must not overlap; different pairs are
// independent of each other.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct csrtp_pair csrtp_pair;

// `key` and `salt` of the local and the remote side for a DTLS-SRTP profile number (RFC 5764 section 4.1.2). The windows
// are in packets, multiples of 32. NULL: an unknown profile, no memory, or a libsrtp2 that refuses to start.
csrtp_pair *csrtp_create(int profile, const uint8_t *local_key, const uint8_t *local_salt, const uint8_t *remote_key,
                         const uint8_t *remote_salt, size_t key_size, size_t salt_size, size_t receive_window,
                         size_t send_window);

// As `csrtp_create`, but with libsrtp2's own ciphers whatever there is that is faster: what a measurement compares with.
csrtp_pair *csrtp_create_bare(int profile, const uint8_t *local_key, const uint8_t *local_salt, const uint8_t *remote_key,
                              const uint8_t *remote_salt, size_t key_size, size_t salt_size, size_t receive_window,
                              size_t send_window);

// A fresh pair under the same keys, or, mirrored, one that sends what the original receives. NULL: no memory.
csrtp_pair *csrtp_clone(const csrtp_pair *pair, int mirrored);

// Wipes the keys; NULL is allowed.
void csrtp_free(csrtp_pair *pair);

enum csrtp_result { CSRTP_REFUSED = -1, CSRTP_NOT_AUTHENTIC = -2 };

// In place. The new size, or a negative csrtp_result. Protection needs room behind the packet for index and tag.
int csrtp_protect(csrtp_pair *pair, uint8_t *packet, int size);
int csrtp_protect_control(csrtp_pair *pair, uint8_t *packet, int size);
int csrtp_unprotect(csrtp_pair *pair, uint8_t *packet, int size);
int csrtp_unprotect_control(csrtp_pair *pair, uint8_t *packet, int size);

// libsrtp2 has no way to set a stream's state, so these lead a fresh pair there with packets that go nowhere. 0: done.

// The highest packet index sent (RFC 3711 section 3.3.1) becomes `roll_over` * 65536 + `sequence`.
int csrtp_resume_sending(csrtp_pair *pair, uint32_t ssrc, uint32_t roll_over, uint16_t sequence);
// The latest SRTCP index sent becomes `index`; one throw-away packet for each.
int csrtp_resume_sending_control(csrtp_pair *pair, uint32_t ssrc, uint32_t index);
// The highest packet index received. `mirror` makes the packets, and its own state for `ssrc` moves along.
int csrtp_resume_receiving(csrtp_pair *pair, csrtp_pair *mirror, uint32_t ssrc, uint32_t roll_over, uint16_t sequence);
