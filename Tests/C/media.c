// Audio and video as an application meets them, with clips of Vectors/media (the directory is $MEDIA).
#include "pair.h"

// --- Audio ---

static esp_peer_audio_stream_info_t chosen_audio[2];
static esp_peer_media_dir_t chosen_direction[2];

static void with_audio(esp_peer_cfg_t *configuration, int index) {
  configuration->audio_info = chosen_audio[index];
  configuration->audio_dir = chosen_direction[index];
}

static void choose_audio(esp_peer_audio_codec_t left, esp_peer_media_dir_t left_direction, esp_peer_audio_codec_t right,
                         esp_peer_media_dir_t right_direction) {
  chosen_audio[0] = (esp_peer_audio_stream_info_t){.codec = left};
  chosen_audio[1] = (esp_peer_audio_stream_info_t){.codec = right};
  chosen_direction[0] = left_direction;
  chosen_direction[1] = right_direction;
}

static int send_samples(side *self, uint32_t pts, uint8_t value, int size) {
  uint8_t samples[960];
  memset(samples, value, sizeof samples);
  // For Opus: 20 ms of CELT in one frame.
  samples[0] = 31 << 3;
  esp_peer_audio_frame_t frame = {pts, samples, size};
  return esp_peer_send_audio(self->peer, &frame);
}

static void audio_of_each_codec(void) {
  for (int codec = ESP_PEER_AUDIO_CODEC_G711A; codec <= ESP_PEER_AUDIO_CODEC_OPUS; codec++) {
    choose_audio(codec, ESP_PEER_MEDIA_DIR_SEND_RECV, codec, ESP_PEER_MEDIA_DIR_SEND_RECV);
    side *sides[2];
    open_pair(sides, with_audio);
    connect_pair(sides);
    uint32_t first[2] = {0, 0};
    for (int i = 0; i < 20; i++) {
      for (int j = 0; j < 2; j++) EQUAL(send_samples(sides[j], 1000 + (uint32_t)i * 20, (uint8_t)(i * 2 + j), 160), ESP_PEER_ERR_NONE);
      UNTIL(sides[0], sides[1], sides[0]->frames == i + 1 && sides[1]->frames == i + 1);
      for (int j = 0; j < 2; j++) {
        EQUAL(sides[j]->size, 160);
        EQUAL(sides[j]->data[159], i * 2 + (1 - j));
        if (i == 0) first[j] = sides[j]->pts;
        EQUAL(sides[j]->pts - first[j], i * 20);
      }
    }
    for (int j = 0; j < 2; j++) {
      EQUAL(sides[j]->infos, 1);
      EQUAL(sides[j]->audio.codec, codec);
      EQUAL(sides[j]->audio.sample_rate, codec == ESP_PEER_AUDIO_CODEC_OPUS ? 48000 : 8000);
      EQUAL(sides[j]->counts[ESP_PEER_STATE_REMOTE_AUDIO_TRACK_ADDED], 1);
    }
    close_pair(sides);
  }
}

// An application that counts no time.
static void audio_without_time(void) {
  for (int codec = ESP_PEER_AUDIO_CODEC_G711A; codec <= ESP_PEER_AUDIO_CODEC_OPUS; codec++) {
    choose_audio(codec, ESP_PEER_MEDIA_DIR_SEND_RECV, codec, ESP_PEER_MEDIA_DIR_SEND_RECV);
    side *sides[2];
    open_pair(sides, with_audio);
    connect_pair(sides);
    for (int i = 0; i < 5; i++) {
      EQUAL(send_samples(sides[0], 0, (uint8_t)i, 160), ESP_PEER_ERR_NONE);
      UNTIL(sides[0], sides[1], sides[1]->frames == i + 1);
      EQUAL(sides[1]->pts, i * 20);
    }
    close_pair(sides);
  }
}

// The application's milliseconds may begin anywhere, and wrap.
static void time_that_wraps(void) {
  choose_audio(ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_SEND_ONLY, ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_RECV_ONLY);
  side *sides[2];
  open_pair(sides, with_audio);
  connect_pair(sides);
  for (int i = 0; i < 6; i++) {
    EQUAL(send_samples(sides[0], UINT32_MAX - 50 + (uint32_t)i * 20, (uint8_t)i, 160), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[1]->frames == i + 1);
    EQUAL(sides[1]->pts, i * 20);
  }
  close_pair(sides);
}

