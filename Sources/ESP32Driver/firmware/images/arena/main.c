// Two peers through the C interface, each with its arena, in one thread and on a clock that goes on when nothing else does.
//
//   arena open COUNT       opens and closes so often; a description that is too large for the arena is refused meanwhile, and harms nothing
//   arena cycles COUNT     connects, talks and closes so often: each time the heap is as it was before
//   arena refusals STEP    C's heap refuses one allocation, which is each of the first 100 in turn, then every STEP-th, over the whole
//                          session: it ends with an error code and the heap as it was before, or goes well all the same
//   arena refusal NUMBER   one of these alone
//   arena exhaustion STEP  arenas of all sizes, from too small for anything up to large enough, in steps of so many bytes
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_peer_default.h"
#include "heap.h"
#include "swift_peer.h"
#include "swift_peer_arena.h"

enum { MESSAGES = 10, FRAMES = 10, FRAME = 160 };

typedef struct side {
  esp_peer_handle_t peer;
  struct side *other;
  bool is_connected, has_failed, has_channel;
  uint16_t stream;
  int messages, frames, error;
} side;

static size_t arena_size, largest_peak, leaked;

size_t swift_peer_arena_size(const esp_peer_cfg_t *cfg) {
  (void)cfg;
  return arena_size;
}

void swift_peer_arena_ends(const arena *arena) {
  if (arena_peak(arena) > largest_peak) largest_peak = arena_peak(arena);
  leaked += arena_used(arena);
  if (arena_check(arena) != 0) leaked += 1;
}

static int on_state(esp_peer_state_t state, void *ctx) {
  side *self = ctx;
  if (state == ESP_PEER_STATE_CONNECTED) self->is_connected = true;
  if (state == ESP_PEER_STATE_CONNECT_FAILED || state == ESP_PEER_STATE_DISCONNECTED) self->has_failed = true;
  return 0;
}

// Keeps the first error.
static int note(side *self, int result) {
  if (result != ESP_PEER_ERR_NONE && result != ESP_PEER_ERR_WOULD_BLOCK && self->error == 0) self->error = result;
  return result;
}

static int on_msg(esp_peer_msg_t *message, void *ctx) {
  side *self = ctx;
  if (self->other->peer != NULL) note(self->other, esp_peer_send_msg(self->other->peer, message));
  return 0;
}

static int on_channel_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  side *self = ctx;
  self->stream = channel->stream_id;
  self->has_channel = true;
  return 0;
}

static int on_data(esp_peer_data_frame_t *frame, void *ctx) {
  side *self = ctx;
  (void)frame;
  self->messages++;
  return 0;
}

static int on_audio_data(esp_peer_audio_frame_t *frame, void *ctx) {
  side *self = ctx;
  (void)frame;
  self->frames++;
  return 0;
}

static int open_side(side *self, esp_peer_role_t role) {
  swift_peer_cfg_t small = {
      .base = {.agent_recv_timeout = 100,
               .data_ch_cfg = {.send_cache_size = 4096, .recv_cache_size = 4096},
               .rtp_cfg = {.audio_recv_jitter = {.cache_size = 2048}, .send_pool_size = 4096, .send_queue_num = 8},
               .max_candidates = 4},
      .magic = SWIFT_PEER_CFG_MAGIC,
      .main_loop_wait = SWIFT_PEER_NO_WAIT,
  };
  esp_peer_cfg_t configuration = {
      .role = role,
      .audio_info = {.codec = ESP_PEER_AUDIO_CODEC_G711A},
      .audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV,
      .enable_data_channel = true,
      .no_auto_reconnect = true,
      .extra_cfg = &small,
      .extra_size = sizeof small,
      .ctx = self,
      .on_state = on_state,
      .on_msg = on_msg,
      .on_channel_open = on_channel_open,
      .on_data = on_data,
      .on_audio_data = on_audio_data,
  };
  return note(self, esp_peer_open(&configuration, esp_peer_get_default_impl(), &self->peer));
}

static void speak(side *self, int number) {
  uint8_t bytes[FRAME];
  memset(bytes, number, sizeof bytes);
  esp_peer_data_frame_t message = {ESP_PEER_DATA_CHANNEL_DATA, self->stream, bytes, 100};
  note(self, esp_peer_send_data(self->peer, &message));
  esp_peer_audio_frame_t frame = {(uint32_t)number * 20, bytes, sizeof bytes};
  note(self, esp_peer_send_audio(self->peer, &frame));
}

static bool loop(side *sides, int milliseconds) {
  for (int i = 0; i < 2; i++) note(&sides[i], esp_peer_main_loop(sides[i].peer));
  heap_pass_time(milliseconds);
  return !(sides[0].has_failed || sides[1].has_failed || sides[0].error == ESP_PEER_ERR_NO_MEM || sides[1].error == ESP_PEER_ERR_NO_MEM);
}

// Whether all went well. Where it did not, some error is in one of the sides, or a state has told.
static bool talk(side *sides) {
  for (int i = 0; i < 2; i++) {
    if (note(&sides[i], esp_peer_new_connection(sides[i].peer)) != ESP_PEER_ERR_NONE) return false;
  }
  int left = 8000;
  while (!(sides[0].is_connected && sides[1].is_connected && sides[0].has_channel && sides[1].has_channel)) {
    if (!loop(sides, 5) || left-- == 0) return false;
  }
  for (int number = 0; number < MESSAGES; number++) {
    speak(&sides[0], number);
    speak(&sides[1], number);
    for (int i = 0; i < 4; i++) {
      if (!loop(sides, 5)) return false;
    }
  }
  for (left = 400; left > 0; left--) {
    bool is_done = true;
    for (int i = 0; i < 2; i++) is_done = is_done && sides[i].messages == MESSAGES && sides[i].frames >= FRAMES / 2;
    if (is_done) return true;
    if (!loop(sides, 5)) return false;
  }
  return false;
}

