// The table of functions where a peer's Swift objects lie in an arena of its own: firmware, whose Swift allocates by `arena_memalign`
// and gives back by `arena_free`. The arena is claimed by `open` and is all that the peer ever has, but for what mbedTLS and
// libsrtp2 take from C's heap.
//
// Swift traps where it is refused memory. So nothing is begun unless there is a reserve for it; a peer without one loses its
// connection, and all of its functions but `close` return ESP_PEER_ERR_NO_MEM.
#if defined(SWIFT_PEER_ARENA)

#include <stdbool.h>

#include "arena.h"
#include "implementation.h"
#include "swift_peer_arena.h"
#include "swift_peer_driver.h"

typedef struct {
  esp_peer_handle_t peer;
  arena *arena;
  // What has to be free before anything is begun.
  size_t reserve;
  // Calls on their way, of this thread's callbacks and of other threads. The last one of a closed peer gives the memory back.
  int users;
  bool is_closed, is_exhausted;
} claim;

// More than any one piece of work takes: the largest answers an offer, finishes a handshake, or makes what audio and video need. As
// found with arenas of all sizes (firmware/images/arena: exhaustion). A buffer that grows to its bound comes on top.
#if !defined(SWIFT_PEER_ARENA_RESERVE)
#define SWIFT_PEER_ARENA_RESERVE (sizeof(size_t) == 4 ? 6144 : 12288)
#endif
enum { RESERVE = SWIFT_PEER_ARENA_RESERVE, BASE = 24 * 1024, AUDIO_BASE = 7 * 1024, VIDEO_BASE = 16 * 1024 };

// The one that this thread works for.
static PER_THREAD claim *working;

static claim *begin(claim *c) {
  __atomic_add_fetch(&c->users, 1, __ATOMIC_ACQ_REL);
  claim *former = working;
  working = c;
  arena_enter(c->arena);
  return former;
}

static int end(claim *c, claim *former, int result) {
  working = former;
  arena_leave(former != NULL ? former->arena : NULL);
  if (__atomic_sub_fetch(&c->users, 1, __ATOMIC_ACQ_REL) > 0 || !__atomic_load_n(&c->is_closed, __ATOMIC_ACQUIRE)) return result;
  swift_peer_arena_ends(c->arena);
  arena_destroy(c->arena);
  port_free(c);
  return result;
}

bool swift_peer_has_reserve(void) { return working == NULL || arena_available(working->arena) >= working->reserve; }

// Whether there is memory for another piece of work; where there is none, that is the end of the connection.
static bool has_reserve(claim *c) {
  if (c->is_exhausted) return false;
  if (arena_available(c->arena) >= c->reserve) return true;
  c->is_exhausted = true;
  // Little is needed for that, and much comes free.
  swift_peer_disconnect(c->peer);
  return false;
}

#define CALL(handle, call)                                                        \
  do {                                                                            \
    claim *c = (handle);                                                          \
    if (c == NULL) return ESP_PEER_ERR_INVALID_ARG;                               \
    claim *former = begin(c);                                                     \
    return end(c, former, has_reserve(c) ? (call) : (int)ESP_PEER_ERR_NO_MEM);    \
  } while (0)

static size_t or_default(uint32_t value, uint32_t usual) { return value != 0 ? value : usual; }

typedef struct {
  size_t send, receive, audio, video_receive, video_send;
} bounds;

static bool has_audio(const esp_peer_cfg_t *cfg) {
  return cfg->audio_dir != ESP_PEER_MEDIA_DIR_NONE && cfg->audio_info.codec != ESP_PEER_AUDIO_CODEC_NONE;
}

static bool has_video(const esp_peer_cfg_t *cfg) {
  return cfg->video_dir != ESP_PEER_MEDIA_DIR_NONE && cfg->video_info.codec != ESP_PEER_VIDEO_CODEC_NONE;
}

// What the buffers of a peer may grow to; 0 for those that it does not have.
static bounds bounds_of(const esp_peer_cfg_t *cfg) {
  esp_peer_default_cfg_t none = {0};
  const esp_peer_default_cfg_t *extra = &none;
  if (cfg->extra_cfg != NULL && cfg->extra_size >= (int)sizeof none) extra = cfg->extra_cfg;
  bounds b = {0};
  if (cfg->enable_data_channel) {
    b.send = or_default(extra->data_ch_cfg.send_cache_size, 102400);
    b.receive = or_default(extra->data_ch_cfg.recv_cache_size, 102400);
  }
  if (has_audio(cfg)) b.audio = or_default(extra->rtp_cfg.audio_recv_jitter.cache_size, 102400);
  if (has_video(cfg)) {
    b.video_receive = or_default(extra->rtp_cfg.video_recv_jitter.cache_size, 409600);
    b.video_send = or_default(extra->rtp_cfg.send_pool_size, 409600);
  }
  return b;
}

