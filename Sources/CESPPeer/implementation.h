// The functions in Swift behind a handle.
#pragma once
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
int swift_peer_get_paired_addr(esp_peer_handle_t peer, esp_peer_addr_t *addr);
int swift_peer_pre_generate_cert(void);
int swift_peer_set_dtls_cipher_pref(int preference);
