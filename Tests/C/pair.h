// What the C tests share: two peers that run in one thread, and what happened to each.
#ifndef PAIR_H
#define PAIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "swift_peer.h"

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
      exit(1);                                                                    \
    }                                                                             \
  } while (0)

// The same, of two numbers.
#define EQUAL(a, b)                                                                                        \
  do {                                                                                                     \
    long long left_ = (long long)(a), right_ = (long long)(b);                                             \
    if (left_ != right_) {                                                                                 \
      fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #a, left_, right_);             \
      exit(1);                                                                                             \
    }                                                                                                      \
  } while (0)

typedef struct side {
  esp_peer_handle_t peer;
  struct side *other;
  // Everything that callbacks told, in order and in short: states as numbers, "o" and "c" for channels.
  int states[256];
  int state_count;
  int counts[32];
  int opened, closed, messages, frames, pictures, infos;
  uint16_t streams[1024];
  char label[64];
  // The last of each.
  esp_peer_data_channel_type_t type;
  uint16_t stream;
  uint8_t data[1 << 18];
  int size;
  uint32_t pts;
  esp_peer_audio_stream_info_t audio;
  esp_peer_video_stream_info_t video;
  char description[1 << 14];
  int descriptions;
  // Whether descriptions go to the other side by themselves.
  bool is_cut;
  int (*hook)(struct side *self, const char *what);
  void *note;
  // One thread runs both, so that neither may keep it waiting.
  swift_peer_cfg_t extra;
} side;

static inline uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline int pair_hook(side *self, const char *what) { return self->hook ? self->hook(self, what) : 0; }

static inline int pair_state(esp_peer_state_t state, void *ctx) {
  side *self = ctx;
  if (self->state_count < 256) self->states[self->state_count++] = (int)state;
  self->counts[state]++;
  return pair_hook(self, "state");
}

static inline int pair_msg(esp_peer_msg_t *message, void *ctx) {
  side *self = ctx;
  CHECK(message->type == ESP_PEER_MSG_TYPE_SDP && message->size > 0 && message->data[message->size] == 0);
  snprintf(self->description, sizeof self->description, "%s", (char *)message->data);
  self->descriptions++;
  if (!self->is_cut && self->other && self->other->peer) esp_peer_send_msg(self->other->peer, message);
  return pair_hook(self, "msg");
}

static inline int pair_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  side *self = ctx;
  if (self->opened < 1024) self->streams[self->opened] = channel->stream_id;
  self->opened++;
  self->stream = channel->stream_id;
  snprintf(self->label, sizeof self->label, "%s", channel->label);
  return pair_hook(self, "open");
}

static inline int pair_close(esp_peer_data_channel_info_t *channel, void *ctx) {
  side *self = ctx;
  self->closed++;
  snprintf(self->label, sizeof self->label, "%s", channel->label);
  return pair_hook(self, "close");
}

static inline int pair_data(esp_peer_data_frame_t *frame, void *ctx) {
  side *self = ctx;
  self->messages++;
  self->type = frame->type;
  self->stream = frame->stream_id;
  self->size = frame->size;
  CHECK(frame->size >= 0 && (size_t)frame->size <= sizeof self->data);
  memcpy(self->data, frame->data, (size_t)frame->size);
  return pair_hook(self, "data");
}

static inline int pair_audio_info(esp_peer_audio_stream_info_t *info, void *ctx) {
  side *self = ctx;
  CHECK(self->frames == 0);
  self->infos++;
  self->audio = *info;
  return pair_hook(self, "audio-info");
}

static inline int pair_video_info(esp_peer_video_stream_info_t *info, void *ctx) {
  side *self = ctx;
  CHECK(self->pictures == 0);
  self->infos++;
  self->video = *info;
  return pair_hook(self, "video-info");
}

static inline int pair_audio(esp_peer_audio_frame_t *frame, void *ctx) {
  side *self = ctx;
  self->frames++;
  self->size = frame->size;
  self->pts = frame->pts;
  memcpy(self->data, frame->data, (size_t)frame->size);
  return pair_hook(self, "audio");
}

static inline int pair_video(esp_peer_video_frame_t *frame, void *ctx) {
  side *self = ctx;
  self->pictures++;
  self->size = frame->size;
  self->pts = frame->pts;
  CHECK((size_t)frame->size <= sizeof self->data);
  memcpy(self->data, frame->data, (size_t)frame->size);
  return pair_hook(self, "video");
}

