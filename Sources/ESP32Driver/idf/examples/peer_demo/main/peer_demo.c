// Two peers on one chip: they find each other over lwIP's loopback, shake hands, and send each other messages and G.711 audio. One
// task runs both; what one signals is handed to the other.
#include <esp_event.h>
#include <esp_heap_caps.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <string.h>

#include "esp_peer_default.h"
#include "swift_peer.h"

static const char *TAG = "peer_demo";

enum { MESSAGES = 20, FRAME = 160, FRAME_MILLISECONDS = 20, LIMIT_SECONDS = 60 };

typedef struct side {
  const char *name;
  struct side *other;
  esp_peer_handle_t peer;
  bool is_connected, has_channel, has_failed;
  int sent, messages, frames;
  uint16_t stream;
} side;

static int on_state(esp_peer_state_t state, void *ctx) {
  side *self = ctx;
  ESP_LOGI(TAG, "%s: state %d", self->name, state);
  if (state == ESP_PEER_STATE_CONNECTED) self->is_connected = true;
  if (state == ESP_PEER_STATE_CONNECT_FAILED) self->has_failed = true;
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
  if (self->messages++ == 0) ESP_LOGI(TAG, "%s hears: %.*s", self->name, frame->size, (const char *)frame->data);
  return 0;
}

static int on_audio_data(esp_peer_audio_frame_t *frame, void *ctx) {
  side *self = ctx;
  self->frames++;
  return 0;
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
      .on_audio_data = on_audio_data,
  };
  return esp_peer_open(&configuration, swift_peer_get_impl(), &self->peer);
}

static void speak(side *self) {
  if (self->sent >= MESSAGES) return;
  char text[48];
  int size = snprintf(text, sizeof text, "message %d of %s", self->sent, self->name);
  esp_peer_data_frame_t message = {ESP_PEER_DATA_CHANNEL_STRING, self->stream, (uint8_t *)text, size};
  if (esp_peer_send_data(self->peer, &message) != ESP_PEER_ERR_NONE) return;
  uint8_t samples[FRAME];
  memset(samples, self->sent, sizeof samples);
  esp_peer_audio_frame_t frame = {(uint32_t)(self->sent * FRAME_MILLISECONDS), samples, sizeof samples};
  esp_peer_send_audio(self->peer, &frame);
  self->sent++;
}

static bool is_done(const side *self) { return self->messages == MESSAGES && self->frames >= MESSAGES / 2; }

static bool talk(side *sides) {
  const int64_t end = esp_timer_get_time() + LIMIT_SECONDS * 1000000LL;
  int64_t next = 0;
  while (esp_timer_get_time() < end) {
    bool is_up = true;
    for (int i = 0; i < 2; i++) {
      esp_peer_main_loop(sides[i].peer);
      if (sides[i].has_failed) return false;
      is_up = is_up && sides[i].is_connected && sides[i].has_channel;
    }
    if (is_done(&sides[0]) && is_done(&sides[1])) return true;
    if (is_up && esp_timer_get_time() >= next) {
      next = esp_timer_get_time() + FRAME_MILLISECONDS * 1000;
      speak(&sides[0]);
      speak(&sides[1]);
    }
  }
  return false;
}

static bool session(void) {
  side sides[2] = {{.name = "left"}, {.name = "right"}};
  sides[0].other = &sides[1];
  sides[1].other = &sides[0];
  if (open_side(&sides[0], ESP_PEER_ROLE_CONTROLLING) != ESP_PEER_ERR_NONE) return false;
  if (open_side(&sides[1], ESP_PEER_ROLE_CONTROLLED) != ESP_PEER_ERR_NONE) {
    esp_peer_close(sides[0].peer);
    return false;
  }
  // The side that is called is ready before the caller's offer comes.
  bool succeeded = esp_peer_new_connection(sides[1].peer) == ESP_PEER_ERR_NONE &&
                   esp_peer_new_connection(sides[0].peer) == ESP_PEER_ERR_NONE && talk(sides);
  ESP_LOGI(TAG, "heap: %u bytes free now, %u at the least", (unsigned)heap_caps_get_free_size(MALLOC_CAP_DEFAULT),
           (unsigned)heap_caps_get_minimum_free_size(MALLOC_CAP_DEFAULT));
  for (int i = 0; i < 2; i++) {
    if (!succeeded) esp_peer_query(sides[i].peer);
    esp_peer_close(sides[i].peer);
  }
  return succeeded;
}

void app_main(void) {
  ESP_ERROR_CHECK(nvs_flash_init());
  ESP_ERROR_CHECK(esp_netif_init());
  ESP_ERROR_CHECK(esp_event_loop_create_default());
  for (int round = 0; round < 3; round++) {
    const size_t before = heap_caps_get_free_size(MALLOC_CAP_DEFAULT);
    const int64_t started = esp_timer_get_time();
    const bool succeeded = session();
    ESP_LOGI(TAG, "round %d: %s in %lld ms; %d bytes of heap not given back", round, succeeded ? "good" : "FAILED",
             (esp_timer_get_time() - started) / 1000, (int)before - (int)heap_caps_get_free_size(MALLOC_CAP_DEFAULT));
  }
  ESP_LOGI(TAG, "stack: %u bytes were never used", (unsigned)uxTaskGetStackHighWaterMark(NULL));
}
