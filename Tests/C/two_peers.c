// Two peers in one process, as esp_peer's own peer_demo has them: they connect, talk over a data channel, and send each other
// G.711 audio. Exits with 0 where all of that came to pass.
//
//   two_peers [rounds]    connect, talk and close so often; a thread a peer
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "esp_peer_default.h"

enum { MESSAGES = 20, FRAME = 160 };

typedef struct side {
  const char *name;
  struct side *other;
  esp_peer_handle_t peer;
  pthread_t thread;
  atomic_bool is_running, is_connected, has_channel;
  atomic_int messages, frames, wrong;
  atomic_int state;
  uint16_t stream;
} side;

static void pause_for(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static int on_state(esp_peer_state_t state, void *ctx) {
  side *self = ctx;
  self->state = (int)state;
  if (state == ESP_PEER_STATE_CONNECTED) self->is_connected = true;
  return 0;
}

static int on_msg(esp_peer_msg_t *message, void *ctx) {
  side *self = ctx;
  return esp_peer_send_msg(self->other->peer, message);
}

static int on_channel_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  side *self = ctx;
  self->stream = channel->stream_id;
  self->has_channel = true;
  return 0;
}

static int on_data(esp_peer_data_frame_t *frame, void *ctx) {
  side *self = ctx;
  char expected[64];
  int size = snprintf(expected, sizeof expected, "message %d of %s", self->messages, self->other->name);
  if (frame->type != ESP_PEER_DATA_CHANNEL_STRING || frame->size != size || memcmp(frame->data, expected, size) != 0) self->wrong++;
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
  if (frame->size != FRAME || frame->data[0] != frame->data[FRAME - 1]) self->wrong++;
  self->frames++;
  return 0;
}

static void *run(void *argument) {
  side *self = argument;
  while (self->is_running) {
    esp_peer_main_loop(self->peer);
    pause_for(2);
  }
  return NULL;
}

static int open_side(side *self, esp_peer_role_t role) {
  esp_peer_default_cfg_t small = {
      .agent_recv_timeout = 100,
      .data_ch_cfg = {.send_cache_size = 1536, .recv_cache_size = 1536},
      .rtp_cfg = {.audio_recv_jitter = {.cache_size = 1024}, .send_pool_size = 1024, .send_queue_num = 10},
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
      .on_audio_info = on_audio_info,
      .on_audio_data = on_audio_data,
  };
  int result = esp_peer_open(&configuration, esp_peer_get_default_impl(), &self->peer);
  if (result != ESP_PEER_ERR_NONE) fprintf(stderr, "open: %d\n", result);
  return result;
}

static bool wait_for(side *sides, bool (*condition)(const side *)) {
  for (int i = 0; i < 5000; i++) {
    if (condition(&sides[0]) && condition(&sides[1])) return true;
    pause_for(2);
  }
  return false;
}

static bool is_connected(const side *self) { return self->is_connected && self->has_channel; }
static bool has_heard(const side *self) { return self->messages >= MESSAGES && self->frames >= MESSAGES / 2; }

static void talk(side *self, int number) {
  char text[64];
  int size = snprintf(text, sizeof text, "message %d of %s", number, self->name);
  esp_peer_data_frame_t message = {ESP_PEER_DATA_CHANNEL_STRING, self->stream, (uint8_t *)text, size};
  while (esp_peer_send_data(self->peer, &message) == ESP_PEER_ERR_WOULD_BLOCK) pause_for(2);
  uint8_t samples[FRAME];
  memset(samples, number, sizeof samples);
  esp_peer_audio_frame_t frame = {(uint32_t)number * 20, samples, sizeof samples};
  esp_peer_send_audio(self->peer, &frame);
}

static bool session(void) {
  side sides[2] = {{.name = "left"}, {.name = "right"}};
  sides[0].other = &sides[1];
  sides[1].other = &sides[0];
  if (open_side(&sides[0], ESP_PEER_ROLE_CONTROLLING) || open_side(&sides[1], ESP_PEER_ROLE_CONTROLLED)) return false;
  for (int i = 0; i < 2; i++) {
    sides[i].is_running = true;
    pthread_create(&sides[i].thread, NULL, run, &sides[i]);
  }
  bool succeeded = true;
  for (int i = 0; i < 2; i++) succeeded = esp_peer_new_connection(sides[i].peer) == ESP_PEER_ERR_NONE && succeeded;
  succeeded = succeeded && wait_for(sides, is_connected);
  for (int number = 0; succeeded && number < MESSAGES; number++) {
    talk(&sides[0], number);
    talk(&sides[1], number);
    pause_for(10);
  }
  succeeded = succeeded && wait_for(sides, has_heard);
  esp_peer_addr_t address;
  for (int i = 0; i < 2; i++) {
    succeeded = succeeded && esp_peer_get_paired_addr(sides[i].peer, &address) == ESP_PEER_ERR_NONE && address.port != 0;
    if (sides[i].wrong || !succeeded) {
      printf("%s: state %d, %d messages, %d frames, %d wrong\n", sides[i].name, sides[i].state, sides[i].messages,
             sides[i].frames, sides[i].wrong);
      esp_peer_query(sides[i].peer);
      succeeded = false;
    }
  }
  for (int i = 0; i < 2; i++) {
    esp_peer_disconnect(sides[i].peer);
    sides[i].is_running = false;
    pthread_join(sides[i].thread, NULL);
  }
  for (int i = 0; i < 2; i++) succeeded = esp_peer_close(sides[i].peer) == ESP_PEER_ERR_NONE && succeeded;
  return succeeded;
}

int main(int count, char **arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 1;
  for (int round = 0; round < rounds; round++) {
    if (!session()) {
      printf("round %d failed\n", round);
      return 1;
    }
  }
  printf("%d sessions of two peers\n", rounds);
  return 0;
}
