// The functions of esp_peer.h over any table of them.
#include "esp_peer.h"

#include <stdlib.h>

typedef struct {
  esp_peer_ops_t ops;
  esp_peer_handle_t peer;
} wrapper;

// Calls a function of the table, or says what is in the way of that.
#define CALL(handle, name, ...)                                        \
  do {                                                                 \
    const wrapper *wrapped = (handle);                                 \
    if (!wrapped) return ESP_PEER_ERR_INVALID_ARG;                     \
    if (!wrapped->ops.name) return ESP_PEER_ERR_NOT_SUPPORT;           \
    return wrapped->ops.name(wrapped->peer __VA_OPT__(, ) __VA_ARGS__); \
  } while (0)

int esp_peer_open(esp_peer_cfg_t *cfg, const esp_peer_ops_t *ops, esp_peer_handle_t *peer) {
  if (!cfg || !ops || !peer || !ops->open) return ESP_PEER_ERR_INVALID_ARG;
  wrapper *wrapped = calloc(1, sizeof *wrapped);
  if (!wrapped) return ESP_PEER_ERR_NO_MEM;
  wrapped->ops = *ops;
  int result = ops->open(cfg, &wrapped->peer);
  if (result != ESP_PEER_ERR_NONE) {
    free(wrapped);
    return result;
  }
  *peer = wrapped;
  return ESP_PEER_ERR_NONE;
}

int esp_peer_new_connection(esp_peer_handle_t peer) { CALL(peer, new_connection); }

int esp_peer_create_data_channel(esp_peer_handle_t peer, esp_peer_data_channel_cfg_t *ch_cfg) {
  CALL(peer, create_data_channel, ch_cfg);
}

int esp_peer_close_data_channel(esp_peer_handle_t peer, const char *label) { CALL(peer, close_data_channel, label); }

int esp_peer_update_ice_info(esp_peer_handle_t peer, esp_peer_role_t role, esp_peer_ice_server_cfg_t *server, int server_num) {
  CALL(peer, update_ice_info, role, server, server_num);
}

int esp_peer_set_rtp_transformer(esp_peer_handle_t handle, esp_peer_rtp_transform_role_t role,
                                 esp_peer_rtp_transform_cb_t *transform_cb, void *ctx) {
  CALL(handle, set_rtp_transformer, role, transform_cb, ctx);
}

int esp_peer_send_msg(esp_peer_handle_t peer, esp_peer_msg_t *msg) { CALL(peer, send_msg, msg); }

int esp_peer_send_video(esp_peer_handle_t peer, esp_peer_video_frame_t *frame) {
  if (!frame) return ESP_PEER_ERR_INVALID_ARG;
  CALL(peer, send_video, frame);
}

int esp_peer_send_audio(esp_peer_handle_t peer, esp_peer_audio_frame_t *info) {
  if (!info) return ESP_PEER_ERR_INVALID_ARG;
  CALL(peer, send_audio, info);
}

int esp_peer_send_data(esp_peer_handle_t peer, esp_peer_data_frame_t *frame) {
  if (!frame) return ESP_PEER_ERR_INVALID_ARG;
  CALL(peer, send_data, frame);
}

int esp_peer_main_loop(esp_peer_handle_t peer) { CALL(peer, main_loop); }

int esp_peer_disconnect(esp_peer_handle_t peer) { CALL(peer, disconnect); }

int esp_peer_query(esp_peer_handle_t peer) {
  const wrapper *wrapped = peer;
  if (!wrapped) return ESP_PEER_ERR_INVALID_ARG;
  if (!wrapped->ops.query) return ESP_PEER_ERR_NOT_SUPPORT;
  wrapped->ops.query(wrapped->peer);
  return ESP_PEER_ERR_NONE;
}

int esp_peer_close(esp_peer_handle_t peer) {
  wrapper *wrapped = peer;
  if (!wrapped) return ESP_PEER_ERR_INVALID_ARG;
  int result = wrapped->ops.close ? wrapped->ops.close(wrapped->peer) : ESP_PEER_ERR_NOT_SUPPORT;
  free(wrapped);
  return result;
}

// The implementation's own, where it has one: the table has no place for it.
__attribute__((weak)) int peer_default_get_paired_addr(esp_peer_handle_t peer, esp_peer_addr_t *addr) {
  (void)peer;
  (void)addr;
  return ESP_PEER_ERR_NOT_SUPPORT;
}

int esp_peer_get_paired_addr(esp_peer_handle_t handle, esp_peer_addr_t *addr) {
  const wrapper *wrapped = handle;
  if (!wrapped) return ESP_PEER_ERR_INVALID_ARG;
  return peer_default_get_paired_addr(wrapped->peer, addr);
}
