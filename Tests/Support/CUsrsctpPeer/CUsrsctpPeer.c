#define _GNU_SOURCE
#include "CUsrsctpPeer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <usrsctp.h>

// usrsctp compares timers, which we tell, with the wall clock, which runs slower than a test: chunks look too
// young to be sent again. So within our calls the wall clock is the told time as well; everyone else gets the real one.
static _Thread_local int inside;
static uint64_t told_milliseconds = 1000000000;

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  if (inside) {
    time->tv_sec = (time_t)(told_milliseconds / 1000);
    time->tv_usec = (suseconds_t)(told_milliseconds % 1000 * 1000);
    return 0;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

struct guard {
  int dummy;
};
static void leave(struct guard *guard) {
  (void)guard;
  inside--;
}
#define INSIDE __attribute__((cleanup(leave), unused)) struct guard guard = {inside++}

struct packet {
  struct packet *next;
  size_t size;
  uint8_t bytes[];
};

struct usrsctp_peer {
  struct socket *listener;
  struct socket *socket;
  struct packet *first, **last;
  int up, down, incoming_resets, outgoing_resets;
  uint8_t *partial;
  size_t partial_size;
};

static int output(void *address, void *buffer, size_t size, uint8_t tos, uint8_t set_df) {
  (void)tos;
  (void)set_df;
  usrsctp_peer *peer = address;
  struct packet *packet = malloc(sizeof *packet + size);
  packet->next = NULL;
  packet->size = size;
  memcpy(packet->bytes, buffer, size);
  *peer->last = packet;
  peer->last = &packet->next;
  return 0;
}

static void configure(struct socket *s) {
  int on = 1, size = 4 << 20;
  usrsctp_set_non_blocking(s, 1);
  struct linger linger = {1, 0};
  usrsctp_setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  usrsctp_setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  usrsctp_setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
  usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on);
  struct sctp_assoc_value reset = {SCTP_ALL_ASSOC, SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ};
  usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &reset, sizeof reset);
  struct sctp_initmsg init = {1024, 1024, 0, 0};
  usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
  uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_SHUTDOWN_EVENT};
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    struct sctp_event event = {SCTP_ALL_ASSOC, events[i], 1};
    usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event);
  }
}

static struct sockaddr_conn address_of(usrsctp_peer *peer) {
  struct sockaddr_conn address = {0};
  address.sconn_family = AF_CONN;
  address.sconn_port = htons(5000);
  address.sconn_addr = peer;
  return address;
}

usrsctp_peer *peer_create(int listens) {
  INSIDE;
  static int initialized = 0;
  if (!initialized) {
    usrsctp_init_nothreads(0, output, NULL);
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_asconf_enable(0);
    usrsctp_sysctl_set_sctp_auth_enable(0);
    usrsctp_sysctl_set_sctp_nr_outgoing_streams_default(1024);
    initialized = 1;
  }
  usrsctp_peer *peer = calloc(1, sizeof *peer);
  peer->last = &peer->first;
  usrsctp_register_address(peer);
  struct socket *s = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  configure(s);
  struct sockaddr_conn address = address_of(peer);
  usrsctp_bind(s, (struct sockaddr *)&address, sizeof address);
  if (listens) {
    usrsctp_listen(s, 1);
    peer->listener = s;
  } else {
    peer->socket = s;
  }
  return peer;
}

void peer_destroy(usrsctp_peer *peer) {
  INSIDE;
  if (peer->socket) usrsctp_close(peer->socket);
  if (peer->listener) usrsctp_close(peer->listener);
  usrsctp_deregister_address(peer);
  while (peer->first) {
    struct packet *next = peer->first->next;
    free(peer->first);
    peer->first = next;
  }
  free(peer->partial);
  free(peer);
}

