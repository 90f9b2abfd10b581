// The configuration of esp_peer 1.5.4's default implementation, which is ours here. A value of 0 means the default.
#ifndef ESP_PEER_DEFAULT_H
#define ESP_PEER_DEFAULT_H

#include "esp_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  // How long an unsent message of the channel that opens by itself is kept, in milliseconds: 5000.
  uint16_t cache_timeout;
  // What may wait to be sent and acknowledged, in bytes: 100 kB.
  uint32_t send_cache_size;
  // What may wait to be delivered, in bytes, and the largest message that is accepted: 100 kB.
  uint32_t recv_cache_size;
} esp_peer_default_data_ch_cfg_t;

typedef struct {
  // How long what follows a missing packet is held back, in milliseconds: 100.
  uint16_t cache_timeout;
  // How long a missing packet may be late before it is asked for, in milliseconds: 20.
  uint16_t resend_delay;
  // Asks for a key frame this often, in milliseconds; 0: only where one is needed.
  uint16_t pli_send_interval;
  // Bytes of packets kept: audio 100 kB, video 400 kB.
  uint32_t cache_size;
} esp_peer_default_jitter_cfg_t;

typedef struct {
  esp_peer_default_jitter_cfg_t audio_recv_jitter;
  esp_peer_default_jitter_cfg_t video_recv_jitter;
  // Bytes of packets that wait to be sent or are kept to be sent again: 400 kB.
  uint32_t send_pool_size;
  // How many packets: 256.
  uint32_t send_queue_num;
  // How often one packet is sent again at most: 3.
  uint16_t max_resend_count;
} esp_peer_default_rtp_cfg_t;

typedef struct {
  // How long a STUN server's answer is waited for at first, in milliseconds: 100. Each of the four attempts takes twice as long.
  uint16_t agent_recv_timeout;
  esp_peer_default_data_ch_cfg_t data_ch_cfg;
  esp_peer_default_rtp_cfg_t rtp_cfg;
  // Whether the role outlasts a connection. Otherwise the next one is controlling.
  bool keep_role;
  bool ipv6_support;
  bool tcp_support;
  // Of each side: 16.
  uint8_t max_candidates;
  uint8_t max_tcp_connections;
  // A connection is lost after so many unanswered checks of its path, one every six seconds: 5. 0xFF: never.
  uint8_t alive_binding_retries;
  bool ice_use_lite_mode;
  bool insecure_skip_turn_cert_verify;
} esp_peer_default_cfg_t;

// NULL where there is none.
const esp_peer_ops_t *esp_peer_get_default_impl(void);

typedef enum {
  ESP_PEER_DTLS_CIPHER_AUTO = 0,
  // AES-128-GCM and nothing else.
  ESP_PEER_DTLS_CIPHER_AES_GCM = 1,
  // ChaCha20-Poly1305 before AES-GCM: for chips without AES.
  ESP_PEER_DTLS_CIPHER_CHACHA = 2,
} esp_peer_dtls_cipher_pref_t;

// For the handshakes of this process that begin from now on. 0, or -1 for an unknown preference.
int esp_peer_set_dtls_cipher_pref(esp_peer_dtls_cipher_pref_t pref);

#ifdef __cplusplus
}
#endif

#endif
