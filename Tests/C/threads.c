// A peer in the hands of several threads: sends of all kinds against the main loop, questions, and an end while all that goes on.
//
//   threads [rounds]
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "swift_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SENDERS = 3, MESSAGES = 300 };

typedef struct side {
  struct side *other;
  esp_peer_handle_t peer;
  atomic_bool is_running, is_sending, is_connected, has_channel;
  atomic_int received, frames, pictures, stream;
  // Per sender: the next number, for they come in order.
  int next[SENDERS];
  atomic_int wrong;
} side;

static void pause_for(long microseconds) {
  struct timespec time = {0, microseconds * 1000};
  nanosleep(&time, NULL);
}

static int on_state(esp_peer_state_t state, void *ctx) {
  side *self = ctx;
  if (state == ESP_PEER_STATE_CONNECTED) self->is_connected = true;
  return 0;
}

static int on_msg(esp_peer_msg_t *message, void *ctx) {
  side *self = ctx;
  return esp_peer_send_msg(self->other->peer, message);
}

static int on_channel_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  side *self = ctx;
  if (strcmp(channel->label, "numbers") != 0) return 0;
  self->stream = channel->stream_id;
  self->has_channel = true;
  return 0;
}

static int on_data(esp_peer_data_frame_t *frame, void *ctx) {
  side *self = ctx;
  int sender = 0, number = 0;
  char text[64];
  snprintf(text, sizeof text, "%.*s", frame->size, frame->data);
  if (sscanf(text, "%d %d", &sender, &number) != 2 || sender < 0 || sender >= SENDERS || self->next[sender]++ != number) self->wrong++;
  self->received++;
  return 0;
}

static int on_audio_data(esp_peer_audio_frame_t *frame, void *ctx) {
  side *self = ctx;
  for (int i = 1; i < frame->size; i++) {
    if (frame->data[i] != frame->data[0]) self->wrong++;
  }
  self->frames++;
  return 0;
}

static int on_video_data(esp_peer_video_frame_t *frame, void *ctx) {
  side *self = ctx;
  (void)frame;
  self->pictures++;
  return 0;
}

static int size_of(esp_peer_rtp_frame_t *frame, bool *in_place, void *ctx) {
  (void)ctx;
  *in_place = false;
  frame->encoded_size = frame->orig_size;
  return 0;
}

static int change(esp_peer_rtp_frame_t *frame, void *ctx) {
  (void)ctx;
  memcpy(frame->encoded_data, frame->orig_data, frame->orig_size);
  return 0;
}

static void *run(void *argument) {
  side *self = argument;
  while (self->is_running) esp_peer_main_loop(self->peer);
  return NULL;
}

typedef struct {
  side *self;
  int number;
} sender;

static void *send_messages(void *argument) {
  sender *of = argument;
  for (int i = 0; i < MESSAGES && of->self->is_sending;) {
    char text[64];
    int size = snprintf(text, sizeof text, "%d %d", of->number, i);
    esp_peer_data_frame_t frame = {ESP_PEER_DATA_CHANNEL_STRING, (uint16_t)of->self->stream, (uint8_t *)text, size};
    int result = esp_peer_send_data(of->self->peer, &frame);
    if (result == ESP_PEER_ERR_NONE) {
      i++;
      continue;
    }
    if (result != ESP_PEER_ERR_WOULD_BLOCK && of->self->is_sending) of->self->wrong++;
    pause_for(500);
  }
  return NULL;
}

static void *send_media(void *argument) {
  side *self = argument;
  static const esp_peer_rtp_transform_cb_t transform = {size_of, change};
  esp_peer_rtp_transform_cb_t callbacks = transform;
  uint8_t samples[160], picture[3000];
  memset(picture, 0x33, sizeof picture);
  memcpy(picture, "\0\0\0\1\x65", 5);
  for (uint32_t i = 0; self->is_sending; i++) {
    memset(samples, (int)i, sizeof samples);
    esp_peer_audio_frame_t audio = {i * 20, samples, sizeof samples};
    esp_peer_video_frame_t video = {i * 20, picture, sizeof picture};
    esp_peer_send_audio(self->peer, &audio);
    esp_peer_send_video(self->peer, &video);
    if (i % 4 == 0) esp_peer_set_rtp_transformer(self->peer, ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, i % 8 ? &callbacks : NULL, NULL);
    pause_for(2000);
  }
  return NULL;
}

static void *ask(void *argument) {
  side *self = argument;
  for (int i = 0; self->is_sending; i++) {
    esp_peer_addr_t address;
    char label[32];
    snprintf(label, sizeof label, "passing %d", i);
    esp_peer_data_channel_cfg_t channel = {.label = label, .ordered = true};
    if (esp_peer_get_paired_addr(self->peer, &address) != ESP_PEER_ERR_NONE) self->wrong++;
    esp_peer_update_ice_info(self->peer, ESP_PEER_ROLE_CONTROLLED, NULL, 0);
    // Two threads at one main loop: one of them is refused.
    esp_peer_main_loop(self->peer);
    if (i < 5) {
      esp_peer_create_data_channel(self->peer, &channel);
      pause_for(20000);
      esp_peer_close_data_channel(self->peer, label);
    }
    pause_for(3000);
  }
  return NULL;
}

