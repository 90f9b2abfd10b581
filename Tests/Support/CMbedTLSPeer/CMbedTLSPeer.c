#include "CMbedTLSPeer.h"

#include <mbedtls/ecp.h>
#include <mbedtls/gcm.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE = 64, DATAGRAM = 2048 };

typedef struct {
  uint8_t bytes[QUEUE][DATAGRAM];
  size_t sizes[QUEUE];
  unsigned head, tail;
} queue;

static void push(queue *q, const uint8_t *data, size_t size) {
  if (q->tail - q->head == QUEUE || size > DATAGRAM) return;
  memcpy(q->bytes[q->tail % QUEUE], data, size);
  q->sizes[q->tail++ % QUEUE] = size;
}

static size_t pop(queue *q, uint8_t *output, size_t capacity) {
  if (q->head == q->tail || q->sizes[q->head % QUEUE] > capacity) return 0;
  size_t size = q->sizes[q->head % QUEUE];
  memcpy(output, q->bytes[q->head++ % QUEUE], size);
  return size;
}

struct mbedtls_peer {
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config config;
  mbedtls_pk_context key;
  mbedtls_x509_crt certificate;
  mbedtls_ssl_cookie_ctx cookie;
  uint32_t random, now, intermediate, final;
  int timer, connected;
  queue incoming, outgoing;
  uint8_t received[4096];
  size_t received_size;
  uint8_t master[48], randoms[64];
  mbedtls_tls_prf_types prf;
};

static int draw(void *opaque, unsigned char *output, size_t size) {
  mbedtls_peer *peer = opaque;
  for (size_t i = 0; i < size; i++) {
    peer->random = peer->random * 1664525u + 1013904223u;
    output[i] = peer->random >> 24;
  }
  return 0;
}

static int send_datagram(void *opaque, const unsigned char *data, size_t size) {
  push(&((mbedtls_peer *)opaque)->outgoing, data, size);
  return (int)size;
}

static int receive_datagram(void *opaque, unsigned char *output, size_t capacity) {
  size_t size = pop(&((mbedtls_peer *)opaque)->incoming, output, capacity);
  return size > 0 ? (int)size : MBEDTLS_ERR_SSL_WANT_READ;
}

static void set_timer(void *opaque, uint32_t intermediate, uint32_t final) {
  mbedtls_peer *peer = opaque;
  peer->timer = final != 0;
  peer->intermediate = peer->now + intermediate;
  peer->final = peer->now + final;
}

static int get_timer(void *opaque) {
  mbedtls_peer *peer = opaque;
  return !peer->timer ? -1 : peer->now >= peer->final ? 2 : peer->now >= peer->intermediate ? 1 : 0;
}

static int keep_keys(void *opaque, const unsigned char *master, const unsigned char *block, size_t mac, size_t key,
                     size_t iv, const unsigned char client[32], const unsigned char server[32],
                     mbedtls_tls_prf_types prf) {
  mbedtls_peer *peer = opaque;
  (void)block, (void)mac, (void)key, (void)iv;
  memcpy(peer->master, master, 48);
  memcpy(peer->randoms, client, 32);
  memcpy(peer->randoms + 32, server, 32);
  peer->prf = prf;
  return 0;
}

static int make_certificate(mbedtls_peer *peer) {
  mbedtls_x509write_cert writer;
  mbedtls_mpi serial;
  uint8_t der[1024];
  mbedtls_x509write_crt_init(&writer);
  mbedtls_mpi_init(&serial);
  int result = mbedtls_pk_setup(&peer->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  if (result == 0) result = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(peer->key), draw, peer);
  mbedtls_mpi_lset(&serial, 7);
  mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(&writer, &peer->key);
  mbedtls_x509write_crt_set_issuer_key(&writer, &peer->key);
  if (result == 0) result = mbedtls_x509write_crt_set_serial(&writer, &serial);
  if (result == 0) result = mbedtls_x509write_crt_set_subject_name(&writer, "CN=mbedTLS");
  if (result == 0) result = mbedtls_x509write_crt_set_issuer_name(&writer, "CN=mbedTLS");
  if (result == 0) result = mbedtls_x509write_crt_set_validity(&writer, "20000101000000", "20491231235959");
  if (result == 0) {
    int size = mbedtls_x509write_crt_der(&writer, der, sizeof der, draw, peer);
    result = size < 0 ? size : mbedtls_x509_crt_parse_der(&peer->certificate, der + sizeof der - size, (size_t)size);
  }
  mbedtls_mpi_free(&serial);
  mbedtls_x509write_crt_free(&writer);
  return result;
}

