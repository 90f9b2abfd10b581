// Two peers on one chip through esp_peer's interface, as its own peer_demo has them: they find each other over lwIP's loopback,
// shake hands, and send each other messages and G.711 audio. One task runs both.
#include <string.h>

#include "../../network/network.h"
#include "../../platform/platform.h"
#include "esp_peer.h"
#include "swift_peer.h"
#include "swift_peer_arena.h"

enum { MESSAGES = 20, MESSAGE = 100, FRAMES = 50, FRAME = 160, LIMIT_SECONDS = 60, FRAME_MILLISECONDS = 20 };
enum { FAULT_OPEN = 1, FAULT_INCOMPLETE = 2, FAULT_CONTENT = 4, FAULT_LEAK = 8, FAULT_CLOSE = 16 };

typedef struct side {
  struct side *other;
  esp_peer_handle_t peer;
  int number;
  int is_connected, has_channel, has_failed;
  int messages_sent, messages, frames_sent, frames, wrong;
  uint16_t stream;
} side;

static uint32_t milliseconds(void) { return (uint32_t)(platform_nanoseconds() / 1000000); }

// What each side sends, so that the other can tell whether it got what was meant.
static uint8_t content(int index, int number, int from, int is_frame) {
  return (uint8_t)(index * 7 + number * 31 + from * 101 + is_frame * 57);
}

static void fill(uint8_t *bytes, int size, int number, int from, int is_frame) {
  for (int i = 0; i < size; i++) bytes[i] = content(i, number, from, is_frame);
}

static int is_right(const uint8_t *bytes, int size, int number, int from, int is_frame) {
  if (size != (is_frame ? FRAME : MESSAGE)) return 0;
  for (int i = 0; i < size; i++) {
    if (bytes[i] != content(i, number, from, is_frame)) return 0;
  }
  return 1;
}

// How much of its arena each peer has used, in the order in which they were closed.
static uint32_t arena_peaks[2], arena_size;
static int arenas_ended;

void swift_peer_arena_ends(const arena *arena) {
  arena_peaks[arenas_ended % 2] = (uint32_t)arena_peak(arena);
  arenas_ended++;
}

static int on_state(esp_peer_state_t state, void *ctx) {
  side *self = ctx;
  if (state == ESP_PEER_STATE_CONNECTED) self->is_connected = 1;
  if (state == ESP_PEER_STATE_CONNECT_FAILED) self->has_failed = 1;
  return 0;
}

// Signalling: one peer's words are handed to the other.
static int on_msg(esp_peer_msg_t *message, void *ctx) {
  side *self = ctx;
  int owner = heap_owner();
  heap_set_owner(self->other->number);
  int result = esp_peer_send_msg(self->other->peer, message);
  heap_set_owner(owner);
  return result;
}

static int on_channel_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  side *self = ctx;
  self->stream = channel->stream_id;
  self->has_channel = 1;
  return 0;
}

static int on_data(esp_peer_data_frame_t *frame, void *ctx) {
  side *self = ctx;
  if (!is_right(frame->data, frame->size, self->messages, self->other->number, 0)) self->wrong++;
  self->messages++;
  return 0;
}

static int on_audio_info(esp_peer_audio_stream_info_t *info, void *ctx) {
  side *self = ctx;
  if (info->codec != ESP_PEER_AUDIO_CODEC_G711A || info->sample_rate != 8000) self->wrong++;
  return 0;
}

static int on_audio_data(esp_peer_audio_frame_t *frame, void *ctx) {
  side *self = ctx;
  if (!is_right(frame->data, frame->size, self->frames, self->other->number, 1)) self->wrong++;
  self->frames++;
  return 0;
}

static int open_side(side *self, esp_peer_role_t role, int with_audio) {
  swift_peer_cfg_t small = {
      .base = {.agent_recv_timeout = 100,
               .data_ch_cfg = {.send_cache_size = 1536, .recv_cache_size = 1536},
               .rtp_cfg = {.audio_recv_jitter = {.cache_size = 1024}, .send_pool_size = 1024, .send_queue_num = 10}},
      .magic = SWIFT_PEER_CFG_MAGIC,
      .main_loop_wait = 1,
  };
  esp_peer_cfg_t configuration = {
      .role = role,
      .audio_info = {.codec = with_audio ? ESP_PEER_AUDIO_CODEC_G711A : ESP_PEER_AUDIO_CODEC_NONE},
      .audio_dir = with_audio ? ESP_PEER_MEDIA_DIR_SEND_RECV : ESP_PEER_MEDIA_DIR_NONE,
      .enable_data_channel = true,
      .no_auto_reconnect = true,
      .extra_cfg = &small,
      .extra_size = sizeof small,
      .ctx = self,
      .on_state = on_state,
      .on_msg = on_msg,
      .on_channel_open = on_channel_open,
      .on_data = on_data,
      .on_audio_info = on_audio_info,
      .on_audio_data = on_audio_data,
  };
  arena_size = (uint32_t)swift_peer_arena_size(&configuration);
  return esp_peer_open(&configuration, swift_peer_get_impl(), &self->peer);
}

