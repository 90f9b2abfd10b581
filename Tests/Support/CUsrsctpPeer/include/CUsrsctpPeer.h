// usrsctp as a peer in the same process: no threads, no sockets, time told in milliseconds. For tests alone.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct usrsctp_peer usrsctp_peer;

// A socket bound to port 5000 of an address of its own. `listens` or it is to be connected.
usrsctp_peer *peer_create(int listens);
void peer_destroy(usrsctp_peer *peer);

int peer_connect(usrsctp_peer *peer);
// Takes a packet in; whatever answers it can then be taken out.
void peer_input(usrsctp_peer *peer, const uint8_t *bytes, size_t size);
// The next packet to leave, or 0.
size_t peer_output(usrsctp_peer *peer, uint8_t *bytes, size_t capacity);
// Lets time pass, for every peer.
void peer_advance(uint32_t milliseconds);

enum { PEER_RELIABLE = 0, PEER_LIFETIME = 1, PEER_RETRANSMITS = 2 };
// 0, or a negative errno.
int peer_send(usrsctp_peer *peer, const uint8_t *bytes, size_t size, uint16_t stream, uint32_t ppid, int unordered,
              int policy, uint32_t value);
// A whole message; returns its size, or a negative number where there is none.
long peer_receive(usrsctp_peer *peer, uint8_t *bytes, size_t capacity, uint16_t *stream, uint32_t *ppid, int *unordered);
int peer_reset(usrsctp_peer *peer, uint16_t stream);
int peer_shutdown(usrsctp_peer *peer);

int peer_is_up(const usrsctp_peer *peer);
int peer_is_down(const usrsctp_peer *peer);
// Streams that the other side reset, and ours that it let us reset.
int peer_incoming_resets(const usrsctp_peer *peer);
int peer_outgoing_resets(const usrsctp_peer *peer);
