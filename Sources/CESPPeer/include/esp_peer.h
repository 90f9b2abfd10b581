// esp_peer 1.5.4's programming interface: a peer connection behind a table of functions.
//
// Open a peer, call `esp_peer_main_loop` again and again from one task, and ask for a connection; everything else is told by
// the callbacks of the configuration, which are called from within `esp_peer_main_loop` alone.
#ifndef ESP_PEER_H
#define ESP_PEER_H

#include "esp_peer_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  ESP_PEER_STATE_CLOSED = 0,
  // The connection was lost, or ended by either side.
  ESP_PEER_STATE_DISCONNECTED = 1,
  ESP_PEER_STATE_NEW_CONNECTION = 2,
  ESP_PEER_STATE_CANDIDATE_GATHERING = 3,
  // Both descriptions are known: connectivity checks run.
  ESP_PEER_STATE_PAIRING = 4,
  ESP_PEER_STATE_PAIRED = 5,
  // The DTLS handshake runs.
  ESP_PEER_STATE_CONNECTING = 6,
  ESP_PEER_STATE_CONNECTED = 7,
  ESP_PEER_STATE_CONNECT_FAILED = 8,
  // SCTP is up: channels can be made.
  ESP_PEER_STATE_DATA_CHANNEL_CONNECTED = 9,
  ESP_PEER_STATE_DATA_CHANNEL_OPENED = 10,
  ESP_PEER_STATE_DATA_CHANNEL_CLOSED = 11,
  ESP_PEER_STATE_DATA_CHANNEL_DISCONNECTED = 12,
  ESP_PEER_STATE_REMOTE_AUDIO_TRACK_ADDED = 13,
  ESP_PEER_STATE_REMOTE_AUDIO_TRACK_REMOVED = 14,
  ESP_PEER_STATE_REMOTE_VIDEO_TRACK_ADDED = 15,
  ESP_PEER_STATE_REMOTE_VIDEO_TRACK_REMOVED = 16,
  // The other side needs a key frame.
  ESP_PEER_STATE_VIDEO_PLI_RECEIVED = 17,
} esp_peer_state_t;

typedef enum {
  ESP_PEER_VIDEO_CODEC_NONE = 0,
  ESP_PEER_VIDEO_CODEC_H264 = 1,
  ESP_PEER_VIDEO_CODEC_MJPEG = 2,
} esp_peer_video_codec_t;

typedef enum {
  ESP_PEER_AUDIO_CODEC_NONE = 0,
  ESP_PEER_AUDIO_CODEC_G711A = 1,
  ESP_PEER_AUDIO_CODEC_G711U = 2,
  ESP_PEER_AUDIO_CODEC_OPUS = 3,
} esp_peer_audio_codec_t;

typedef enum {
  ESP_PEER_DATA_CHANNEL_NONE = 0,
  ESP_PEER_DATA_CHANNEL_DATA = 1,
  ESP_PEER_DATA_CHANNEL_STRING = 2,
} esp_peer_data_channel_type_t;

typedef enum {
  ESP_PEER_MEDIA_DIR_NONE = 0,
  ESP_PEER_MEDIA_DIR_SEND_ONLY = (1 << 0),
  ESP_PEER_MEDIA_DIR_RECV_ONLY = (1 << 1),
  ESP_PEER_MEDIA_DIR_SEND_RECV = (ESP_PEER_MEDIA_DIR_SEND_ONLY | ESP_PEER_MEDIA_DIR_RECV_ONLY),
} esp_peer_media_dir_t;

typedef enum {
  ESP_PEER_ICE_TRANS_POLICY_ALL = 0,
  ESP_PEER_ICE_TRANS_POLICY_RELAY = 1,
} esp_peer_ice_trans_policy_t;

typedef enum {
  ESP_PEER_MSG_TYPE_NONE,
  ESP_PEER_MSG_TYPE_SDP,
  // One candidate, as the value or the whole of an `a=candidate` line; an empty one ends them.
  ESP_PEER_MSG_TYPE_CANDIDATE,
} esp_peer_msg_type_t;

