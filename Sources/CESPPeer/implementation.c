// The table of this implementation's functions, which are in Swift.
#include "swift_peer.h"

int swift_peer_open(esp_peer_cfg_t *cfg, esp_peer_handle_t *peer);
int swift_peer_new_connection(esp_peer_handle_t peer);
int swift_peer_update_ice_info(esp_peer_handle_t peer, esp_peer_role_t role, esp_peer_ice_server_cfg_t *server, int server_num);
int swift_peer_send_msg(esp_peer_handle_t peer, esp_peer_msg_t *msg);
int swift_peer_send_video(esp_peer_handle_t peer, esp_peer_video_frame_t *frame);
int swift_peer_send_audio(esp_peer_handle_t peer, esp_peer_audio_frame_t *frame);
int swift_peer_send_data(esp_peer_handle_t peer, esp_peer_data_frame_t *frame);
int swift_peer_create_data_channel(esp_peer_handle_t peer, esp_peer_data_channel_cfg_t *ch_cfg);
int swift_peer_close_data_channel(esp_peer_handle_t peer, const char *label);
int swift_peer_main_loop(esp_peer_handle_t peer);
int swift_peer_disconnect(esp_peer_handle_t peer);
void swift_peer_query(esp_peer_handle_t peer);
int swift_peer_close(esp_peer_handle_t peer);
int swift_peer_set_rtp_transformer(esp_peer_handle_t handle, esp_peer_rtp_transform_role_t role,
                                   esp_peer_rtp_transform_cb_t *transform_cb, void *ctx);

static const esp_peer_ops_t implementation = {
    .open = swift_peer_open,
    .new_connection = swift_peer_new_connection,
    .update_ice_info = swift_peer_update_ice_info,
    .send_msg = swift_peer_send_msg,
    .send_video = swift_peer_send_video,
    .send_audio = swift_peer_send_audio,
    .send_data = swift_peer_send_data,
    .create_data_channel = swift_peer_create_data_channel,
    .close_data_channel = swift_peer_close_data_channel,
    .main_loop = swift_peer_main_loop,
    .disconnect = swift_peer_disconnect,
    .query = swift_peer_query,
    .close = swift_peer_close,
    .set_rtp_transformer = swift_peer_set_rtp_transformer,
};

const esp_peer_ops_t *swift_peer_get_impl(void) { return &implementation; }
