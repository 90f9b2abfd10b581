// The interface as an application meets it: arguments, states, channels, media. Every case stands alone: `interface NAME` runs one,
// `interface list` names them.
#include "pair.h"

// --- Arguments ---

static void bad_arguments(void) {
  const esp_peer_ops_t *ours = esp_peer_get_default_impl();
  CHECK(ours && ours == swift_peer_get_impl());
  side self = {0};
  esp_peer_handle_t handle = NULL;
  esp_peer_cfg_t good = plain(&self, ESP_PEER_ROLE_CONTROLLING);
  EQUAL(esp_peer_open(NULL, ours, &handle), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_open(&good, NULL, &handle), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_open(&good, ours, NULL), ESP_PEER_ERR_INVALID_ARG);
  esp_peer_ops_t empty = {0};
  EQUAL(esp_peer_open(&good, &empty, &handle), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(ours->open(NULL, &handle), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(ours->open(&good, NULL), ESP_PEER_ERR_INVALID_ARG);

  esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)"v=0", 3};
  esp_peer_video_frame_t video = {0, (uint8_t *)"x", 1};
  esp_peer_audio_frame_t audio = {0, (uint8_t *)"x", 1};
  esp_peer_data_frame_t data = {ESP_PEER_DATA_CHANNEL_DATA, 0, (uint8_t *)"x", 1};
  esp_peer_data_channel_cfg_t channel = {.label = "a"};
  esp_peer_addr_t address;
  EQUAL(esp_peer_new_connection(NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_create_data_channel(NULL, &channel), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_close_data_channel(NULL, "a"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_update_ice_info(NULL, ESP_PEER_ROLE_CONTROLLED, NULL, 0), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_set_rtp_transformer(NULL, ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, NULL, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_msg(NULL, &message), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_video(NULL, &video), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_audio(NULL, &audio), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_data(NULL, &data), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_main_loop(NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_disconnect(NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_query(NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_get_paired_addr(NULL, &address), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_close(NULL), ESP_PEER_ERR_INVALID_ARG);

  EQUAL(esp_peer_open(&good, ours, &handle), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_create_data_channel(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  channel.label = NULL;
  EQUAL(esp_peer_create_data_channel(handle, &channel), ESP_PEER_ERR_INVALID_ARG);
  channel = (esp_peer_data_channel_cfg_t){.type = (esp_peer_data_channel_reliable_type_t)7, .label = "a"};
  EQUAL(esp_peer_create_data_channel(handle, &channel), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_close_data_channel(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_update_ice_info(handle, (esp_peer_role_t)9, NULL, 0), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_update_ice_info(handle, ESP_PEER_ROLE_CONTROLLED, NULL, 1), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_update_ice_info(handle, ESP_PEER_ROLE_CONTROLLED, NULL, -1), ESP_PEER_ERR_INVALID_ARG);
  esp_peer_rtp_transform_cb_t lacking = {0};
  EQUAL(esp_peer_set_rtp_transformer(handle, ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, &lacking, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_set_rtp_transformer(handle, (esp_peer_rtp_transform_role_t)5, NULL, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_msg(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  message.data = NULL;
  EQUAL(esp_peer_send_msg(handle, &message), ESP_PEER_ERR_INVALID_ARG);
  message = (esp_peer_msg_t){ESP_PEER_MSG_TYPE_SDP, (uint8_t *)"v=0", -1};
  EQUAL(esp_peer_send_msg(handle, &message), ESP_PEER_ERR_INVALID_ARG);
  message = (esp_peer_msg_t){ESP_PEER_MSG_TYPE_NONE, (uint8_t *)"v=0", 3};
  EQUAL(esp_peer_send_msg(handle, &message), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_video(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_audio(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_send_data(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  video.data = NULL;
  EQUAL(esp_peer_send_video(handle, &video), ESP_PEER_ERR_INVALID_ARG);
  audio.size = 0;
  EQUAL(esp_peer_send_audio(handle, &audio), ESP_PEER_ERR_INVALID_ARG);
  data.size = -5;
  EQUAL(esp_peer_send_data(handle, &data), ESP_PEER_ERR_INVALID_ARG);
  data = (esp_peer_data_frame_t){ESP_PEER_DATA_CHANNEL_NONE, 0, (uint8_t *)"x", 1};
  EQUAL(esp_peer_send_data(handle, &data), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_get_paired_addr(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_query(handle), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_close(handle), ESP_PEER_ERR_NONE);
}

static int never_open(esp_peer_cfg_t *cfg, esp_peer_handle_t *peer) {
  (void)cfg;
  *peer = NULL;
  return ESP_PEER_ERR_NONE;
}

static int cannot_open(esp_peer_cfg_t *cfg, esp_peer_handle_t *peer) {
  (void)cfg;
  (void)peer;
  return ESP_PEER_ERR_OVER_LIMITED;
}

static void another_implementation(void) {
  esp_peer_cfg_t configuration = {0};
  esp_peer_handle_t handle = NULL;
  esp_peer_ops_t bare = {.open = cannot_open};
  EQUAL(esp_peer_open(&configuration, &bare, &handle), ESP_PEER_ERR_OVER_LIMITED);
  bare.open = never_open;
  EQUAL(esp_peer_open(&configuration, &bare, &handle), ESP_PEER_ERR_NONE);
  // The table was copied.
  bare = *swift_peer_get_impl();
  EQUAL(esp_peer_main_loop(handle), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(esp_peer_new_connection(handle), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(esp_peer_disconnect(handle), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(esp_peer_query(handle), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(esp_peer_send_msg(handle, NULL), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(esp_peer_send_data(handle, NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(esp_peer_set_rtp_transformer(handle, ESP_PEER_RTP_TRANSFORM_ROLE_SENDER, NULL, NULL), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(esp_peer_close(handle), ESP_PEER_ERR_NOT_SUPPORT);
}

// --- Configurations ---

static int try_open(esp_peer_cfg_t configuration) {
  esp_peer_handle_t handle = NULL;
  int result = esp_peer_open(&configuration, esp_peer_get_default_impl(), &handle);
  if (result == ESP_PEER_ERR_NONE) EQUAL(esp_peer_close(handle), ESP_PEER_ERR_NONE);
  return result;
}

static int try_server(const char *url) {
  esp_peer_ice_server_cfg_t server = {.stun_url = (char *)url};
  esp_peer_cfg_t configuration = {.server_lists = &server, .server_num = 1, .enable_data_channel = true};
  return try_open(configuration);
}

static int try_extra(esp_peer_default_cfg_t extra) {
  return try_open((esp_peer_cfg_t){.enable_data_channel = true, .extra_cfg = &extra, .extra_size = sizeof extra});
}

static void configurations(void) {
  EQUAL(try_open((esp_peer_cfg_t){0}), ESP_PEER_ERR_NONE);
  EQUAL(try_open((esp_peer_cfg_t){.role = (esp_peer_role_t)2}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.ice_trans_policy = (esp_peer_ice_trans_policy_t)2}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.ice_trans_policy = ESP_PEER_ICE_TRANS_POLICY_RELAY}), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(try_open((esp_peer_cfg_t){.audio_info.codec = (esp_peer_audio_codec_t)4}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.video_info.codec = (esp_peer_video_codec_t)3}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.audio_dir = (esp_peer_media_dir_t)4}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.video_dir = (esp_peer_media_dir_t)-1}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.server_num = 1}), ESP_PEER_ERR_INVALID_ARG);

  EQUAL(try_server("stun:192.0.2.1"), ESP_PEER_ERR_NONE);
  EQUAL(try_server("stun:192.0.2.1:19302"), ESP_PEER_ERR_NONE);
  EQUAL(try_server("stun:stun.example.org:3478"), ESP_PEER_ERR_NONE);
  EQUAL(try_server("stun:[2001:db8::1]:3478"), ESP_PEER_ERR_NONE);
  EQUAL(try_server("turn:192.0.2.1:3478"), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(try_server("turn:192.0.2.1:3478?transport=tcp"), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(try_server("turns:192.0.2.1:5349"), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(try_server(NULL), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server(""), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("http://192.0.2.1"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:192.0.2.1:"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:192.0.2.1:0"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:192.0.2.1:65536"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:192.0.2.1:99999999"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:192.0.2.1:34x8"), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_server("stun:[2001:db8::1"), ESP_PEER_ERR_INVALID_ARG);
  char *endless = malloc(10001);
  CHECK(endless);
  memset(endless, 'a', 10000);
  memcpy(endless, "stun:", 5);
  endless[10000] = 0;
  EQUAL(try_server(endless), ESP_PEER_ERR_INVALID_ARG);
  free(endless);

  EQUAL(try_extra((esp_peer_default_cfg_t){.tcp_support = true}), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(try_extra((esp_peer_default_cfg_t){.ice_use_lite_mode = true}), ESP_PEER_ERR_NOT_SUPPORT);
  EQUAL(try_extra((esp_peer_default_cfg_t){.insecure_skip_turn_cert_verify = true, .max_tcp_connections = 9}), ESP_PEER_ERR_NONE);
  // Whatever a field holds, the peer is bounded and works.
  esp_peer_default_cfg_t extreme;
  memset(&extreme, 0xff, sizeof extreme);
  extreme.keep_role = extreme.ipv6_support = extreme.insecure_skip_turn_cert_verify = true;
  extreme.tcp_support = extreme.ice_use_lite_mode = false;
  EQUAL(try_extra(extreme), ESP_PEER_ERR_NONE);
  memset(&extreme, 1, sizeof extreme);
  extreme.tcp_support = extreme.ice_use_lite_mode = false;
  EQUAL(try_extra(extreme), ESP_PEER_ERR_NONE);
  esp_peer_default_cfg_t extra = {0};
  EQUAL(try_open((esp_peer_cfg_t){.extra_cfg = &extra, .extra_size = sizeof extra - 1}), ESP_PEER_ERR_INVALID_ARG);
  EQUAL(try_open((esp_peer_cfg_t){.extra_cfg = &extra, .extra_size = -1}), ESP_PEER_ERR_INVALID_ARG);
}

static void process_wide_functions(void) {
  EQUAL(esp_peer_set_dtls_cipher_pref((esp_peer_dtls_cipher_pref_t)3), -1);
  EQUAL(esp_peer_set_dtls_cipher_pref((esp_peer_dtls_cipher_pref_t)-1), -1);
  EQUAL(esp_peer_pre_generate_cert(), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_pre_generate_cert(), ESP_PEER_ERR_NONE);
  for (int preference = ESP_PEER_DTLS_CIPHER_CHACHA; preference >= ESP_PEER_DTLS_CIPHER_AUTO; preference--) {
    EQUAL(esp_peer_set_dtls_cipher_pref((esp_peer_dtls_cipher_pref_t)preference), 0);
    side *sides[2];
    open_pair(sides, NULL);
    connect_pair(sides);
    // One certificate for all.
    const char *fingerprints[2];
    for (int i = 0; i < 2; i++) {
      fingerprints[i] = strstr(sides[i]->description, "a=fingerprint:sha-256 ");
      CHECK(fingerprints[i]);
    }
    CHECK(strncmp(fingerprints[0], fingerprints[1], 22 + 95) == 0);
    close_pair(sides);
  }
}

// --- States ---

static void check_states(const side *self, const int *expected, int count) {
  int found = 0;
  for (int i = 0; i < self->state_count && found < count; i++) {
    if (self->states[i] == expected[found]) found++;
  }
  if (found == count && self->state_count == count) return;
  for (int i = 0; i < self->state_count; i++) fprintf(stderr, "%d ", self->states[i]);
  fprintf(stderr, "\n");
  EQUAL(self->state_count, count);
  EQUAL(found, count);
}

static void states_in_order(void) {
  side *sides[2];
  open_pair(sides, NULL);
  esp_peer_addr_t address;
  EQUAL(esp_peer_get_paired_addr(sides[0]->peer, &address), ESP_PEER_ERR_WRONG_STATE);
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[0]->opened == 1 && sides[1]->opened == 1);
  static const int expected[] = {2, 3, 4, 5, 6, 7, 9, 10};
  for (int i = 0; i < 2; i++) {
    check_states(sides[i], expected, 8);
    EQUAL(sides[i]->descriptions, 1);
    EQUAL(esp_peer_get_paired_addr(sides[i]->peer, &address), ESP_PEER_ERR_NONE);
    CHECK(address.family == 2 && address.port != 0 && address.ipv4[0] != 0);
    EQUAL(esp_peer_new_connection(sides[i]->peer), ESP_PEER_ERR_WRONG_STATE);
  }
  CHECK(strstr(sides[0]->description, "a=setup:actpass") && strstr(sides[1]->description, "a=setup:active"));
  EQUAL(esp_peer_disconnect(sides[0]->peer), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_disconnect(sides[0]->peer), ESP_PEER_ERR_WRONG_STATE);
  UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_CLOSED] && sides[1]->counts[ESP_PEER_STATE_DISCONNECTED]);
  linger(sides[0], sides[1], 100);
  for (int i = 0; i < 2; i++) {
    EQUAL(sides[i]->counts[ESP_PEER_STATE_DATA_CHANNEL_CLOSED], 1);
    EQUAL(sides[i]->counts[ESP_PEER_STATE_DATA_CHANNEL_DISCONNECTED], 1);
    EQUAL(sides[i]->closed, 1);
    EQUAL(sides[i]->counts[ESP_PEER_STATE_CLOSED], i == 0);
    EQUAL(sides[i]->counts[ESP_PEER_STATE_DISCONNECTED], i == 1);
    EQUAL(sides[i]->state_count, 11);
  }
  close_pair(sides);
}

static void wrong_states(void) {
  side *sides[2];
  open_pair(sides, NULL);
  esp_peer_handle_t peer = sides[0]->peer;
  esp_peer_data_channel_cfg_t channel = {.label = "early"};
  esp_peer_msg_t candidate = {ESP_PEER_MSG_TYPE_CANDIDATE, (uint8_t *)"candidate:1 1 udp 1 192.0.2.1 9 typ host", 41};
  candidate.size = (int)strlen((char *)candidate.data);
  uint8_t sample[160] = {0};
  esp_peer_audio_frame_t audio = {0, sample, sizeof sample};
  EQUAL(esp_peer_disconnect(peer), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(send_text(sides[0], 0, "early"), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(esp_peer_create_data_channel(peer, &channel), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(esp_peer_close_data_channel(peer, "early"), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(esp_peer_send_msg(peer, &candidate), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(esp_peer_send_audio(peer, &audio), ESP_PEER_ERR_NOT_SUPPORT);
  // A main loop with nothing to do.
  for (int i = 0; i < 3; i++) EQUAL(esp_peer_main_loop(peer), ESP_PEER_ERR_NONE);
  EQUAL(sides[0]->state_count, 0);
  EQUAL(esp_peer_new_connection(peer), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_new_connection(peer), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(send_text(sides[0], 0, "early"), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(esp_peer_send_msg(peer, &candidate), ESP_PEER_ERR_NONE);
  sides[0]->is_cut = true;
  UNTIL(sides[0], (side *)NULL, sides[0]->descriptions == 1);
  // Our own offer, garbage and an answer without an offer.
  esp_peer_msg_t garbage = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)"garbage", 7};
  EQUAL(esp_peer_send_msg(peer, &garbage), ESP_PEER_ERR_BAD_DATA);
  EQUAL(esp_peer_send_msg(sides[1]->peer, &garbage), ESP_PEER_ERR_BAD_DATA);
  EQUAL(esp_peer_disconnect(peer), ESP_PEER_ERR_NONE);
  esp_peer_msg_t offer = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)sides[0]->description, (int)strlen(sides[0]->description)};
  EQUAL(esp_peer_send_msg(peer, &offer), ESP_PEER_ERR_WRONG_STATE);
  close_pair(sides);
}

// Text that was cut, and text with a byte changed, at every 41st place.
static void damaged_descriptions(void) {
  side *self = new_side();
  self->is_cut = true;
  esp_peer_cfg_t configuration = plain(self, ESP_PEER_ROLE_CONTROLLING);
  configuration.audio_info.codec = ESP_PEER_AUDIO_CODEC_G711A;
  configuration.audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV;
  EQUAL(open_peer(self, &configuration), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_NONE);
  UNTIL(self, (side *)NULL, self->descriptions == 1);
  int size = (int)strlen(self->description);
  for (int at = 0; at < size; at += 41) {
    for (int kind = 0; kind < 2; kind++) {
      side *other = new_side();
      other->is_cut = true;
      configuration = plain(other, ESP_PEER_ROLE_CONTROLLED);
      EQUAL(open_peer(other, &configuration), ESP_PEER_ERR_NONE);
      char *copy = strdup(self->description);
      CHECK(copy);
      if (kind == 1) copy[at] ^= 0x11;
      esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)copy, kind == 0 ? at : size};
      int result = esp_peer_send_msg(other->peer, &message);
      CHECK(result == ESP_PEER_ERR_NONE || result == ESP_PEER_ERR_BAD_DATA || result == ESP_PEER_ERR_INVALID_ARG ||
            result == ESP_PEER_ERR_WRONG_STATE);
      free(copy);
      esp_peer_main_loop(other->peer);
      close_side(other);
    }
  }
  close_side(self);
}

// Candidates of any bytes, before and after there is a description.
static void damaged_candidates(void) {
  static const char *const texts[] = {
      "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", "a=candidate:1 1 tcp 2130706431 192.0.2.1 9 typ host tcptype active",
      "candidate:1 2 udp 1 192.0.2.1 5000 typ host", "candidate:1 1 udp 99999999999 192.0.2.1 5000 typ host",
      "candidate:1 1 udp 1 192.0.2.1 70000 typ host", "candidate:1 1 udp 1 256.0.2.1 5000 typ host", "candidate:", "a=", "\n\n", "",
      "candidate:1 1 udp 1 name.local 5000 typ host\ncandidate:2 1 udp 1 other.local 5000 typ host",
      "candidate:1 1 udp 1 fe80::1%eth0 5000 typ host", "a=end-of-candidates",
  };
  for (int kind = 0; kind < 2; kind++) {
    side *sides[2];
    open_pair(sides, NULL);
    if (kind == 1) connect_pair(sides);
    else EQUAL(esp_peer_new_connection(sides[0]->peer), ESP_PEER_ERR_NONE);
    uint32_t random = 12345;
    for (int i = 0; i < 600; i++) {
      char text[200];
      int size = snprintf(text, sizeof text, "%s", texts[i % 13]);
      for (int j = 0; i >= 13 && j < 3 && size > 0; j++) {
        random = random * 1664525 + 1013904223;
        text[(random >> 8) % (uint32_t)size] = (char)(random >> 24);
      }
      esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_CANDIDATE, (uint8_t *)text, size};
      int result = esp_peer_send_msg(sides[0]->peer, &message);
      CHECK(result == ESP_PEER_ERR_NONE || result == ESP_PEER_ERR_BAD_DATA || result == ESP_PEER_ERR_OVER_LIMITED);
    }
    if (kind == 1) {
      UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
      EQUAL(send_text(sides[0], sides[0]->stream, "none the worse"), ESP_PEER_ERR_NONE);
      UNTIL(sides[0], sides[1], sides[1]->messages == 1);
    }
    close_pair(sides);
  }
}

// Nobody runs the main loop meanwhile.
static void connections_that_nobody_looks_at(void) {
  side *self = new_side();
  esp_peer_cfg_t configuration = plain(self, ESP_PEER_ROLE_CONTROLLING);
  EQUAL(open_peer(self, &configuration), ESP_PEER_ERR_NONE);
  for (int i = 0; i < 200; i++) {
    EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_NONE);
    EQUAL(esp_peer_disconnect(self->peer), ESP_PEER_ERR_NONE);
  }
  EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_NONE);
  UNTIL(self, (side *)NULL, self->descriptions == 1);
  CHECK(self->state_count < 80 && self->states[self->state_count - 1] == ESP_PEER_STATE_CANDIDATE_GATHERING);
  close_side(self);
}

// --- Channels ---

static void manual(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  configuration->manual_ch_create = true;
}

static void no_channel_but_those_asked_for(void) {
  side *sides[2];
  open_pair(sides, manual);
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_DATA_CHANNEL_CONNECTED]);
  linger(sides[0], sides[1], 200);
  EQUAL(sides[0]->opened + sides[1]->opened, 0);
  esp_peer_data_channel_cfg_t channel = {.label = "asked for", .ordered = true};
  EQUAL(esp_peer_create_data_channel(sides[0]->peer, &channel), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->opened == 1 && sides[1]->opened == 1);
  CHECK(strcmp(sides[1]->label, "asked for") == 0);
  EQUAL(esp_peer_close_data_channel(sides[0]->peer, "another"), ESP_PEER_ERR_NOT_EXISTS);
  EQUAL(send_text(sides[0], 999, "nowhere"), ESP_PEER_ERR_NOT_EXISTS);
  EQUAL(esp_peer_close_data_channel(sides[1]->peer, "asked for"), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->closed == 1 && sides[1]->closed == 1);
  EQUAL(send_text(sides[0], sides[0]->stream, "too late"), ESP_PEER_ERR_WRONG_STATE);
  close_pair(sides);
}

enum { CHANNELS = 120 };

static void many_channels(void) {
  side *sides[2];
  open_pair(sides, manual);
  connect_pair(sides);
  for (int i = 0; i < CHANNELS; i++) {
    char label[32];
    snprintf(label, sizeof label, "channel %d", i);
    esp_peer_data_channel_cfg_t channel = {.label = label, .type = (esp_peer_data_channel_reliable_type_t)(i % 3), .ordered = i % 2 == 0};
    channel.max_packet_lifetime = 2000;
    EQUAL(esp_peer_create_data_channel(sides[i / 2 % 2]->peer, &channel), ESP_PEER_ERR_NONE);
  }
  UNTIL(sides[0], sides[1], sides[0]->opened == CHANNELS && sides[1]->opened == CHANNELS);
  for (int i = 0; i < CHANNELS; i++) {
    for (int j = 0; j < i; j++) CHECK(sides[0]->streams[i] != sides[0]->streams[j]);
  }
  for (int i = 0; i < CHANNELS; i++) {
    char text[32];
    snprintf(text, sizeof text, "on %u", sides[0]->streams[i]);
    EQUAL(send_text(sides[0], sides[0]->streams[i], text), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[1]->messages == i + 1);
    EQUAL(sides[1]->stream, sides[0]->streams[i]);
    CHECK(sides[1]->size == (int)strlen(text) && memcmp(sides[1]->data, text, strlen(text)) == 0);
  }
  for (int i = 0; i < CHANNELS; i++) {
    char label[32];
    snprintf(label, sizeof label, "channel %d", i);
    EQUAL(esp_peer_close_data_channel(sides[i % 2]->peer, label), ESP_PEER_ERR_NONE);
  }
  UNTIL(sides[0], sides[1], sides[0]->closed == CHANNELS && sides[1]->closed == CHANNELS);
  close_pair(sides);
}

static void messages_of_all_sizes(void) {
  side *sides[2];
  open_pair(sides, NULL);
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
  static const int sizes[] = {0, 1, 2, 100, 1100, 1200, 5000, 65535, 65536, 102400};
  uint8_t *bytes = malloc(200000);
  CHECK(bytes);
  for (int i = 0; i < 200000; i++) bytes[i] = (uint8_t)(i * 7 + i / 256);
  for (int i = 0; i < 10; i++) {
    esp_peer_data_frame_t frame = {i % 2 ? ESP_PEER_DATA_CHANNEL_DATA : ESP_PEER_DATA_CHANNEL_STRING, sides[1]->streams[0], bytes, sizes[i]};
    if (frame.size == 0) frame.data = NULL;
    int result;
    while ((result = esp_peer_send_data(sides[1]->peer, &frame)) == ESP_PEER_ERR_WOULD_BLOCK) step(sides[0], sides[1]);
    if (frame.size == 102400 && result == ESP_PEER_ERR_OVER_LIMITED) break;
    EQUAL(result, ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[0]->messages == i + 1);
    EQUAL(sides[0]->size, sizes[i]);
    EQUAL(sides[0]->type, frame.type);
    CHECK(memcmp(sides[0]->data, bytes, (size_t)sizes[i]) == 0);
  }
  esp_peer_data_frame_t huge = {ESP_PEER_DATA_CHANNEL_DATA, sides[1]->streams[0], bytes, 200000};
  EQUAL(esp_peer_send_data(sides[1]->peer, &huge), ESP_PEER_ERR_OVER_LIMITED);
  free(bytes);
  close_pair(sides);
}

static void a_full_buffer_asks_for_patience(void) {
  side *sides[2];
  open_pair(sides, manual);
  connect_pair(sides);
  esp_peer_data_channel_cfg_t channel = {.label = "reliable", .ordered = true};
  EQUAL(esp_peer_create_data_channel(sides[0]->peer, &channel), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
  uint8_t bytes[1000];
  int sent = 0, blocked = 0;
  while (sent < 2000) {
    memset(bytes, sent, sizeof bytes);
    esp_peer_data_frame_t frame = {ESP_PEER_DATA_CHANNEL_DATA, sides[0]->streams[0], bytes, sizeof bytes};
    int result = esp_peer_send_data(sides[0]->peer, &frame);
    if (result == ESP_PEER_ERR_WOULD_BLOCK) {
      blocked++;
      step(sides[0], sides[1]);
      continue;
    }
    EQUAL(result, ESP_PEER_ERR_NONE);
    sent++;
  }
  UNTIL(sides[0], sides[1], sides[1]->messages == sent);
  CHECK(blocked > 0);
  EQUAL(sides[1]->data[0], (uint8_t)(sent - 1));
  close_pair(sides);
}

static void no_channels(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  configuration->enable_data_channel = false;
  configuration->audio_info.codec = ESP_PEER_AUDIO_CODEC_G711U;
  configuration->audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV;
}

static void only_one_has_channels(esp_peer_cfg_t *configuration, int index) {
  no_channels(configuration, index);
  configuration->enable_data_channel = index == 0;
}

static void without_data_channels(void) {
  for (int kind = 0; kind < 2; kind++) {
    side *sides[2];
    open_pair(sides, kind == 0 ? no_channels : only_one_has_channels);
    connect_pair(sides);
    uint8_t samples[160] = {1};
    for (int i = 0; i < 10; i++) {
      esp_peer_audio_frame_t frame = {(uint32_t)i * 20, samples, sizeof samples};
      EQUAL(esp_peer_send_audio(sides[0]->peer, &frame), ESP_PEER_ERR_NONE);
      linger(sides[0], sides[1], 5);
    }
    UNTIL(sides[0], sides[1], sides[1]->frames == 10);
    EQUAL(sides[0]->counts[ESP_PEER_STATE_DATA_CHANNEL_CONNECTED] + sides[1]->counts[ESP_PEER_STATE_DATA_CHANNEL_CONNECTED], 0);
    esp_peer_data_channel_cfg_t channel = {.label = "none"};
    EQUAL(esp_peer_create_data_channel(sides[1]->peer, &channel), ESP_PEER_ERR_NOT_SUPPORT);
    CHECK((strstr(sides[0]->description, "m=application") != NULL) == (kind == 1));
    if (kind == 1) CHECK(strstr(sides[1]->description, "m=application 0 "));
    close_pair(sides);
  }
}

static const test_case cases[] = {
    {"bad_arguments", bad_arguments},
    {"another_implementation", another_implementation},
    {"configurations", configurations},
    {"process_wide_functions", process_wide_functions},
    {"states_in_order", states_in_order},
    {"wrong_states", wrong_states},
    {"damaged_descriptions", damaged_descriptions},
    {"damaged_candidates", damaged_candidates},
    {"connections_that_nobody_looks_at", connections_that_nobody_looks_at},
    {"no_channel_but_those_asked_for", no_channel_but_those_asked_for},
    {"many_channels", many_channels},
    {"messages_of_all_sizes", messages_of_all_sizes},
    {"a_full_buffer_asks_for_patience", a_full_buffer_asks_for_patience},
    {"without_data_channels", without_data_channels},
};

int main(int count, char **arguments) { return run_cases(cases, sizeof cases / sizeof *cases, count, arguments); }