static bool open_side(side *self, esp_peer_role_t role) {
  swift_peer_cfg_t extra = {.magic = SWIFT_PEER_CFG_MAGIC, .main_loop_wait = 200};
  extra.base.data_ch_cfg.send_cache_size = 4096;
  esp_peer_cfg_t configuration = {
      .role = role, .enable_data_channel = true, .manual_ch_create = true, .no_auto_reconnect = true,
      .audio_info = {.codec = ESP_PEER_AUDIO_CODEC_G711A}, .audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV,
      .video_info = {.codec = ESP_PEER_VIDEO_CODEC_H264}, .video_dir = ESP_PEER_MEDIA_DIR_SEND_RECV,
      .extra_cfg = &extra, .extra_size = sizeof extra, .ctx = self,
      .on_state = on_state, .on_msg = on_msg, .on_channel_open = on_channel_open, .on_data = on_data,
      .on_audio_data = on_audio_data, .on_video_data = on_video_data,
  };
  return esp_peer_open(&configuration, esp_peer_get_default_impl(), &self->peer) == ESP_PEER_ERR_NONE;
}

static bool wait_for(atomic_int *number, int wanted) {
  for (int i = 0; i < 20000 && *number < wanted; i++) pause_for(1000);
  return *number >= wanted;
}

static bool session(bool ends_early) {
  side *sides = calloc(2, sizeof *sides);
  if (!sides) return false;
  sides[0].other = &sides[1];
  sides[1].other = &sides[0];
  pthread_t loops[2], others[2][SENDERS + 2];
  sender senders[2][SENDERS];
  if (!open_side(&sides[0], ESP_PEER_ROLE_CONTROLLING) || !open_side(&sides[1], ESP_PEER_ROLE_CONTROLLED)) return false;
  for (int i = 0; i < 2; i++) {
    sides[i].is_running = sides[i].is_sending = true;
    pthread_create(&loops[i], NULL, run, &sides[i]);
    esp_peer_new_connection(sides[i].peer);
  }
  for (int i = 0; i < 20000 && !(sides[0].is_connected && sides[1].is_connected); i++) pause_for(1000);
  esp_peer_data_channel_cfg_t channel = {.label = "numbers", .ordered = true};
  bool succeeded = esp_peer_create_data_channel(sides[0].peer, &channel) == ESP_PEER_ERR_NONE;
  for (int i = 0; i < 20000 && !(sides[0].has_channel && sides[1].has_channel); i++) pause_for(1000);
  for (int i = 0; i < 2; i++) {
    int count = 0;
    for (; count < SENDERS; count++) {
      senders[i][count] = (sender){&sides[i], count};
      pthread_create(&others[i][count], NULL, send_messages, &senders[i][count]);
    }
    pthread_create(&others[i][count++], NULL, send_media, &sides[i]);
    pthread_create(&others[i][count++], NULL, ask, &sides[i]);
  }
  if (ends_early) {
    pause_for(50000);
    esp_peer_disconnect(sides[0].peer);
    pause_for(50000);
  } else {
    for (int i = 0; i < 2; i++) succeeded = wait_for(&sides[i].received, SENDERS * MESSAGES) && wait_for(&sides[i].frames, 20) && succeeded;
  }
  for (int i = 0; i < 2; i++) {
    sides[i].is_sending = false;
    for (int j = 0; j < SENDERS + 2; j++) pthread_join(others[i][j], NULL);
  }
  for (int i = 0; i < 2; i++) {
    sides[i].is_running = false;
    pthread_join(loops[i], NULL);
  }
  for (int i = 0; i < 2; i++) {
    if (!ends_early && sides[i].wrong) {
      printf("side %d: %d wrong, %d messages, %d frames, %d pictures\n", i, sides[i].wrong, sides[i].received, sides[i].frames, sides[i].pictures);
      succeeded = false;
    }
    succeeded = esp_peer_close(sides[i].peer) == ESP_PEER_ERR_NONE && succeeded;
  }
  if (!succeeded) printf("messages %d and %d, frames %d and %d\n", sides[0].received, sides[1].received, sides[0].frames, sides[1].frames);
  free(sides);
  return succeeded;
}

// --- Closed by one thread while another runs the main loop ---

static atomic_int callbacks;
static atomic_bool is_closed;

static int late_state(esp_peer_state_t state, void *ctx) {
  (void)state;
  (void)ctx;
  if (is_closed) callbacks += 1000;
  callbacks++;
  pause_for(20000);
  if (is_closed) callbacks += 1000;
  return 0;
}

static void *run_once(void *argument) {
  esp_peer_main_loop(argument);
  return NULL;
}

static bool closed_meanwhile(void) {
  esp_peer_cfg_t configuration = {.on_state = late_state};
  swift_peer_cfg_t extra = {.magic = SWIFT_PEER_CFG_MAGIC, .main_loop_wait = 5000};
  configuration.extra_cfg = &extra;
  configuration.extra_size = sizeof extra;
  for (int kind = 0; kind < 2; kind++) {
    esp_peer_handle_t peer;
    if (esp_peer_open(&configuration, esp_peer_get_default_impl(), &peer) != ESP_PEER_ERR_NONE) return false;
    callbacks = 0;
    is_closed = false;
    // In a callback, or, with nothing to do, in its wait.
    if (kind == 0) esp_peer_new_connection(peer);
    pthread_t thread;
    pthread_create(&thread, NULL, run_once, peer);
    pause_for(10000);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (esp_peer_close(peer) != ESP_PEER_ERR_NONE) return false;
    is_closed = true;
    clock_gettime(CLOCK_MONOTONIC, &end);
    pthread_join(thread, NULL);
    if (callbacks >= 1000 || callbacks != (kind == 0) || end.tv_sec - begin.tv_sec > 3) {
      printf("%d callbacks, %ld s\n", callbacks, (long)(end.tv_sec - begin.tv_sec));
      return false;
    }
  }
  return true;
}

int main(int count, char **arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 1;
  for (int round = 0; round < rounds; round++) {
    if (!session(false) || !session(true) || !closed_meanwhile()) return 1;
  }
  printf("%d rounds of many threads\n", rounds);
  return 0;
}
