// One peer on a chip with a network, and the other an ordinary process of the host: `peer serve`, whose endpoint /echo sends messages
// and media back. The descriptions go by files, which a script hands to the endpoint: a chip would POST them itself.
#include <string.h>

#include "../../network/network.h"
#include "../../platform/platform.h"
#include "esp_peer.h"
#include "ethernet.h"
#include "swift_peer.h"
#include "swift_peer_arena.h"

enum { MESSAGES = 20, MESSAGE = 100, FRAMES = 50, FRAME = 160, LIMIT_SECONDS = 40, FRAME_MILLISECONDS = 20 };
enum { AF_INET6_NUMBER = 10 };
enum { FAULT_OPEN = 1, FAULT_INCOMPLETE = 2, FAULT_CONTENT = 4, FAULT_FAILED = 8, FAULT_NETWORK = 16, FAULT_CLOSE = 32 };

static esp_peer_handle_t peer;
static int is_described, is_connected, has_channel, has_failed;
static int messages_sent, messages, frames_sent, frames, wrong;
static uint16_t stream;
static uint8_t answer[8192];

static uint32_t milliseconds(void) { return (uint32_t)(platform_nanoseconds() / 1000000); }

static void fill(uint8_t *bytes, int size, int number, int is_frame) {
  for (int i = 0; i < size; i++) bytes[i] = (uint8_t)(i * 7 + number * 31 + is_frame * 57);
}

static int is_right(const uint8_t *bytes, int size, int number, int is_frame) {
  uint8_t expected[FRAME];
  fill(expected, sizeof expected, number, is_frame);
  return size == (is_frame ? FRAME : MESSAGE) && memcmp(bytes, expected, (size_t)size) == 0;
}

void swift_peer_arena_ends(const arena *arena) { say_number("of its arena the peer used: ", (uint32_t)arena_peak(arena)); }

static int on_state(esp_peer_state_t state, void *ctx) {
  (void)ctx;
  if (state == ESP_PEER_STATE_CONNECTED) is_connected = 1;
  if (state == ESP_PEER_STATE_CONNECT_FAILED) has_failed = 1;
  return 0;
}

static int on_msg(esp_peer_msg_t *message, void *ctx) {
  (void)ctx;
  if (message->type != ESP_PEER_MSG_TYPE_SDP || is_described) return 0;
  is_described = 1;
  return platform_write_file("offer.sdp", message->data, (size_t)message->size);
}

static int on_channel_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  (void)ctx;
  stream = channel->stream_id;
  has_channel = 1;
  return 0;
}

static int on_data(esp_peer_data_frame_t *frame, void *ctx) {
  (void)ctx;
  if (!is_right(frame->data, frame->size, messages, 0)) wrong++;
  messages++;
  return 0;
}

static int on_audio_info(esp_peer_audio_stream_info_t *info, void *ctx) {
  (void)ctx;
  if (info->codec != ESP_PEER_AUDIO_CODEC_G711A) wrong++;
  return 0;
}

static int on_audio_data(esp_peer_audio_frame_t *frame, void *ctx) {
  (void)ctx;
  if (!is_right(frame->data, frame->size, frames, 1)) wrong++;
  frames++;
  return 0;
}

static int open_peer(void) {
  swift_peer_cfg_t small = {
      .base = {.agent_recv_timeout = 100,
               .ipv6_support = true,
               .data_ch_cfg = {.send_cache_size = 1536, .recv_cache_size = 1536},
               .rtp_cfg = {.audio_recv_jitter = {.cache_size = 1024}, .send_pool_size = 1024, .send_queue_num = 10}},
      .magic = SWIFT_PEER_CFG_MAGIC,
      .main_loop_wait = 10,
  };
  esp_peer_cfg_t configuration = {
      .role = ESP_PEER_ROLE_CONTROLLING,
      .audio_info = {.codec = ESP_PEER_AUDIO_CODEC_G711A},
      .audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV,
      .enable_data_channel = true,
      // The host takes the part in which esp_peer opens a channel by itself.
      .manual_ch_create = true,
      .no_auto_reconnect = true,
      .extra_cfg = &small,
      .extra_size = sizeof small,
      .on_state = on_state,
      .on_msg = on_msg,
      .on_channel_open = on_channel_open,
      .on_data = on_data,
      .on_audio_info = on_audio_info,
      .on_audio_data = on_audio_data,
  };
  return esp_peer_open(&configuration, swift_peer_get_impl(), &peer);
}