typedef enum { WENT_WELL, SAID_ERROR, SAID_STATE, SAID_NOTHING } outcome;

static outcome session(void) {
  side sides[2];
  memset(sides, 0, sizeof sides);
  heap_begin_session();
  sides[0].other = &sides[1];
  sides[1].other = &sides[0];
  bool went_well = open_side(&sides[0], ESP_PEER_ROLE_CONTROLLING) == ESP_PEER_ERR_NONE &&
                   open_side(&sides[1], ESP_PEER_ROLE_CONTROLLED) == ESP_PEER_ERR_NONE && talk(sides);
  for (int i = 0; i < 2; i++) {
    side *self = &sides[i];
    if (self->peer != NULL && esp_peer_close(self->peer) != ESP_PEER_ERR_NONE) return SAID_NOTHING;
    self->peer = NULL;
  }
  if (went_well) return WENT_WELL;
  if (sides[0].error != 0 || sides[1].error != 0) return SAID_ERROR;
  return sides[0].has_failed || sides[1].has_failed ? SAID_STATE : SAID_NOTHING;
}

// What one session leaves behind for good is no leak: the certificate, and what libraries set up once.
static size_t warm_up(void) {
  if (session() != WENT_WELL) {
    puts("a session without any refusal failed");
    exit(1);
  }
  return heap_used();
}

static int report(const char *what, size_t used, long sessions) {
  printf("%s: %ld sessions, the largest peak of an arena %zu bytes\n", what, sessions, largest_peak);
  if (leaked != 0) printf("FAULT: %zu bytes were left in arenas\n", leaked);
  if (heap_used() != used) printf("FAULT: the heap holds %zu bytes, and held %zu\n", heap_used(), used);
  return leaked != 0 || heap_used() != used;
}

static int opens(long count) {
  static uint8_t large[64 * 1024];
  arena_size = 96 * 1024;
  size_t used = warm_up();
  largest_peak = 0;
  for (long i = 0; i < count; i++) {
    side only = {0};
    if (open_side(&only, ESP_PEER_ROLE_CONTROLLED) != ESP_PEER_ERR_NONE || esp_peer_new_connection(only.peer) != ESP_PEER_ERR_NONE) return 1;
    esp_peer_msg_t message = {.type = ESP_PEER_MSG_TYPE_SDP, .data = large, .size = sizeof large};
    if (esp_peer_send_msg(only.peer, &message) != ESP_PEER_ERR_NO_MEM || esp_peer_main_loop(only.peer) != ESP_PEER_ERR_NONE) return 1;
    if (esp_peer_close(only.peer) != ESP_PEER_ERR_NONE) return 1;
  }
  return report("open", used, count);
}

static int cycles(long count) {
  size_t used = warm_up();
  for (long i = 0; i < count; i++) {
    if (session() != WENT_WELL || heap_used() != used || leaked != 0) {
      printf("FAULT: cycle %ld\n", i);
      return report("cycles", used, i) | 1;
    }
  }
  return report("cycles", used, count);
}

static int refusals(long step) {
  size_t used = warm_up();
  long count[4] = {0}, sessions = 0;
  for (long n = 1;; n += n < 100 ? 1 : step) {
    heap_refuse(n);
    outcome result = session();
    bool was_refused = heap_was_refused();
    heap_refuse(0);
    if (!was_refused) break;
    count[result]++;
    sessions++;
    if (result == SAID_NOTHING || heap_used() != used || leaked != 0) {
      printf("FAULT: allocation %ld\n", n);
      return report("refusals", used, sessions) | 1;
    }
  }
  printf("went well all the same: %ld, an error code: %ld, a state: %ld\n", count[WENT_WELL], count[SAID_ERROR], count[SAID_STATE]);
  return report("refusals", used, sessions) | (sessions < 100);
}

static int refusal(long number) {
  size_t used = warm_up();
  heap_refuse(number);
  outcome result = session();
  heap_refuse(0);
  return report("refusal", used, 1) | (result == SAID_NOTHING);
}

static int exhaustion(long step) {
  size_t enough = arena_size, used = warm_up();
  long count[4] = {0}, sessions = 0;
  for (arena_size = 0; arena_size < enough; arena_size += (size_t)step) {
    outcome result = session();
    count[result]++;
    sessions++;
    if (result == SAID_NOTHING || heap_used() != used || leaked != 0) {
      printf("FAULT: an arena of %zu bytes\n", arena_size);
      return report("exhaustion", used, sessions) | 1;
    }
  }
  printf("went well all the same: %ld, an error code: %ld, a state: %ld\n", count[WENT_WELL], count[SAID_ERROR], count[SAID_STATE]);
  return report("exhaustion", used, sessions) | (count[SAID_ERROR] == 0 || count[WENT_WELL] == 0);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  arena_size = 160 * 1024;
  long number = atol(argv[2]);
  if (number <= 0) return 2;
  if (strcmp(argv[1], "open") == 0) return opens(number);
  if (strcmp(argv[1], "cycles") == 0) return cycles(number);
  if (strcmp(argv[1], "refusals") == 0) return refusals(number);
  if (strcmp(argv[1], "refusal") == 0) return refusal(number);
  if (strcmp(argv[1], "exhaustion") == 0) return exhaustion(number);
  return 2;
}
