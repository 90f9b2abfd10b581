// One peer as a process, which sends back whatever it receives: messages, audio and video. Signalling goes over standard input
// and output, so that anything can stand at the other end.
//
//   endpoint [controlling|controlled] [pcma|pcmu|opus] [h264|mjpeg] [channel] [hold]
//
// In: "sdp SIZE" and "candidate SIZE", each followed by a line's end and so many bytes; "open LABEL", "close LABEL", "send TEXT",
// "audio" (ten frames of G.711), "connect", "disconnect", "quit". Out: the same "sdp SIZE", and lines that say what happened. `channel`: data channels; `hold`: nothing is
// sent back.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esp_peer_default.h"

typedef struct {
  esp_peer_handle_t peer;
  bool echoes;
  uint16_t stream;
  int frames;
} endpoint;

static const char *const states[] = {
    "closed", "disconnected", "new", "gathering", "pairing", "paired", "connecting", "connected", "failed",
    "channels-connected", "channel-opened", "channel-closed", "channels-disconnected",
    "audio-added", "audio-removed", "video-added", "video-removed", "key-frame-wanted",
};

static int on_state(esp_peer_state_t state, void *ctx) {
  (void)ctx;
  printf("state %s\n", states[state]);
  return 0;
}

static int on_msg(esp_peer_msg_t *message, void *ctx) {
  (void)ctx;
  if (message->type == ESP_PEER_MSG_TYPE_SDP) printf("sdp %d\n%.*s", message->size, message->size, message->data);
  return 0;
}

static int on_channel_open(esp_peer_data_channel_info_t *channel, void *ctx) {
  endpoint *self = ctx;
  self->stream = channel->stream_id;
  printf("opened %u %s\n", channel->stream_id, channel->label);
  return 0;
}

static int on_channel_close(esp_peer_data_channel_info_t *channel, void *ctx) {
  (void)ctx;
  printf("closed %u %s\n", channel->stream_id, channel->label);
  return 0;
}

// There may be no room for the echo now, and messages go on coming: what waits is kept.
typedef struct waiting {
  struct waiting *next;
  esp_peer_data_frame_t frame;
  uint8_t data[];
} waiting;
static waiting *first, **last = &first;

static void flush_waiting(endpoint *self) {
  while (first && esp_peer_send_data(self->peer, &first->frame) != ESP_PEER_ERR_WOULD_BLOCK) {
    waiting *done = first;
    first = done->next;
    if (!first) last = &first;
    free(done);
  }
}

static int on_data(esp_peer_data_frame_t *frame, void *ctx) {
  endpoint *self = ctx;
  if (!self->echoes) {
    if (frame->type == ESP_PEER_DATA_CHANNEL_STRING) printf("text %u %.*s\n", frame->stream_id, frame->size, frame->data);
    else printf("binary %u %d\n", frame->stream_id, frame->size);
    return 0;
  }
  flush_waiting(self);
  if (!first && esp_peer_send_data(self->peer, frame) != ESP_PEER_ERR_WOULD_BLOCK) return 0;
  waiting *kept = malloc(sizeof *kept + (size_t)frame->size);
  if (!kept) abort();
  kept->next = NULL;
  kept->frame = *frame;
  kept->frame.data = kept->data;
  memcpy(kept->data, frame->data, (size_t)frame->size);
  *last = kept;
  last = &kept->next;
  return 0;
}

static int on_audio_info(esp_peer_audio_stream_info_t *info, void *ctx) {
  (void)ctx;
  printf("audio %d %u %u\n", info->codec, info->sample_rate, info->channel);
  return 0;
}

static int on_video_info(esp_peer_video_stream_info_t *info, void *ctx) {
  (void)ctx;
  printf("video %d %dx%d\n", info->codec, info->width, info->height);
  return 0;
}

static int on_audio_data(esp_peer_audio_frame_t *frame, void *ctx) {
  endpoint *self = ctx;
  if (self->echoes) esp_peer_send_audio(self->peer, frame);
  else if (++self->frames % 10 == 0) printf("audio-frame %u %d\n", frame->pts, frame->size);
  return 0;
}

static int on_video_data(esp_peer_video_frame_t *frame, void *ctx) {
  endpoint *self = ctx;
  if (self->echoes) esp_peer_send_video(self->peer, frame);
  else printf("video-frame %u %d\n", frame->pts, frame->size);
  return 0;
}

// Reads all of it, or gives up with the process.
static void read_exactly(uint8_t *bytes, int size) {
  for (int count = 0; count < size;) {
    ssize_t got = read(STDIN_FILENO, bytes + count, (size_t)(size - count));
    if (got <= 0) exit(2);
    count += (int)got;
  }
}

