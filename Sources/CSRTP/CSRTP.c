#ifdef __linux__
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#endif

#include "CSRTP.h"
#include "NSSCipher.h"

#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_KEY = 32 + 14 };

struct csrtp_pair {
  srtp_t sending, receiving;
  int profile;
  size_t receive_window, send_window, key_size;
  // Master key and salt of each side, kept for clones.
  uint8_t local_key[LONGEST_KEY], remote_key[LONGEST_KEY];
};

static void wipe(void *data, size_t size) {
  volatile uint8_t *bytes = data;
  while (size-- > 0) *bytes++ = 0;
}

// A libsrtp2 that was built upon NSS (Debian's) asks it to save space: 32 lists for the keys of the whole process, walked several
// times a packet, which a thousand peers make hundreds of keys long. Whoever comes first decides that, so NSS is started here
// without the wish (NSS_INIT_OPTIMIZESPACE), and then has 1,024. Elsewhere nothing is found and nothing done.
static void start_cryptography(void) {
#ifdef __linux__
  enum { READ_ONLY = 1, NO_CERTIFICATES = 2, NO_MODULES = 4, FORCE_OPEN = 8, NO_ROOTS = 16 };
  typedef void *start(const char *, const char *, const char *, const char *, void *, uint32_t);
  start *found = (start *)dlsym(RTLD_DEFAULT, "NSS_InitContext");
  if (found != NULL) found("", "", "", "", NULL, READ_ONLY | NO_CERTIFICATES | NO_MODULES | FORCE_OPEN | NO_ROOTS);
#endif
}

static int is_started;

static void start(void) {
  start_cryptography();
  is_started = srtp_init() == srtp_err_status_ok;
  if (is_started) csrtp_use_message_interface();
}

// srtp_init() once a process, whichever thread comes first: a second call would report an error.
static int start_library(void) {
#ifdef __linux__
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
#else
  enum { UNTOUCHED, STARTING, TRIED };
  static int state = UNTOUCHED;
  int expected = UNTOUCHED;
  if (__atomic_compare_exchange_n(&state, &expected, STARTING, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    start();
    __atomic_store_n(&state, TRIED, __ATOMIC_RELEASE);
  }
  // The other task is done within milliseconds, once in the life of the process.
  while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != TRIED) {
  }
#endif
  return is_started;
}

static int create_session(srtp_t *session, const csrtp_pair *pair, srtp_ssrc_type_t direction) {
  srtp_policy_t policy;
  memset(&policy, 0, sizeof policy);
  int sends = direction == ssrc_any_outbound;
  if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, (srtp_profile_t)pair->profile) != srtp_err_status_ok ||
      srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, (srtp_profile_t)pair->profile) != srtp_err_status_ok)
    return 0;
  policy.ssrc.type = direction;
  policy.key = (unsigned char *)(sends ? pair->local_key : pair->remote_key);
  policy.window_size = sends ? pair->send_window : pair->receive_window;
  // A plain retransmission (RFC 4585 without RFC 4588) is the identical packet again.
  policy.allow_repeat_tx = sends;
  return srtp_create(session, &policy) == srtp_err_status_ok;
}

static csrtp_pair *open_sessions(csrtp_pair *pair) {
  if (!start_library() || !create_session(&pair->sending, pair, ssrc_any_outbound) ||
      !create_session(&pair->receiving, pair, ssrc_any_inbound)) {
    csrtp_free(pair);
    return NULL;
  }
  return pair;
}

csrtp_pair *csrtp_create(int profile, const uint8_t *local_key, const uint8_t *local_salt, const uint8_t *remote_key,
                         const uint8_t *remote_salt, size_t key_size, size_t salt_size, size_t receive_window,
                         size_t send_window) {
  if (key_size + salt_size > LONGEST_KEY) return NULL;
  csrtp_pair *pair = calloc(1, sizeof *pair);
  if (pair == NULL) return NULL;
  pair->profile = profile;
  pair->receive_window = receive_window;
  pair->send_window = send_window;
  pair->key_size = key_size + salt_size;
  memcpy(pair->local_key, local_key, key_size);
  memcpy(pair->local_key + key_size, local_salt, salt_size);
  memcpy(pair->remote_key, remote_key, key_size);
  memcpy(pair->remote_key + key_size, remote_salt, salt_size);
  return open_sessions(pair);
}

csrtp_pair *csrtp_create_bare(int profile, const uint8_t *local_key, const uint8_t *local_salt, const uint8_t *remote_key,
                              const uint8_t *remote_salt, size_t key_size, size_t salt_size, size_t receive_window,
                              size_t send_window) {
  if (!start_library()) return NULL;
  csrtp_prefer_own_ciphers(1);
  csrtp_pair *pair = csrtp_create(
      profile, local_key, local_salt, remote_key, remote_salt, key_size, salt_size, receive_window, send_window);
  csrtp_prefer_own_ciphers(0);
  return pair;
}