// A configuration with every callback, data channels and nothing else.
static inline esp_peer_cfg_t plain(side *self, esp_peer_role_t role) {
  self->extra.magic = SWIFT_PEER_CFG_MAGIC;
  self->extra.main_loop_wait = SWIFT_PEER_NO_WAIT;
  return (esp_peer_cfg_t){
      .extra_cfg = &self->extra, .extra_size = sizeof self->extra, .role = role, .enable_data_channel = true, .no_auto_reconnect = true, .ctx = self,
      .on_state = pair_state, .on_msg = pair_msg, .on_video_info = pair_video_info, .on_audio_info = pair_audio_info,
      .on_audio_data = pair_audio, .on_video_data = pair_video, .on_channel_open = pair_open, .on_data = pair_data,
      .on_channel_close = pair_close,
  };
}

static inline int open_peer(side *self, esp_peer_cfg_t *configuration) {
  return esp_peer_open(configuration, esp_peer_get_default_impl(), &self->peer);
}

// Runs both main loops once, and then gives others their turn.
static inline void step(side *a, side *b) {
  struct timespec moment = {0, 200000};
  nanosleep(&moment, NULL);
  if (a->peer) esp_peer_main_loop(a->peer);
  if (b && b->peer) esp_peer_main_loop(b->peer);
}

// Runs both until the condition holds, for 20 seconds at most.
#define UNTIL(a, b, condition)                                                              \
  do {                                                                                      \
    uint64_t end_ = now_ms() + 20000;                                                       \
    while (!(condition)) {                                                                  \
      if (now_ms() > end_) {                                                                \
        fprintf(stderr, "%s:%d: never came to be: %s\n", __FILE__, __LINE__, #condition);   \
        if ((a)->peer) esp_peer_query((a)->peer);                                           \
        exit(1);                                                                            \
      }                                                                                     \
      step((a), (b));                                                                       \
    }                                                                                       \
  } while (0)

// Runs both for so long.
static inline void linger(side *a, side *b, uint64_t milliseconds) {
  for (uint64_t end = now_ms() + milliseconds; now_ms() < end;) step(a, b);
}

static inline side *new_side(void) {
  side *self = calloc(1, sizeof *self);
  CHECK(self);
  return self;
}

// Two sides that are open, the first to offer.
static inline void open_pair(side *sides[2], void (*change)(esp_peer_cfg_t *configuration, int index)) {
  for (int i = 0; i < 2; i++) sides[i] = new_side();
  for (int i = 0; i < 2; i++) {
    sides[i]->other = sides[1 - i];
    esp_peer_cfg_t configuration = plain(sides[i], i == 0 ? ESP_PEER_ROLE_CONTROLLING : ESP_PEER_ROLE_CONTROLLED);
    if (change) change(&configuration, i);
    EQUAL(open_peer(sides[i], &configuration), ESP_PEER_ERR_NONE);
  }
}

static inline void connect_pair(side *sides[2]) {
  for (int i = 0; i < 2; i++) EQUAL(esp_peer_new_connection(sides[i]->peer), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_CONNECTED] && sides[1]->counts[ESP_PEER_STATE_CONNECTED]);
}

static inline void close_side(side *self) {
  if (self->peer) EQUAL(esp_peer_close(self->peer), ESP_PEER_ERR_NONE);
  free(self);
}

static inline void close_pair(side *sides[2]) {
  close_side(sides[0]);
  close_side(sides[1]);
}

static inline int send_text(side *self, uint16_t stream, const char *text) {
  esp_peer_data_frame_t frame = {ESP_PEER_DATA_CHANNEL_STRING, stream, (uint8_t *)text, (int)strlen(text)};
  return esp_peer_send_data(self->peer, &frame);
}

// Finds the case that was asked for, or runs all.
typedef struct {
  const char *name;
  void (*run)(void);
} test_case;

static inline int run_cases(const test_case *cases, size_t count, int argument_count, char **arguments) {
  int ran = 0;
  for (size_t i = 0; i < count; i++) {
    if (argument_count > 1 && strcmp(arguments[1], "list") == 0) {
      printf("%s\n", cases[i].name);
      ran++;
    } else if (argument_count == 1 || strcmp(arguments[1], cases[i].name) == 0) {
      uint64_t begin = now_ms();
      cases[i].run();
      printf("%s: %llu ms\n", cases[i].name, (unsigned long long)(now_ms() - begin));
      fflush(stdout);
      ran++;
    }
  }
  return ran > 0 ? 0 : 2;
}

#endif