static void one_direction(void) {
  choose_audio(ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_SEND_ONLY, ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_RECV_ONLY);
  side *sides[2];
  open_pair(sides, with_audio);
  connect_pair(sides);
  EQUAL(send_samples(sides[1], 0, 1, 160), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(send_samples(sides[0], 0, 1, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->frames == 1);
  EQUAL(sides[0]->counts[ESP_PEER_STATE_REMOTE_AUDIO_TRACK_ADDED], 0);
  CHECK(strstr(sides[0]->description, "a=sendonly") && strstr(sides[1]->description, "a=recvonly"));
  close_pair(sides);
}

// No codec in common: the channels are none the worse.
static void codecs_that_differ(void) {
  choose_audio(ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_SEND_RECV, ESP_PEER_AUDIO_CODEC_OPUS, ESP_PEER_MEDIA_DIR_SEND_RECV);
  side *sides[2];
  open_pair(sides, with_audio);
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
  EQUAL(send_samples(sides[0], 0, 1, 160), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(send_samples(sides[1], 0, 1, 160), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(send_text(sides[0], sides[0]->streams[0], "still"), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->messages == 1);
  close_pair(sides);
}

// --- Video ---

typedef struct {
  uint8_t *bytes;
  int size, frames;
  int starts[512];
} clip;

static clip load(const char *name) {
  clip result = {0};
  const char *directory = getenv("MEDIA");
  char path[512];
  snprintf(path, sizeof path, "%s/%s", directory ? directory : "Vectors/media", name);
  FILE *file = fopen(path, "rb");
  CHECK(file);
  result.bytes = malloc(1 << 20);
  CHECK(result.bytes);
  result.size = (int)fread(result.bytes, 1, 1 << 20, file);
  fclose(file);
  return result;
}

// Cuts an H264 stream in front of what begins a picture.
static clip load_h264(void) {
  clip result = load("h264.h264");
  bool has_slice = true;
  for (int i = 0; i + 4 < result.size; i++) {
    if (result.bytes[i] || result.bytes[i + 1] || result.bytes[i + 2] != 1) continue;
    int type = result.bytes[i + 3] & 31;
    bool is_slice = type == 1 || type == 5;
    if (has_slice && (!is_slice || (result.bytes[i + 4] & 0x80)) && result.frames < 511) {
      result.starts[result.frames++] = i > 0 && result.bytes[i - 1] == 0 ? i - 1 : i;
      has_slice = false;
    }
    if (is_slice) has_slice = true;
    i += 3;
  }
  result.starts[result.frames] = result.size;
  return result;
}

static clip load_jpeg(void) {
  clip result = load("mjpeg-420.mjpeg");
  for (int i = 0; i + 3 < result.size && result.frames < 511; i++) {
    if (result.bytes[i] == 0xff && result.bytes[i + 1] == 0xd8 && result.bytes[i + 2] == 0xff) result.starts[result.frames++] = i;
  }
  result.starts[result.frames] = result.size;
  return result;
}

static esp_peer_video_codec_t chosen_video;

static void with_video(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  configuration->video_info = (esp_peer_video_stream_info_t){.codec = chosen_video, .width = 320, .height = 240, .fps = 25};
  configuration->video_dir = ESP_PEER_MEDIA_DIR_SEND_RECV;
}

static esp_peer_video_frame_t frame_of(const clip *clip, int index) {
  return (esp_peer_video_frame_t){(uint32_t)index * 40, clip->bytes + clip->starts[index], clip->starts[index + 1] - clip->starts[index]};
}

// Without start codes, which may be of three bytes or of four.
static int without_start_codes(const uint8_t *bytes, int size, uint8_t *out) {
  int count = 0;
  for (int i = 0; i < size;) {
    int zeros = 0;
    while (i + zeros < size && bytes[i + zeros] == 0) zeros++;
    if (zeros >= 2 && i + zeros < size && bytes[i + zeros] == 1) {
      out[count++] = 0xfe;
      i += zeros + 1;
      continue;
    }
    for (int j = 0; j <= zeros && i < size; j++) out[count++] = bytes[i++];
  }
  return count;
}

static void h264(void) {
  clip clip = load_h264();
  CHECK(clip.frames > 20);
  chosen_video = ESP_PEER_VIDEO_CODEC_H264;
  side *sides[2];
  open_pair(sides, with_video);
  connect_pair(sides);
  uint8_t *sent = malloc(1 << 18), *came = malloc(1 << 18);
  CHECK(sent && came);
  for (int i = 0; i < clip.frames && i < 40; i++) {
    esp_peer_video_frame_t frame = frame_of(&clip, i);
    EQUAL(esp_peer_send_video(sides[0]->peer, &frame), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[1]->pictures == i + 1);
    int count = without_start_codes(frame.data, frame.size, sent);
    EQUAL(without_start_codes(sides[1]->data, sides[1]->size, came), count);
    CHECK(memcmp(sent, came, (size_t)count) == 0);
    EQUAL(sides[1]->pts, i * 40);
  }
  EQUAL(sides[1]->infos, 1);
  EQUAL(sides[1]->video.codec, ESP_PEER_VIDEO_CODEC_H264);
  EQUAL(sides[1]->counts[ESP_PEER_STATE_REMOTE_VIDEO_TRACK_ADDED], 1);
  free(sent);
  free(came);
  free(clip.bytes);
  close_pair(sides);
}

// Where the entropy-coded part begins.
static int scan_of(const uint8_t *bytes, int size) {
  for (int i = 2; i + 4 <= size;) {
    CHECK(bytes[i] == 0xff);
    int length = bytes[i + 2] << 8 | bytes[i + 3];
    if (bytes[i + 1] == 0xda) return i + 2 + length;
    i += 2 + length;
  }
  CHECK(false);
  return 0;
}

static void mjpeg(void) {
  clip clip = load_jpeg();
  CHECK(clip.frames > 5);
  chosen_video = ESP_PEER_VIDEO_CODEC_MJPEG;
  side *sides[2];
  open_pair(sides, with_video);
  connect_pair(sides);
  for (int i = 0; i < clip.frames && i < 15; i++) {
    esp_peer_video_frame_t frame = frame_of(&clip, i);
    EQUAL(esp_peer_send_video(sides[1]->peer, &frame), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[0]->pictures == i + 1);
    // The headers are made anew of what the packets say.
    int from = scan_of(frame.data, frame.size), at = scan_of(sides[0]->data, sides[0]->size);
    int count = frame.size - from < sides[0]->size - at ? frame.size - from : sides[0]->size - at;
    CHECK(count > 100 && abs((frame.size - from) - (sides[0]->size - at)) <= 2);
    CHECK(memcmp(frame.data + from, sides[0]->data + at, (size_t)count - 2) == 0);
  }
  CHECK(sides[0]->video.codec == ESP_PEER_VIDEO_CODEC_MJPEG && sides[0]->video.width > 0 && sides[0]->video.height > 0);
  esp_peer_video_frame_t garbage = {1000, (uint8_t *)"no picture", 10};
  EQUAL(esp_peer_send_video(sides[1]->peer, &garbage), ESP_PEER_ERR_BAD_DATA);
  free(clip.bytes);
  close_pair(sides);
}

static void with_small_pool(esp_peer_cfg_t *configuration, int index) {
  side *self = configuration->ctx;
  with_video(configuration, index);
  self->extra.base.rtp_cfg.send_pool_size = 20000;
  self->extra.base.rtp_cfg.video_recv_jitter.pli_send_interval = 50;
}

static void the_pool_and_key_frames(void) {
  clip clip = load_h264();
  chosen_video = ESP_PEER_VIDEO_CODEC_H264;
  side *sides[2];
  open_pair(sides, with_small_pool);
  connect_pair(sides);
  uint8_t *large = calloc(1, 1 << 17);
  CHECK(large);
  memcpy(large, "\0\0\0\1\x65", 5);
  memset(large + 5, 0x55, (1 << 17) - 5);
  esp_peer_video_frame_t frame = {0, large, 1 << 17};
  EQUAL(esp_peer_send_video(sides[0]->peer, &frame), ESP_PEER_ERR_OVER_LIMITED);
  frame.size = 9000;
  EQUAL(esp_peer_send_video(sides[0]->peer, &frame), ESP_PEER_ERR_NONE);
  int result = ESP_PEER_ERR_NONE;
  for (int i = 1; i < 10 && result == ESP_PEER_ERR_NONE; i++) {
    frame.pts = (uint32_t)i * 40;
    result = esp_peer_send_video(sides[0]->peer, &frame);
  }
  EQUAL(result, ESP_PEER_ERR_WOULD_BLOCK);
  linger(sides[0], sides[1], 300);
  for (int i = 0; i < 5; i++) {
    frame = frame_of(&clip, i);
    frame.pts += 1000;
    if (frame.size < 19000) EQUAL(esp_peer_send_video(sides[0]->peer, &frame), ESP_PEER_ERR_NONE);
    linger(sides[0], sides[1], 100);
  }
  // One every 50 ms is asked for; those that come closer than 250 ms are told once.
  UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_VIDEO_PLI_RECEIVED] >= 3);
  free(large);
  free(clip.bytes);
  close_pair(sides);
}

// --- Transforms ---

typedef struct {
  bool in_place, grows, refuses, passes;
  int sizes, runs, payload_type;
} transform;

static int size_of(esp_peer_rtp_frame_t *frame, bool *in_place, void *ctx) {
  transform *self = ctx;
  CHECK(frame->orig_data && frame->orig_size > 0);
  self->sizes++;
  self->payload_type = frame->payload_type;
  if (self->passes) return ESP_PEER_ERR_NOT_SUPPORT;
  *in_place = self->in_place;
  frame->encoded_size = frame->orig_size + (self->grows ? 4 : 0);
  return 0;
}

static int run(esp_peer_rtp_frame_t *frame, void *ctx) {
  transform *self = ctx;
  self->runs++;
  CHECK((frame->encoded_data == frame->orig_data) == self->in_place);
  if (self->refuses) return -1;
  for (uint32_t i = 0; i < frame->orig_size; i++) frame->encoded_data[i] = frame->orig_data[i] ^ 0x5a;
  if (self->grows) memcpy(frame->encoded_data + frame->orig_size, "tail", 4);
  return 0;
}

static int shrink_size(esp_peer_rtp_frame_t *frame, bool *in_place, void *ctx) {
  (void)ctx;
  *in_place = false;
  frame->encoded_size = frame->orig_size;
  return 0;
}

static int shrink(esp_peer_rtp_frame_t *frame, void *ctx) {
  (void)ctx;
  CHECK(frame->orig_size > 4 && memcmp(frame->orig_data + frame->orig_size - 4, "tail", 4) == 0);
  frame->encoded_size = frame->orig_size - 4;
  for (uint32_t i = 0; i < frame->encoded_size; i++) frame->encoded_data[i] = frame->orig_data[i] ^ 0x5a;
  return 0;
}

static void transforms(void) {
  choose_audio(ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_SEND_RECV, ESP_PEER_AUDIO_CODEC_G711A, ESP_PEER_MEDIA_DIR_SEND_RECV);
  side *sides[2];
  open_pair(sides, with_audio);
  connect_pair(sides);
  transform sending = {.in_place = true}, receiving = {.in_place = true};
  esp_peer_rtp_transform_cb_t callbacks = {size_of, run}, shrinking = {shrink_size, shrink};
  // Seen as it goes over the network: the receiver has none.
  EQUAL(esp_peer_set_rtp_transformer(sides[0]->peer, ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, &callbacks, &sending), 0);
  EQUAL(send_samples(sides[0], 0, 7, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->frames == 1);
  EQUAL(sides[1]->data[159], 7 ^ 0x5a);
  EQUAL(sending.payload_type, 8);
  // Both ways in place.
  EQUAL(esp_peer_set_rtp_transformer(sides[1]->peer, ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER, &callbacks, &receiving), 0);
  EQUAL(send_samples(sides[0], 20, 8, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->frames == 2);
  EQUAL(sides[1]->data[159], 8);
  EQUAL(receiving.payload_type, 8);
  // Larger on the way, and smaller again.
  sending = (transform){.grows = true};
  EQUAL(esp_peer_set_rtp_transformer(sides[1]->peer, ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER, &shrinking, NULL), 0);
  EQUAL(send_samples(sides[0], 40, 9, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->frames == 3);
  EQUAL(sides[1]->size, 160);
  EQUAL(sides[1]->data[159], 9);
  EQUAL(esp_peer_set_rtp_transformer(sides[1]->peer, ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER, NULL, NULL), 0);
  // Refused by the one, let pass by the other.
  sending = (transform){.refuses = true};
  EQUAL(send_samples(sides[0], 60, 10, 160), ESP_PEER_ERR_FAIL);
  EQUAL(sending.runs, 1);
  sending = (transform){.passes = true};
  EQUAL(send_samples(sides[0], 80, 11, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->frames == 4);
  EQUAL(sides[1]->data[159], 11);
  EQUAL(sending.runs, 0);
  // In place there is no room to grow into.
  sending = (transform){.in_place = true, .grows = true};
  EQUAL(send_samples(sides[0], 100, 12, 160), ESP_PEER_ERR_FAIL);
  EQUAL(sending.runs, 0);
  EQUAL(esp_peer_set_rtp_transformer(sides[0]->peer, ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, NULL, NULL), 0);
  EQUAL(send_samples(sides[0], 120, 13, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->frames == 5);
  // A receiver that refuses hears nothing.
  receiving = (transform){.refuses = true};
  EQUAL(esp_peer_set_rtp_transformer(sides[1]->peer, ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER, &callbacks, &receiving), 0);
  EQUAL(send_samples(sides[0], 140, 14, 160), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], receiving.runs == 1);
  linger(sides[0], sides[1], 50);
  EQUAL(sides[1]->frames, 5);
  close_pair(sides);
}

static const test_case cases[] = {
    {"audio_of_each_codec", audio_of_each_codec},
    {"audio_without_time", audio_without_time},
    {"time_that_wraps", time_that_wraps},
    {"one_direction", one_direction},
    {"codecs_that_differ", codecs_that_differ},
    {"h264", h264},
    {"mjpeg", mjpeg},
    {"the_pool_and_key_frames", the_pool_and_key_frames},
    {"transforms", transforms},
};

int main(int count, char **arguments) { return run_cases(cases, sizeof cases / sizeof *cases, count, arguments); }