int peer_connect(usrsctp_peer *peer) {
  INSIDE;
  struct sockaddr_conn address = address_of(peer);
  if (usrsctp_connect(peer->socket, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) return 0;
  return -errno;
}

void peer_input(usrsctp_peer *peer, const uint8_t *bytes, size_t size) {
  INSIDE;
  usrsctp_conninput(peer, bytes, size, 0);
  if (peer->listener && !peer->socket) {
    peer->socket = usrsctp_accept(peer->listener, NULL, NULL);
    if (peer->socket) {
      usrsctp_set_non_blocking(peer->socket, 1);
      peer->up = 1;
    }
  }
}

size_t peer_output(usrsctp_peer *peer, uint8_t *bytes, size_t capacity) {
  struct packet *packet = peer->first;
  if (!packet || packet->size > capacity) return 0;
  peer->first = packet->next;
  if (!peer->first) peer->last = &peer->first;
  size_t size = packet->size;
  memcpy(bytes, packet->bytes, size);
  free(packet);
  return size;
}

void peer_advance(uint32_t milliseconds) {
  INSIDE;
  told_milliseconds += milliseconds;
  usrsctp_handle_timers(milliseconds);
}

int peer_send(usrsctp_peer *peer, const uint8_t *bytes, size_t size, uint16_t stream, uint32_t ppid, int unordered,
              int policy, uint32_t value) {
  INSIDE;
  struct sctp_sendv_spa spa = {0};
  spa.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  spa.sendv_sndinfo.snd_sid = stream;
  spa.sendv_sndinfo.snd_ppid = htonl(ppid);
  spa.sendv_sndinfo.snd_flags = unordered ? SCTP_UNORDERED : 0;
  if (policy != PEER_RELIABLE) {
    spa.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    spa.sendv_prinfo.pr_policy = policy == PEER_LIFETIME ? SCTP_PR_SCTP_TTL : SCTP_PR_SCTP_RTX;
    spa.sendv_prinfo.pr_value = value;
  }
  ssize_t sent = usrsctp_sendv(peer->socket, bytes, size, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0);
  if (sent < 0) return -errno;
  return (size_t)sent == size ? 0 : -EMSGSIZE;
}

static void notified(usrsctp_peer *peer, const union sctp_notification *note) {
  switch (note->sn_header.sn_type) {
  case SCTP_ASSOC_CHANGE:
    if (note->sn_assoc_change.sac_state == SCTP_COMM_UP) peer->up = 1;
    if (note->sn_assoc_change.sac_state == SCTP_COMM_LOST || note->sn_assoc_change.sac_state == SCTP_SHUTDOWN_COMP)
      peer->down = 1;
    break;
  case SCTP_SHUTDOWN_EVENT:
    peer->down = 1;
    break;
  case SCTP_STREAM_RESET_EVENT:
    if (note->sn_strreset_event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) peer->incoming_resets++;
    if (note->sn_strreset_event.strreset_flags & SCTP_STREAM_RESET_OUTGOING_SSN &&
        !(note->sn_strreset_event.strreset_flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)))
      peer->outgoing_resets++;
    break;
  }
}

long peer_receive(usrsctp_peer *peer, uint8_t *bytes, size_t capacity, uint16_t *stream, uint32_t *ppid, int *unordered) {
  INSIDE;
  if (!peer->socket) return -1;
  if (!peer->partial) peer->partial = malloc(1 << 20);
  for (;;) {
    struct sctp_rcvinfo info = {0};
    socklen_t info_size = sizeof info, from_size = 0;
    unsigned type = 0;
    int flags = 0;
    ssize_t got = usrsctp_recvv(peer->socket, peer->partial + peer->partial_size, (1 << 20) - peer->partial_size, NULL,
                                &from_size, &info, &info_size, &type, &flags);
    if (got <= 0) {
      if (got == 0) peer->down = 1;
      return -1;
    }
    if (flags & MSG_NOTIFICATION) {
      notified(peer, (union sctp_notification *)(peer->partial + peer->partial_size));
      continue;
    }
    peer->partial_size += (size_t)got;
    if (!(flags & MSG_EOR)) continue;
    size_t size = peer->partial_size;
    peer->partial_size = 0;
    if (size > capacity) return -2;
    memcpy(bytes, peer->partial, size);
    *stream = info.rcv_sid;
    *ppid = ntohl(info.rcv_ppid);
    *unordered = (info.rcv_flags & SCTP_UNORDERED) != 0;
    return (long)size;
  }
}

int peer_reset(usrsctp_peer *peer, uint16_t stream) {
  INSIDE;
  size_t size = sizeof(struct sctp_reset_streams) + sizeof(uint16_t);
  struct sctp_reset_streams *request = calloc(1, size);
  request->srs_flags = SCTP_STREAM_RESET_OUTGOING;
  request->srs_number_streams = 1;
  request->srs_stream_list[0] = stream;
  int result = usrsctp_setsockopt(peer->socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, request, (socklen_t)size);
  free(request);
  return result < 0 ? -errno : 0;
}

int peer_shutdown(usrsctp_peer *peer) {
  INSIDE;
  return usrsctp_shutdown(peer->socket, SHUT_WR) < 0 ? -errno : 0;
}

int peer_is_up(const usrsctp_peer *peer) { return peer->up; }
int peer_is_down(const usrsctp_peer *peer) { return peer->down; }
int peer_incoming_resets(const usrsctp_peer *peer) { return peer->incoming_resets; }
int peer_outgoing_resets(const usrsctp_peer *peer) { return peer->outgoing_resets; }