// What a connected peer of the minimal configuration was seen to need, the reserve, and 4 kB for the long descriptions of browsers;
// and what its buffers may grow to: an array that grows exists twice for a while.
__attribute__((weak)) size_t swift_peer_arena_size(const esp_peer_cfg_t *cfg) {
  bounds b = bounds_of(cfg);
  size_t words = sizeof(size_t) / 4, size = words * BASE + 2 * (b.send + 2 * b.receive + b.audio + b.video_receive + b.video_send);
  if (has_audio(cfg)) size += words * AUDIO_BASE;
  if (has_video(cfg)) size += words * VIDEO_BASE;
  return size;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

// Arrays double, so that one may have room for twice its bound; the one that it replaces counts as used.
static size_t reserve_of(const esp_peer_cfg_t *cfg) {
  bounds b = bounds_of(cfg);
  return RESERVE + 2 * larger(larger(b.send, b.receive), larger(b.audio, larger(b.video_receive, b.video_send)));
}

__attribute__((weak)) void swift_peer_arena_ends(const arena *arena) { (void)arena; }

static int claimed_open(esp_peer_cfg_t *cfg, esp_peer_handle_t *peer) {
  if (cfg == NULL || peer == NULL) return ESP_PEER_ERR_INVALID_ARG;
  size_t size = swift_peer_arena_size(cfg);
  claim *c = port_allocate(sizeof *c + size);
  if (c == NULL) return ESP_PEER_ERR_NO_MEM;
  *c = (claim){.arena = arena_create(c + 1, size), .reserve = reserve_of(cfg)};
  if (c->arena == NULL || arena_available(c->arena) < c->reserve) {
    arena_destroy(c->arena);
    port_free(c);
    return ESP_PEER_ERR_NO_MEM;
  }
  claim *former = begin(c);
  int result = swift_peer_open(cfg, &c->peer);
  if (result == ESP_PEER_ERR_NONE) {
    *peer = c;
  } else {
    c->is_closed = true;
  }
  return end(c, former, result);
}

static int claimed_new_connection(esp_peer_handle_t peer) { CALL(peer, swift_peer_new_connection(c->peer)); }
static int claimed_update_ice_info(esp_peer_handle_t peer, esp_peer_role_t role, esp_peer_ice_server_cfg_t *server, int server_num) {
  CALL(peer, swift_peer_update_ice_info(c->peer, role, server, server_num));
}
// A description is copied, and taken apart. One that is too large for the arena leaves the connection as it is.
static int send_msg(claim *c, esp_peer_msg_t *msg) {
  if (msg != NULL && msg->size > 0 && arena_available(c->arena) < RESERVE + 2 * (size_t)msg->size) return ESP_PEER_ERR_NO_MEM;
  return swift_peer_send_msg(c->peer, msg);
}
static int claimed_send_msg(esp_peer_handle_t peer, esp_peer_msg_t *msg) { CALL(peer, send_msg(c, msg)); }
static int claimed_send_video(esp_peer_handle_t peer, esp_peer_video_frame_t *frame) { CALL(peer, swift_peer_send_video(c->peer, frame)); }
static int claimed_send_audio(esp_peer_handle_t peer, esp_peer_audio_frame_t *frame) { CALL(peer, swift_peer_send_audio(c->peer, frame)); }
static int claimed_send_data(esp_peer_handle_t peer, esp_peer_data_frame_t *frame) { CALL(peer, swift_peer_send_data(c->peer, frame)); }
static int claimed_create_data_channel(esp_peer_handle_t peer, esp_peer_data_channel_cfg_t *ch_cfg) {
  CALL(peer, swift_peer_create_data_channel(c->peer, ch_cfg));
}
static int claimed_close_data_channel(esp_peer_handle_t peer, const char *label) { CALL(peer, swift_peer_close_data_channel(c->peer, label)); }
static int claimed_main_loop(esp_peer_handle_t peer) { CALL(peer, swift_peer_main_loop(c->peer)); }
static int claimed_disconnect(esp_peer_handle_t peer) { CALL(peer, swift_peer_disconnect(c->peer)); }
static int claimed_set_rtp_transformer(esp_peer_handle_t peer, esp_peer_rtp_transform_role_t role, esp_peer_rtp_transform_cb_t *transform,
                                       void *ctx) {
  CALL(peer, swift_peer_set_rtp_transformer(c->peer, role, transform, ctx));
}

static void claimed_query(esp_peer_handle_t peer) {
  claim *c = peer;
  if (c == NULL) return;
  claim *former = begin(c);
  if (has_reserve(c)) swift_peer_query(c->peer);
  end(c, former, 0);
}

static int claimed_close(esp_peer_handle_t peer) {
  claim *c = peer;
  if (c == NULL) return ESP_PEER_ERR_INVALID_ARG;
  claim *former = begin(c);
  int result = swift_peer_close(c->peer);
  if (result == ESP_PEER_ERR_NONE) __atomic_store_n(&c->is_closed, true, __ATOMIC_RELEASE);
  return end(c, former, result);
}

// Makes it in memory of its own.
int swift_peer_claimed_certificate(void) {
  enum { SIZE = sizeof(size_t) / 4 * 20480 };
  void *memory = port_allocate(SIZE);
  arena *made = memory != NULL ? arena_create(memory, SIZE) : NULL;
  int result = -1;
  if (made != NULL) {
    arena *former = arena_enter(made);
    result = swift_peer_pre_generate_cert();
    arena_leave(former);
    arena_destroy(made);
  }
  port_free(memory);
  return result;
}

int swift_peer_claimed_paired_addr(esp_peer_handle_t peer, esp_peer_addr_t *addr) {
  CALL(peer, swift_peer_get_paired_addr(c->peer, addr));
}

static const esp_peer_ops_t implementation = {
    .open = claimed_open,
    .new_connection = claimed_new_connection,
    .update_ice_info = claimed_update_ice_info,
    .send_msg = claimed_send_msg,
    .send_video = claimed_send_video,
    .send_audio = claimed_send_audio,
    .send_data = claimed_send_data,
    .create_data_channel = claimed_create_data_channel,
    .close_data_channel = claimed_close_data_channel,
    .main_loop = claimed_main_loop,
    .disconnect = claimed_disconnect,
    .query = claimed_query,
    .close = claimed_close,
    .set_rtp_transformer = claimed_set_rtp_transformer,
};

const esp_peer_ops_t *swift_peer_get_impl(void) { return &implementation; }

#endif