typedef enum {
  ESP_PEER_DATA_CHANNEL_RELIABLE,
  // Given up after `max_packet_lifetime` milliseconds.
  ESP_PEER_DATA_CHANNEL_PARTIAL_RELIABLE_TIMEOUT,
  // Given up after `max_retransmit_count` repetitions.
  ESP_PEER_DATA_CHANNEL_PARTIAL_RELIABLE_RETX,
} esp_peer_data_channel_reliable_type_t;

typedef enum {
  ESP_PEER_RTP_TRANSFORM_ROLE_SENDER,
  ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER,
} esp_peer_rtp_transform_role_t;

typedef struct {
  esp_peer_video_codec_t codec;
  int width;
  int height;
  int fps;
} esp_peer_video_stream_info_t;

typedef struct {
  esp_peer_audio_codec_t codec;
  uint32_t sample_rate;
  uint8_t channel;
} esp_peer_audio_stream_info_t;

// An H264 access unit in Annex B, or a JPEG image; `pts` in milliseconds.
typedef struct {
  uint32_t pts;
  uint8_t *data;
  int size;
} esp_peer_video_frame_t;

// G.711 samples, or an Opus packet; `pts` in milliseconds.
typedef struct {
  uint32_t pts;
  uint8_t *data;
  int size;
} esp_peer_audio_frame_t;

// A whole message of a data channel.
typedef struct {
  esp_peer_data_channel_type_t type;
  uint16_t stream_id;
  uint8_t *data;
  int size;
} esp_peer_data_frame_t;

// What the two sides have to be told of each other, by whatever signalling there is.
typedef struct {
  esp_peer_msg_type_t type;
  uint8_t *data;
  int size;
} esp_peer_msg_t;

typedef struct {
  esp_peer_data_channel_reliable_type_t type;
  bool ordered;
  char *label;
  union {
    uint16_t max_retransmit_count;
    uint16_t max_packet_lifetime;
  };
} esp_peer_data_channel_cfg_t;

typedef struct {
  const char *label;
  uint16_t stream_id;
} esp_peer_data_channel_info_t;

typedef void *esp_peer_handle_t;

// Everything is copied by `esp_peer_open`. What a callback is given is the peer's own, until the callback returns.
typedef struct {
  esp_peer_ice_server_cfg_t *server_lists;
  uint8_t server_num;
  esp_peer_role_t role;
  esp_peer_ice_trans_policy_t ice_trans_policy;
  esp_peer_audio_stream_info_t audio_info;
  esp_peer_video_stream_info_t video_info;
  esp_peer_media_dir_t audio_dir;
  esp_peer_media_dir_t video_dir;
  // Whether a connection that failed stays so. Otherwise another one is begun.
  bool no_auto_reconnect;
  bool enable_data_channel;
  // Whether there are no channels but those that are asked for. Otherwise the side that is SCTP's client opens one.
  bool manual_ch_create;
  // An `esp_peer_default_cfg_t` for the default implementation.
  void *extra_cfg;
  int extra_size;
  // Handed to every callback.
  void *ctx;
  int (*on_state)(esp_peer_state_t state, void *ctx);
  int (*on_msg)(esp_peer_msg_t *info, void *ctx);
  int (*on_video_info)(esp_peer_video_stream_info_t *info, void *ctx);
  int (*on_audio_info)(esp_peer_audio_stream_info_t *info, void *ctx);
  int (*on_audio_data)(esp_peer_audio_frame_t *frame, void *ctx);
  int (*on_video_data)(esp_peer_video_frame_t *frame, void *ctx);
  int (*on_channel_open)(esp_peer_data_channel_info_t *ch, void *ctx);
  int (*on_data)(esp_peer_data_frame_t *frame, void *ctx);
  int (*on_channel_close)(esp_peer_data_channel_info_t *ch, void *ctx);
} esp_peer_cfg_t;

