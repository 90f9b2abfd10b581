// The table of this implementation's functions, which are in Swift. Where peers have arenas it is the one in claimed.c.
#if !defined(SWIFT_PEER_ARENA)
#include "implementation.h"
#include "swift_peer_driver.h"

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

bool swift_peer_has_reserve(void) { return true; }

#endif