mbedtls_peer *mbedtls_peer_create(int is_server, int uses_cookie, uint32_t seed, size_t mtu) {
  static const mbedtls_ssl_srtp_profile profiles[] = {MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80, MBEDTLS_TLS_SRTP_UNSET};
  mbedtls_peer *peer = calloc(1, sizeof *peer);
  peer->random = seed;
  mbedtls_ssl_init(&peer->ssl);
  mbedtls_ssl_config_init(&peer->config);
  mbedtls_pk_init(&peer->key);
  mbedtls_x509_crt_init(&peer->certificate);
  mbedtls_ssl_cookie_init(&peer->cookie);
  int result = make_certificate(peer);
  if (result == 0) {
    result = mbedtls_ssl_config_defaults(&peer->config, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
  }
  mbedtls_ssl_conf_rng(&peer->config, draw, peer);
  mbedtls_ssl_conf_authmode(&peer->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
  mbedtls_ssl_conf_ca_chain(&peer->config, &peer->certificate, NULL);
  if (result == 0) result = mbedtls_ssl_conf_own_cert(&peer->config, &peer->certificate, &peer->key);
  if (result == 0) result = mbedtls_ssl_conf_dtls_srtp_protection_profiles(&peer->config, profiles);
  mbedtls_ssl_conf_export_keys_ext_cb(&peer->config, keep_keys, peer);
  mbedtls_ssl_conf_handshake_timeout(&peer->config, 100, 6400);
  if (is_server && uses_cookie) {
    if (result == 0) result = mbedtls_ssl_cookie_setup(&peer->cookie, draw, peer);
    mbedtls_ssl_conf_dtls_cookies(&peer->config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &peer->cookie);
  } else if (is_server) {
    mbedtls_ssl_conf_dtls_cookies(&peer->config, NULL, NULL, NULL);
  }
  if (result == 0) result = mbedtls_ssl_setup(&peer->ssl, &peer->config);
  if (result == 0 && is_server) {
    result = mbedtls_ssl_set_client_transport_id(&peer->ssl, (const unsigned char *)"client", 6);
  }
  if (mtu > 0) mbedtls_ssl_set_mtu(&peer->ssl, (uint16_t)mtu);
  mbedtls_ssl_set_bio(&peer->ssl, peer, send_datagram, receive_datagram, NULL);
  mbedtls_ssl_set_timer_cb(&peer->ssl, peer, set_timer, get_timer);
  if (result == 0) return peer;
  mbedtls_peer_free(peer);
  return NULL;
}

void mbedtls_peer_free(mbedtls_peer *peer) {
  mbedtls_ssl_free(&peer->ssl);
  mbedtls_ssl_config_free(&peer->config);
  mbedtls_pk_free(&peer->key);
  mbedtls_x509_crt_free(&peer->certificate);
  mbedtls_ssl_cookie_free(&peer->cookie);
  free(peer);
}

size_t mbedtls_peer_certificate(const mbedtls_peer *peer, uint8_t *output, size_t capacity) {
  if (peer->certificate.raw.len > capacity) return 0;
  memcpy(output, peer->certificate.raw.p, peer->certificate.raw.len);
  return peer->certificate.raw.len;
}

void mbedtls_peer_set_time(mbedtls_peer *peer, uint32_t milliseconds) { peer->now = milliseconds; }

uint32_t mbedtls_peer_deadline(const mbedtls_peer *peer) { return peer->timer ? peer->final : UINT32_MAX; }

void mbedtls_peer_receive(mbedtls_peer *peer, const uint8_t *datagram, size_t size) {
  push(&peer->incoming, datagram, size);
}

int mbedtls_peer_step(mbedtls_peer *peer) {
  while (1) {
    int result;
    if (!peer->connected) {
      result = mbedtls_ssl_handshake(&peer->ssl);
      if (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
        mbedtls_ssl_session_reset(&peer->ssl);
        mbedtls_ssl_set_client_transport_id(&peer->ssl, (const unsigned char *)"client", 6);
        continue;
      }
      if (result == 0) {
        peer->connected = 1;
        continue;
      }
    } else {
      size_t room = sizeof peer->received - peer->received_size;
      result = mbedtls_ssl_read(&peer->ssl, peer->received + peer->received_size, room);
      if (result > 0) {
        peer->received_size += (size_t)result;
        continue;
      }
    }
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE ? 0 : result;
  }
}

size_t mbedtls_peer_transmit(mbedtls_peer *peer, uint8_t *output, size_t capacity) {
  return pop(&peer->outgoing, output, capacity);
}

int mbedtls_peer_is_connected(const mbedtls_peer *peer) { return peer->connected; }

int mbedtls_peer_send(mbedtls_peer *peer, const uint8_t *data, size_t size) {
  return mbedtls_ssl_write(&peer->ssl, data, size);
}

int mbedtls_peer_close(mbedtls_peer *peer) { return mbedtls_ssl_close_notify(&peer->ssl); }

size_t mbedtls_peer_received(const mbedtls_peer *peer, uint8_t *output, size_t capacity) {
  size_t size = peer->received_size < capacity ? peer->received_size : capacity;
  memcpy(output, peer->received, size);
  return size;
}

int mbedtls_peer_srtp_profile(const mbedtls_peer *peer) {
  mbedtls_dtls_srtp_info info;
  mbedtls_ssl_get_dtls_srtp_negotiation_result(&peer->ssl, &info);
  return info.chosen_dtls_srtp_profile;
}

int mbedtls_peer_export(const mbedtls_peer *peer, const char *label, uint8_t *output, size_t size) {
  return mbedtls_ssl_tls_prf(peer->prf, peer->master, 48, label, peer->randoms, 64, output, size);
}

int mbedtls_peer_gcm(int bits, const uint8_t *key, const uint8_t *nonce, const uint8_t *header, size_t header_size,
                     uint8_t *data, size_t size, uint8_t *tag) {
  mbedtls_gcm_context context;
  mbedtls_gcm_init(&context);
  int result = mbedtls_gcm_setkey(&context, MBEDTLS_CIPHER_ID_AES, key, (unsigned)bits);
  if (result == 0) {
    result = mbedtls_gcm_crypt_and_tag(&context, MBEDTLS_GCM_ENCRYPT, size, nonce, 12, header, header_size, data, data,
                                       16, tag);
  }
  mbedtls_gcm_free(&context);
  return result;
}