// Whether to go on.
static bool obey(endpoint *self) {
  char line[300];
  int length = 0;
  for (;;) {
    read_exactly((uint8_t *)&line[length], 1);
    if (line[length] == '\n' || length == sizeof line - 1) break;
    length++;
  }
  line[length] = 0;
  int size = 0, result = 0;
  if (sscanf(line, "sdp %d", &size) == 1 || sscanf(line, "candidate %d", &size) == 1) {
    uint8_t *bytes = malloc((size_t)size + 1);
    if (!bytes) return false;
    read_exactly(bytes, size);
    esp_peer_msg_t message = {line[0] == 's' ? ESP_PEER_MSG_TYPE_SDP : ESP_PEER_MSG_TYPE_CANDIDATE, bytes, size};
    result = esp_peer_send_msg(self->peer, &message);
    free(bytes);
  } else if (strncmp(line, "open ", 5) == 0) {
    esp_peer_data_channel_cfg_t channel = {.type = ESP_PEER_DATA_CHANNEL_RELIABLE, .ordered = true, .label = line + 5};
    result = esp_peer_create_data_channel(self->peer, &channel);
  } else if (strncmp(line, "close ", 6) == 0) {
    result = esp_peer_close_data_channel(self->peer, line + 6);
  } else if (strncmp(line, "send ", 5) == 0) {
    esp_peer_data_frame_t frame = {ESP_PEER_DATA_CHANNEL_STRING, self->stream, (uint8_t *)line + 5, length - 5};
    result = esp_peer_send_data(self->peer, &frame);
  } else if (strcmp(line, "audio") == 0) {
    uint8_t samples[160] = {0};
    for (uint32_t i = 0; i < 10 && result == 0; i++) {
      esp_peer_audio_frame_t frame = {i * 20, samples, sizeof samples};
      result = esp_peer_send_audio(self->peer, &frame);
    }
  } else if (strcmp(line, "disconnect") == 0) {
    result = esp_peer_disconnect(self->peer);
  } else if (strcmp(line, "connect") == 0) {
    result = esp_peer_new_connection(self->peer);
  } else {
    return false;
  }
  if (result != ESP_PEER_ERR_NONE) printf("error %d of %s\n", result, line);
  return true;
}

int main(int count, char **arguments) {
  endpoint self = {.echoes = true};
  esp_peer_cfg_t configuration = {
      .role = ESP_PEER_ROLE_CONTROLLED, .no_auto_reconnect = true, .manual_ch_create = true,
      .ctx = &self, .on_state = on_state, .on_msg = on_msg,
      .on_channel_open = on_channel_open, .on_channel_close = on_channel_close, .on_data = on_data,
      .on_audio_info = on_audio_info, .on_audio_data = on_audio_data,
      .on_video_info = on_video_info, .on_video_data = on_video_data,
  };
  for (int i = 1; i < count; i++) {
    const char *word = arguments[i];
    if (strcmp(word, "controlling") == 0) configuration.role = ESP_PEER_ROLE_CONTROLLING;
    if (strcmp(word, "pcma") == 0) configuration.audio_info.codec = ESP_PEER_AUDIO_CODEC_G711A;
    if (strcmp(word, "pcmu") == 0) configuration.audio_info.codec = ESP_PEER_AUDIO_CODEC_G711U;
    if (strcmp(word, "opus") == 0) configuration.audio_info = (esp_peer_audio_stream_info_t){ESP_PEER_AUDIO_CODEC_OPUS, 48000, 2};
    if (strcmp(word, "h264") == 0) configuration.video_info.codec = ESP_PEER_VIDEO_CODEC_H264;
    if (strcmp(word, "mjpeg") == 0) configuration.video_info.codec = ESP_PEER_VIDEO_CODEC_MJPEG;
    if (strcmp(word, "channel") == 0) configuration.enable_data_channel = true;
    if (strcmp(word, "hold") == 0) self.echoes = false;
  }
  if (configuration.audio_info.codec) configuration.audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV;
  if (configuration.video_info.codec) configuration.video_dir = ESP_PEER_MEDIA_DIR_SEND_RECV;
  setvbuf(stdout, NULL, _IOLBF, 0);
  int result = esp_peer_open(&configuration, esp_peer_get_default_impl(), &self.peer);
  if (result == ESP_PEER_ERR_NONE) result = esp_peer_new_connection(self.peer);
  if (result != ESP_PEER_ERR_NONE) {
    fprintf(stderr, "cannot begin: %d\n", result);
    return 1;
  }
  for (bool goes_on = true; goes_on;) {
    esp_peer_main_loop(self.peer);
    flush_waiting(&self);
    fflush(stdout);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, 0) > 0) goes_on = obey(&self);
  }
  return esp_peer_close(self.peer) == ESP_PEER_ERR_NONE ? 0 : 1;
}