static void speak(void) {
  uint8_t bytes[FRAME];
  if (messages_sent < MESSAGES) {
    fill(bytes, MESSAGE, messages_sent, 0);
    esp_peer_data_frame_t message = {ESP_PEER_DATA_CHANNEL_DATA, stream, bytes, MESSAGE};
    int result = esp_peer_send_data(peer, &message);
    if (result == ESP_PEER_ERR_NONE) messages_sent++;
    else if (result != ESP_PEER_ERR_WOULD_BLOCK) wrong++;
  }
  if (frames_sent < FRAMES) {
    fill(bytes, FRAME, frames_sent, 1);
    esp_peer_audio_frame_t frame = {(uint32_t)(frames_sent * FRAME_MILLISECONDS), bytes, FRAME};
    if (esp_peer_send_audio(peer, &frame) != ESP_PEER_ERR_NONE) wrong++;
    frames_sent++;
  }
}

static int open_channel(void) {
  esp_peer_data_channel_cfg_t channel = {.type = ESP_PEER_DATA_CHANNEL_RELIABLE, .ordered = true, .label = (char *)"chip"};
  return esp_peer_create_data_channel(peer, &channel);
}

static void run(void) {
  uint32_t end = milliseconds() + LIMIT_SECONDS * 1000, next_frame = 0, next_look = 0;
  int is_answered = 0;
  while ((int32_t)(end - milliseconds()) > 0 && !has_failed) {
    esp_peer_main_loop(peer);
    if (messages == MESSAGES && frames == FRAMES) return;
    if (is_described && !is_answered && (int32_t)(milliseconds() - next_look) >= 0) {
      int size = platform_read_file("answer.sdp", answer, sizeof answer);
      next_look = milliseconds() + 50;
      if (size > 0) {
        esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_SDP, answer, size};
        if (esp_peer_send_msg(peer, &message) != ESP_PEER_ERR_NONE) has_failed = 1;
        is_answered = 1;
        say_number("answered after milliseconds: ", milliseconds());
        end = milliseconds() + LIMIT_SECONDS * 1000;
      }
    }
    if (!is_connected || !has_channel || (next_frame != 0 && (int32_t)(next_frame - milliseconds()) > 0)) continue;
    if (next_frame == 0) say_number("connected after milliseconds: ", milliseconds());
    next_frame = (next_frame == 0 ? milliseconds() : next_frame) + FRAME_MILLISECONDS;
    speak();
  }
}

int image_main(void) {
  int faults = 0;
  network_start();
  if (ethernet_start() != 0) {
    say("no network device\n");
    return FAULT_NETWORK;
  }
  network_set_interface(ethernet_poll);
  stack_paint();
  heap_set_owner(1);
  if (open_peer() != ESP_PEER_ERR_NONE || esp_peer_new_connection(peer) != ESP_PEER_ERR_NONE ||
      open_channel() != ESP_PEER_ERR_NONE) {
    faults |= FAULT_OPEN;
  }
  if (faults == 0) run();
  if (has_failed) faults |= FAULT_FAILED;
  if (messages != MESSAGES || frames != FRAMES) faults |= FAULT_INCOMPLETE;
  if (wrong != 0) faults |= FAULT_CONTENT;
  esp_peer_addr_t remote;
  if (peer != NULL && esp_peer_get_paired_addr(peer, &remote) == ESP_PEER_ERR_NONE) {
    say_number("the host's UDP port: ", remote.port);
    say(remote.family == AF_INET6_NUMBER ? "by IPv6\n" : "by IPv4\n");
  }
  say_number("messages back from the host: ", (uint32_t)messages);
  say_number("audio frames back from the host: ", (uint32_t)frames);
  say_number("heap peak: ", heap_peak(1));
  say_number("stack peak: ", stack_peak());
  say_number("lwIP's pools: ", network_pools());
  if (faults != 0 && peer != NULL) esp_peer_query(peer);
  if (peer != NULL && esp_peer_close(peer) != ESP_PEER_ERR_NONE) faults |= FAULT_CLOSE;
  if (faults != 0) say_number("FAULTS: ", (uint32_t)faults);
  say(faults == 0 ? "verdict: good\n" : "verdict: BAD\n");
  return faults;
}