csrtp_pair *csrtp_clone(const csrtp_pair *pair, int mirrored) {
  csrtp_pair *clone = calloc(1, sizeof *clone);
  if (clone == NULL) return NULL;
  clone->profile = pair->profile;
  clone->receive_window = pair->receive_window;
  clone->send_window = pair->send_window;
  clone->key_size = pair->key_size;
  memcpy(clone->local_key, mirrored ? pair->remote_key : pair->local_key, pair->key_size);
  memcpy(clone->remote_key, mirrored ? pair->local_key : pair->remote_key, pair->key_size);
  return open_sessions(clone);
}

void csrtp_free(csrtp_pair *pair) {
  if (pair == NULL) return;
  // libsrtp2 wipes what it derived from the keys.
  if (pair->sending != NULL) srtp_dealloc(pair->sending);
  if (pair->receiving != NULL) srtp_dealloc(pair->receiving);
  wipe(pair, sizeof *pair);
  free(pair);
}

static int result(srtp_err_status_t status, int size) {
  switch (status) {
    case srtp_err_status_ok: return size;
    // A wrong GCM tag is either, depending on the cryptographic library below.
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: return CSRTP_NOT_AUTHENTIC;
    default: return CSRTP_REFUSED;
  }
}

int csrtp_protect(csrtp_pair *pair, uint8_t *packet, int size) {
  srtp_err_status_t status = srtp_protect(pair->sending, packet, &size);
  return result(status, size);
}

int csrtp_protect_control(csrtp_pair *pair, uint8_t *packet, int size) {
  srtp_err_status_t status = srtp_protect_rtcp(pair->sending, packet, &size);
  return result(status, size);
}

int csrtp_unprotect(csrtp_pair *pair, uint8_t *packet, int size) {
  srtp_err_status_t status = srtp_unprotect(pair->receiving, packet, &size);
  return result(status, size);
}

int csrtp_unprotect_control(csrtp_pair *pair, uint8_t *packet, int size) {
  srtp_err_status_t status = srtp_unprotect_rtcp(pair->receiving, packet, &size);
  return result(status, size);
}

// A packet of either protocol with room behind it; aligned, as libsrtp2 reads words.
typedef union {
  uint32_t words[16];
  uint8_t bytes[64];
} throw_away;

enum { RTP_SIZE = 28, RTCP_SIZE = 16 };

static void put32(uint8_t *bytes, uint32_t value) {
  bytes[0] = (uint8_t)(value >> 24);
  bytes[1] = (uint8_t)(value >> 16);
  bytes[2] = (uint8_t)(value >> 8);
  bytes[3] = (uint8_t)value;
}

static void write_rtp(throw_away *packet, uint32_t ssrc, uint16_t sequence) {
  memset(packet, 0, sizeof *packet);
  put32(packet->bytes, 0x80000000u | sequence);
  put32(packet->bytes + 8, ssrc);
}

// srtp_set_stream_roc() wants a stream that exists, and takes effect with the stream's next packet.
static int send_at(csrtp_pair *pair, throw_away *packet, int first, uint32_t ssrc, uint32_t roll_over, uint16_t sequence) {
  int size = RTP_SIZE;
  write_rtp(packet, ssrc, sequence);
  if (!first && srtp_set_stream_roc(pair->sending, ssrc, roll_over) != srtp_err_status_ok) return -1;
  return srtp_protect(pair->sending, packet->bytes, &size) == srtp_err_status_ok ? size : -1;
}

int csrtp_resume_sending(csrtp_pair *pair, uint32_t ssrc, uint32_t roll_over, uint16_t sequence) {
  throw_away packet;
  if (roll_over > 0 && send_at(pair, &packet, 1, ssrc, 0, 0) < 0) return -1;
  return send_at(pair, &packet, roll_over == 0, ssrc, roll_over, sequence) < 0 ? -1 : 0;
}

int csrtp_resume_sending_control(csrtp_pair *pair, uint32_t ssrc, uint32_t index) {
  throw_away packet;
  for (uint32_t i = 0; i < index; i++) {
    int size = RTCP_SIZE;
    memset(&packet, 0, sizeof packet);
    put32(packet.bytes, 0x80c90003u);
    put32(packet.bytes + 4, ssrc);
    if (srtp_protect_rtcp(pair->sending, packet.bytes, &size) != srtp_err_status_ok) return -1;
  }
  return 0;
}

int csrtp_resume_receiving(csrtp_pair *pair, csrtp_pair *mirror, uint32_t ssrc, uint32_t roll_over, uint16_t sequence) {
  throw_away packet;
  if (roll_over > 0) {
    int size = send_at(mirror, &packet, 1, ssrc, 0, 0);
    if (size < 0 || srtp_unprotect(pair->receiving, packet.bytes, &size) != srtp_err_status_ok) return -1;
    if (srtp_set_stream_roc(pair->receiving, ssrc, roll_over) != srtp_err_status_ok) return -1;
  }
  int size = send_at(mirror, &packet, roll_over == 0, ssrc, roll_over, sequence);
  if (size < 0) return -1;
  return srtp_unprotect(pair->receiving, packet.bytes, &size) == srtp_err_status_ok ? 0 : -1;
}