// An implementation. One that lacks a function leaves it NULL.
typedef struct {
  int (*open)(esp_peer_cfg_t *cfg, esp_peer_handle_t *peer);
  int (*new_connection)(esp_peer_handle_t peer);
  int (*update_ice_info)(esp_peer_handle_t peer, esp_peer_role_t role, esp_peer_ice_server_cfg_t *server, int server_num);
  int (*send_msg)(esp_peer_handle_t peer, esp_peer_msg_t *msg);
  int (*send_video)(esp_peer_handle_t peer, esp_peer_video_frame_t *frame);
  int (*send_audio)(esp_peer_handle_t peer, esp_peer_audio_frame_t *frame);
  int (*send_data)(esp_peer_handle_t peer, esp_peer_data_frame_t *frame);
  int (*create_data_channel)(esp_peer_handle_t peer, esp_peer_data_channel_cfg_t *ch_cfg);
  int (*close_data_channel)(esp_peer_handle_t peer, const char *label);
  int (*main_loop)(esp_peer_handle_t peer);
  int (*disconnect)(esp_peer_handle_t peer);
  void (*query)(esp_peer_handle_t peer);
  int (*close)(esp_peer_handle_t peer);
  int (*set_rtp_transformer)(esp_peer_handle_t handle, esp_peer_rtp_transform_role_t role,
                             esp_peer_rtp_transform_cb_t *transform_cb, void *ctx);
} esp_peer_ops_t;

// Makes a peer. `*ops` is copied.
int esp_peer_open(esp_peer_cfg_t *cfg, const esp_peer_ops_t *ops, esp_peer_handle_t *peer);

// Gathers candidates, then gives the local description to `on_msg`: the controlling side's is the offer; the controlled
// side's is the answer, and follows the offer of the other.
int esp_peer_new_connection(esp_peer_handle_t peer);

int esp_peer_create_data_channel(esp_peer_handle_t peer, esp_peer_data_channel_cfg_t *ch_cfg);

int esp_peer_close_data_channel(esp_peer_handle_t peer, const char *label);

// Role and servers of the connections that begin from now on.
int esp_peer_update_ice_info(esp_peer_handle_t peer, esp_peer_role_t role, esp_peer_ice_server_cfg_t *server, int server_num);

// Frames of one direction pass through `transform_cb` from now on; NULL: they pass as they are.
int esp_peer_set_rtp_transformer(esp_peer_handle_t handle, esp_peer_rtp_transform_role_t role,
                                 esp_peer_rtp_transform_cb_t *transform_cb, void *ctx);

// Takes what the other side's `on_msg` was given.
int esp_peer_send_msg(esp_peer_handle_t peer, esp_peer_msg_t *msg);

int esp_peer_send_video(esp_peer_handle_t peer, esp_peer_video_frame_t *frame);

int esp_peer_send_audio(esp_peer_handle_t peer, esp_peer_audio_frame_t *info);

// Takes the whole message, or nothing of it: ESP_PEER_ERR_WOULD_BLOCK where there is no room now.
int esp_peer_send_data(esp_peer_handle_t peer, esp_peer_data_frame_t *frame);

// Does what there is to do, and calls back. To be called again and again, by one task at a time; there is no thread inside.
int esp_peer_main_loop(esp_peer_handle_t peer);

// Ends the connection and tells the other side; another may follow.
int esp_peer_disconnect(esp_peer_handle_t peer);

// Logs what is known of the connection.
int esp_peer_query(esp_peer_handle_t peer);

// The other side's address, from ESP_PEER_STATE_PAIRED on.
int esp_peer_get_paired_addr(esp_peer_handle_t handle, esp_peer_addr_t *addr);

// Disconnects, then frees. No callback is running any more, nor will, when it returns; unless it is called by one.
int esp_peer_close(esp_peer_handle_t peer);

// Makes the certificate that all peers of this process will share, so that opening the first does not have to.
int esp_peer_pre_generate_cert(void);

#ifdef __cplusplus
}
#endif

#endif