static void speak(side *self, int with_audio) {
  uint8_t bytes[FRAME];
  if (self->messages_sent < MESSAGES) {
    fill(bytes, MESSAGE, self->messages_sent, self->number, 0);
    esp_peer_data_frame_t message = {ESP_PEER_DATA_CHANNEL_DATA, self->stream, bytes, MESSAGE};
    int result = esp_peer_send_data(self->peer, &message);
    if (result == ESP_PEER_ERR_NONE) self->messages_sent++;
    else if (result != ESP_PEER_ERR_WOULD_BLOCK) self->wrong++;
  }
  if (with_audio && self->frames_sent < FRAMES) {
    fill(bytes, FRAME, self->frames_sent, self->number, 1);
    esp_peer_audio_frame_t frame = {(uint32_t)(self->frames_sent * FRAME_MILLISECONDS), bytes, FRAME};
    if (esp_peer_send_audio(self->peer, &frame) != ESP_PEER_ERR_NONE) self->wrong++;
    self->frames_sent++;
  }
}

static int is_done(const side *self, int with_audio) {
  return self->messages == MESSAGES && (!with_audio || self->frames == FRAMES);
}

static void run(side *sides, int with_audio) {
  uint32_t end = milliseconds() + LIMIT_SECONDS * 1000, next = 0;
  while ((int32_t)(end - milliseconds()) > 0) {
    int is_up = 1;
    for (int i = 0; i < 2; i++) {
      heap_set_owner(sides[i].number);
      esp_peer_main_loop(sides[i].peer);
      is_up = is_up && sides[i].is_connected && sides[i].has_channel;
      if (sides[i].has_failed) return;
    }
    if (is_done(&sides[0], with_audio) && is_done(&sides[1], with_audio)) return;
    if (!is_up || (next != 0 && (int32_t)(next - milliseconds()) > 0)) continue;
    next = (next == 0 ? milliseconds() : next) + FRAME_MILLISECONDS;
    for (int i = 0; i < 2; i++) {
      heap_set_owner(sides[i].number);
      speak(&sides[i], with_audio);
    }
  }
}

static int connect_and_talk(int with_audio) {
  side sides[2];
  memset(sides, 0, sizeof sides);
  int faults = 0;
  for (int i = 0; i < 2; i++) {
    sides[i].other = &sides[1 - i];
    sides[i].number = i + 1;
    heap_set_owner(i + 1);
    if (open_side(&sides[i], i == 0 ? ESP_PEER_ROLE_CONTROLLING : ESP_PEER_ROLE_CONTROLLED, with_audio) != ESP_PEER_ERR_NONE) {
      faults |= FAULT_OPEN;
    }
  }
  for (int i = 1; faults == 0 && i >= 0; i--) {
    heap_set_owner(sides[i].number);
    if (esp_peer_new_connection(sides[i].peer) != ESP_PEER_ERR_NONE) faults |= FAULT_OPEN;
  }
  if (faults == 0) run(sides, with_audio);
  for (int i = 0; i < 2; i++) {
    if (!is_done(&sides[i], with_audio)) faults |= FAULT_INCOMPLETE;
    if (sides[i].wrong != 0) faults |= FAULT_CONTENT;
    say_number("  messages received: ", (uint32_t)sides[i].messages);
    if (with_audio) say_number("  audio frames received: ", (uint32_t)sides[i].frames);
    heap_set_owner(sides[i].number);
    if (faults != 0 && sides[i].peer != NULL) esp_peer_query(sides[i].peer);
  }
  for (int i = 0; i < 2; i++) {
    heap_set_owner(sides[i].number);
    if (sides[i].peer != NULL && esp_peer_close(sides[i].peer) != ESP_PEER_ERR_NONE) faults |= FAULT_CLOSE;
  }
  heap_set_owner(0);
  network_poll();
  return faults;
}

static int session(const char *title, int with_audio, int is_first) {
  uint32_t before = heap_used_by_all(), started = milliseconds();
  say(title);
  heap_reset_peaks();
  stack_paint();
  int faults = connect_and_talk(with_audio);
  say_number("  real milliseconds: ", milliseconds() - started);
  // In a process under FreeRTOS the heap is the C library's.
  const int is_measured = heap_peak_of_all() != 0;
  for (int i = 0; i < 2; i++) {
    say_number("  the arena that a peer claimed: ", arena_size);
    say_number("    of which it used: ", arena_peaks[i]);
    if (!is_measured) continue;
    say_number("    its heap peak with mbedTLS, libsrtp2 and sockets: ", heap_peak(i + 1));
  }
  if (is_measured) {
    say_number("  heap peak of all: ", heap_peak_of_all());
    say_number("  stack peak: ", stack_peak());
    say_number("  heap in use afterwards: ", heap_used_by_all());
  }
  if (!is_first && heap_used_by_all() != before) faults |= FAULT_LEAK;
  if (faults != 0) say_number("  FAULTS: ", (uint32_t)faults);
  return faults;
}

int image_main(void) {
  network_start();
  say_number("lwIP's pools: ", network_pools());
  int faults = session("first session, data and audio\n", 1, 1);
  faults |= session("second session, data and audio\n", 1, 0);
  faults |= session("third session, data alone\n", 0, 0);
  say(faults == 0 ? "verdict: good\n" : "verdict: BAD\n");
  return faults == 0 ? 0 : 1;
}
