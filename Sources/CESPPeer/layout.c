// The layouts and values of esp_peer 1.5.4 that firmware was compiled for, as the compiler sees them, with 32 and 64 bits.
#include <stddef.h>

#include "esp_peer_default.h"

#define VALUE(name, value) _Static_assert((name) == (value), #name)
#define SIZE(type, narrow, wide) _Static_assert(sizeof(type) == (sizeof(void *) == 4 ? (narrow) : (wide)), #type)
#define OFFSET(type, field, narrow, wide) \
  _Static_assert(offsetof(type, field) == (sizeof(void *) == 4 ? (narrow) : (wide)), #type "." #field)

_Static_assert(sizeof(void *) == 4 || sizeof(void *) == 8, "pointers of 32 or 64 bits");

VALUE(ESP_PEER_ERR_NONE, 0);
VALUE(ESP_PEER_ERR_INVALID_ARG, -1);
VALUE(ESP_PEER_ERR_NO_MEM, -2);
VALUE(ESP_PEER_ERR_WRONG_STATE, -3);
VALUE(ESP_PEER_ERR_NOT_SUPPORT, -4);
VALUE(ESP_PEER_ERR_NOT_EXISTS, -5);
VALUE(ESP_PEER_ERR_FAIL, -6);
VALUE(ESP_PEER_ERR_OVER_LIMITED, -7);
VALUE(ESP_PEER_ERR_BAD_DATA, -8);
VALUE(ESP_PEER_ERR_WOULD_BLOCK, -9);
VALUE(ESP_PEER_ROLE_CONTROLLING, 0);
VALUE(ESP_PEER_ROLE_CONTROLLED, 1);
VALUE(ESP_PEER_STATE_CLOSED, 0);
VALUE(ESP_PEER_STATE_DISCONNECTED, 1);
VALUE(ESP_PEER_STATE_NEW_CONNECTION, 2);
VALUE(ESP_PEER_STATE_CANDIDATE_GATHERING, 3);
VALUE(ESP_PEER_STATE_PAIRING, 4);
VALUE(ESP_PEER_STATE_PAIRED, 5);
VALUE(ESP_PEER_STATE_CONNECTING, 6);
VALUE(ESP_PEER_STATE_CONNECTED, 7);
VALUE(ESP_PEER_STATE_CONNECT_FAILED, 8);
VALUE(ESP_PEER_STATE_DATA_CHANNEL_CONNECTED, 9);
VALUE(ESP_PEER_STATE_DATA_CHANNEL_OPENED, 10);
VALUE(ESP_PEER_STATE_DATA_CHANNEL_CLOSED, 11);
VALUE(ESP_PEER_STATE_DATA_CHANNEL_DISCONNECTED, 12);
VALUE(ESP_PEER_STATE_REMOTE_AUDIO_TRACK_ADDED, 13);
VALUE(ESP_PEER_STATE_REMOTE_AUDIO_TRACK_REMOVED, 14);
VALUE(ESP_PEER_STATE_REMOTE_VIDEO_TRACK_ADDED, 15);
VALUE(ESP_PEER_STATE_REMOTE_VIDEO_TRACK_REMOVED, 16);
VALUE(ESP_PEER_STATE_VIDEO_PLI_RECEIVED, 17);
VALUE(ESP_PEER_VIDEO_CODEC_NONE, 0);
VALUE(ESP_PEER_VIDEO_CODEC_H264, 1);
VALUE(ESP_PEER_VIDEO_CODEC_MJPEG, 2);
VALUE(ESP_PEER_AUDIO_CODEC_NONE, 0);
VALUE(ESP_PEER_AUDIO_CODEC_G711A, 1);
VALUE(ESP_PEER_AUDIO_CODEC_G711U, 2);
VALUE(ESP_PEER_AUDIO_CODEC_OPUS, 3);
VALUE(ESP_PEER_DATA_CHANNEL_NONE, 0);
VALUE(ESP_PEER_DATA_CHANNEL_DATA, 1);
VALUE(ESP_PEER_DATA_CHANNEL_STRING, 2);
VALUE(ESP_PEER_MEDIA_DIR_NONE, 0);
VALUE(ESP_PEER_MEDIA_DIR_SEND_ONLY, 1);
VALUE(ESP_PEER_MEDIA_DIR_RECV_ONLY, 2);
VALUE(ESP_PEER_MEDIA_DIR_SEND_RECV, 3);
VALUE(ESP_PEER_ICE_TRANS_POLICY_ALL, 0);
VALUE(ESP_PEER_ICE_TRANS_POLICY_RELAY, 1);
VALUE(ESP_PEER_MSG_TYPE_NONE, 0);
VALUE(ESP_PEER_MSG_TYPE_SDP, 1);
VALUE(ESP_PEER_MSG_TYPE_CANDIDATE, 2);
VALUE(ESP_PEER_DATA_CHANNEL_RELIABLE, 0);
VALUE(ESP_PEER_DATA_CHANNEL_PARTIAL_RELIABLE_TIMEOUT, 1);
VALUE(ESP_PEER_DATA_CHANNEL_PARTIAL_RELIABLE_RETX, 2);
VALUE(ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, 0);
VALUE(ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER, 1);
VALUE(ESP_PEER_DTLS_CIPHER_AUTO, 0);
VALUE(ESP_PEER_DTLS_CIPHER_AES_GCM, 1);
VALUE(ESP_PEER_DTLS_CIPHER_CHACHA, 2);

SIZE(esp_peer_err_t, 4, 4);
SIZE(esp_peer_role_t, 4, 4);
SIZE(esp_peer_state_t, 4, 4);
SIZE(esp_peer_media_dir_t, 4, 4);

SIZE(esp_peer_ice_server_cfg_t, 12, 24);
OFFSET(esp_peer_ice_server_cfg_t, stun_url, 0, 0);
OFFSET(esp_peer_ice_server_cfg_t, user, 4, 8);
OFFSET(esp_peer_ice_server_cfg_t, psw, 8, 16);

SIZE(esp_peer_addr_t, 20, 20);
OFFSET(esp_peer_addr_t, family, 0, 0);
OFFSET(esp_peer_addr_t, port, 2, 2);
OFFSET(esp_peer_addr_t, ipv4, 4, 4);
OFFSET(esp_peer_addr_t, ipv6, 4, 4);

SIZE(esp_peer_rtp_frame_t, 20, 32);
OFFSET(esp_peer_rtp_frame_t, orig_data, 0, 0);
OFFSET(esp_peer_rtp_frame_t, orig_size, 4, 8);
OFFSET(esp_peer_rtp_frame_t, encoded_data, 8, 16);
OFFSET(esp_peer_rtp_frame_t, encoded_size, 12, 24);
OFFSET(esp_peer_rtp_frame_t, payload_type, 16, 28);

SIZE(esp_peer_rtp_transform_cb_t, 8, 16);
OFFSET(esp_peer_rtp_transform_cb_t, get_encoded_size, 0, 0);
OFFSET(esp_peer_rtp_transform_cb_t, transform, 4, 8);

SIZE(esp_peer_video_stream_info_t, 16, 16);
OFFSET(esp_peer_video_stream_info_t, codec, 0, 0);
OFFSET(esp_peer_video_stream_info_t, width, 4, 4);
OFFSET(esp_peer_video_stream_info_t, height, 8, 8);
OFFSET(esp_peer_video_stream_info_t, fps, 12, 12);

SIZE(esp_peer_audio_stream_info_t, 12, 12);
OFFSET(esp_peer_audio_stream_info_t, codec, 0, 0);
OFFSET(esp_peer_audio_stream_info_t, sample_rate, 4, 4);
OFFSET(esp_peer_audio_stream_info_t, channel, 8, 8);

SIZE(esp_peer_video_frame_t, 12, 24);
OFFSET(esp_peer_video_frame_t, pts, 0, 0);
OFFSET(esp_peer_video_frame_t, data, 4, 8);
OFFSET(esp_peer_video_frame_t, size, 8, 16);

SIZE(esp_peer_audio_frame_t, 12, 24);
OFFSET(esp_peer_audio_frame_t, pts, 0, 0);
OFFSET(esp_peer_audio_frame_t, data, 4, 8);
OFFSET(esp_peer_audio_frame_t, size, 8, 16);

SIZE(esp_peer_data_frame_t, 16, 24);
OFFSET(esp_peer_data_frame_t, type, 0, 0);
OFFSET(esp_peer_data_frame_t, stream_id, 4, 4);
OFFSET(esp_peer_data_frame_t, data, 8, 8);
OFFSET(esp_peer_data_frame_t, size, 12, 16);

SIZE(esp_peer_msg_t, 12, 24);
OFFSET(esp_peer_msg_t, type, 0, 0);
OFFSET(esp_peer_msg_t, data, 4, 8);
OFFSET(esp_peer_msg_t, size, 8, 16);

SIZE(esp_peer_data_channel_cfg_t, 16, 24);
OFFSET(esp_peer_data_channel_cfg_t, type, 0, 0);
OFFSET(esp_peer_data_channel_cfg_t, ordered, 4, 4);
OFFSET(esp_peer_data_channel_cfg_t, label, 8, 8);
OFFSET(esp_peer_data_channel_cfg_t, max_retransmit_count, 12, 16);
OFFSET(esp_peer_data_channel_cfg_t, max_packet_lifetime, 12, 16);

SIZE(esp_peer_data_channel_info_t, 8, 16);
OFFSET(esp_peer_data_channel_info_t, label, 0, 0);
OFFSET(esp_peer_data_channel_info_t, stream_id, 4, 8);

SIZE(esp_peer_cfg_t, 104, 160);
OFFSET(esp_peer_cfg_t, server_lists, 0, 0);
OFFSET(esp_peer_cfg_t, server_num, 4, 8);
OFFSET(esp_peer_cfg_t, role, 8, 12);
OFFSET(esp_peer_cfg_t, ice_trans_policy, 12, 16);
OFFSET(esp_peer_cfg_t, audio_info, 16, 20);
OFFSET(esp_peer_cfg_t, video_info, 28, 32);
OFFSET(esp_peer_cfg_t, audio_dir, 44, 48);
OFFSET(esp_peer_cfg_t, video_dir, 48, 52);
OFFSET(esp_peer_cfg_t, no_auto_reconnect, 52, 56);
OFFSET(esp_peer_cfg_t, enable_data_channel, 53, 57);
OFFSET(esp_peer_cfg_t, manual_ch_create, 54, 58);
OFFSET(esp_peer_cfg_t, extra_cfg, 56, 64);
OFFSET(esp_peer_cfg_t, extra_size, 60, 72);
OFFSET(esp_peer_cfg_t, ctx, 64, 80);
OFFSET(esp_peer_cfg_t, on_state, 68, 88);
OFFSET(esp_peer_cfg_t, on_msg, 72, 96);
OFFSET(esp_peer_cfg_t, on_video_info, 76, 104);
OFFSET(esp_peer_cfg_t, on_audio_info, 80, 112);
OFFSET(esp_peer_cfg_t, on_audio_data, 84, 120);
OFFSET(esp_peer_cfg_t, on_video_data, 88, 128);
OFFSET(esp_peer_cfg_t, on_channel_open, 92, 136);
OFFSET(esp_peer_cfg_t, on_data, 96, 144);
OFFSET(esp_peer_cfg_t, on_channel_close, 100, 152);

SIZE(esp_peer_ops_t, 56, 112);
OFFSET(esp_peer_ops_t, open, 0, 0);
OFFSET(esp_peer_ops_t, new_connection, 4, 8);
OFFSET(esp_peer_ops_t, update_ice_info, 8, 16);
OFFSET(esp_peer_ops_t, send_msg, 12, 24);
OFFSET(esp_peer_ops_t, send_video, 16, 32);
OFFSET(esp_peer_ops_t, send_audio, 20, 40);
OFFSET(esp_peer_ops_t, send_data, 24, 48);
OFFSET(esp_peer_ops_t, create_data_channel, 28, 56);
OFFSET(esp_peer_ops_t, close_data_channel, 32, 64);
OFFSET(esp_peer_ops_t, main_loop, 36, 72);
OFFSET(esp_peer_ops_t, disconnect, 40, 80);
OFFSET(esp_peer_ops_t, query, 44, 88);
OFFSET(esp_peer_ops_t, close, 48, 96);
OFFSET(esp_peer_ops_t, set_rtp_transformer, 52, 104);

SIZE(esp_peer_default_data_ch_cfg_t, 12, 12);
OFFSET(esp_peer_default_data_ch_cfg_t, cache_timeout, 0, 0);
OFFSET(esp_peer_default_data_ch_cfg_t, send_cache_size, 4, 4);
OFFSET(esp_peer_default_data_ch_cfg_t, recv_cache_size, 8, 8);

SIZE(esp_peer_default_jitter_cfg_t, 12, 12);
OFFSET(esp_peer_default_jitter_cfg_t, cache_timeout, 0, 0);
OFFSET(esp_peer_default_jitter_cfg_t, resend_delay, 2, 2);
OFFSET(esp_peer_default_jitter_cfg_t, pli_send_interval, 4, 4);
OFFSET(esp_peer_default_jitter_cfg_t, cache_size, 8, 8);

SIZE(esp_peer_default_rtp_cfg_t, 36, 36);
OFFSET(esp_peer_default_rtp_cfg_t, audio_recv_jitter, 0, 0);
OFFSET(esp_peer_default_rtp_cfg_t, video_recv_jitter, 12, 12);
OFFSET(esp_peer_default_rtp_cfg_t, send_pool_size, 24, 24);
OFFSET(esp_peer_default_rtp_cfg_t, send_queue_num, 28, 28);
OFFSET(esp_peer_default_rtp_cfg_t, max_resend_count, 32, 32);

SIZE(esp_peer_default_cfg_t, 60, 60);
OFFSET(esp_peer_default_cfg_t, agent_recv_timeout, 0, 0);
OFFSET(esp_peer_default_cfg_t, data_ch_cfg, 4, 4);
OFFSET(esp_peer_default_cfg_t, rtp_cfg, 16, 16);
OFFSET(esp_peer_default_cfg_t, keep_role, 52, 52);
OFFSET(esp_peer_default_cfg_t, ipv6_support, 53, 53);
OFFSET(esp_peer_default_cfg_t, tcp_support, 54, 54);
OFFSET(esp_peer_default_cfg_t, max_candidates, 55, 55);
OFFSET(esp_peer_default_cfg_t, max_tcp_connections, 56, 56);
OFFSET(esp_peer_default_cfg_t, alive_binding_retries, 57, 57);
OFFSET(esp_peer_default_cfg_t, ice_use_lite_mode, 58, 58);
OFFSET(esp_peer_default_cfg_t, insecure_skip_turn_cert_verify, 59, 59);
