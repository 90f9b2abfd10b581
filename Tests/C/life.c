// Lives of connections: begun again, lost, found again, closed from within; servers and names; many at once.
#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pair.h"

// --- Again ---

static void manual(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  configuration->manual_ch_create = true;
}

static void keeps_role(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  side *self = configuration->ctx;
  self->extra.base.keep_role = true;
}

static void forget(side *self) {
  memset(self->counts, 0, sizeof self->counts);
  self->opened = self->closed = self->messages = self->descriptions = 0;
}

static void a_connection_after_another(void) {
  side *sides[2];
  open_pair(sides, keeps_role);
  for (int round = 0; round < 5; round++) {
    connect_pair(sides);
    UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
    EQUAL(send_text(sides[1], sides[1]->streams[0], "again"), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[0]->messages == 1);
    for (int i = 0; i < 2; i++) EQUAL(esp_peer_disconnect(sides[i]->peer), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[0]->closed == 1 && sides[1]->closed == 1);
    linger(sides[0], sides[1], 20);
    forget(sides[0]);
    forget(sides[1]);
  }
  close_pair(sides);
}

static void the_role_falls_back_unless_it_is_kept(void) {
  for (int keeps = 0; keeps < 2; keeps++) {
    side *self = new_side();
    self->is_cut = true;
    esp_peer_cfg_t configuration = plain(self, ESP_PEER_ROLE_CONTROLLED);
    self->extra.base.keep_role = keeps;
    EQUAL(open_peer(self, &configuration), ESP_PEER_ERR_NONE);
    for (int round = 0; round < 2; round++) {
      EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_NONE);
      linger(self, NULL, 100);
      EQUAL(self->descriptions, round == 1 && !keeps);
      EQUAL(esp_peer_disconnect(self->peer), ESP_PEER_ERR_NONE);
    }
    EQUAL(esp_peer_update_ice_info(self->peer, ESP_PEER_ROLE_CONTROLLED, NULL, 0), ESP_PEER_ERR_NONE);
    forget(self);
    EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_NONE);
    linger(self, NULL, 100);
    EQUAL(self->descriptions, 0);
    close_side(self);
  }
}

// One side is closed and opened anew: its offer begins another session at the side that went on.
static void a_peer_that_comes_anew(void) {
  side *sides[2];
  open_pair(sides, NULL);
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[1]->opened);
  side *gone = sides[0];
  gone->other = NULL;
  sides[0] = new_side();
  sides[0]->other = sides[1];
  sides[1]->other = sides[0];
  forget(sides[1]);
  esp_peer_cfg_t configuration = plain(sides[0], ESP_PEER_ROLE_CONTROLLING);
  EQUAL(open_peer(sides[0], &configuration), ESP_PEER_ERR_NONE);
  EQUAL(esp_peer_new_connection(sides[0]->peer), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_CONNECTED] && sides[1]->counts[ESP_PEER_STATE_CONNECTED]);
  EQUAL(sides[1]->closed, 1);
  UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
  EQUAL(send_text(sides[0], sides[0]->stream, "anew"), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->messages == 1);
  close_side(gone);
  close_pair(sides);
}

// Both offer: one offer stands.
static void both_control(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  configuration->role = ESP_PEER_ROLE_CONTROLLING;
}

static void offers_that_cross(void) {
  for (int round = 0; round < 5; round++) {
    side *sides[2];
    open_pair(sides, both_control);
    for (int i = 0; i < 2; i++) {
      sides[i]->is_cut = true;
      EQUAL(esp_peer_new_connection(sides[i]->peer), ESP_PEER_ERR_NONE);
    }
    UNTIL(sides[0], sides[1], sides[0]->descriptions && sides[1]->descriptions);
    char *offers[2];
    int results[2];
    for (int i = 0; i < 2; i++) {
      offers[i] = strdup(sides[i]->description);
      sides[i]->is_cut = false;
    }
    for (int i = 0; i < 2; i++) {
      esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)offers[1 - i], (int)strlen(offers[1 - i])};
      results[i] = esp_peer_send_msg(sides[i]->peer, &message);
    }
    CHECK((results[0] == ESP_PEER_ERR_NONE) != (results[1] == ESP_PEER_ERR_NONE));
    UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_CONNECTED] && sides[1]->counts[ESP_PEER_STATE_CONNECTED]);
    for (int i = 0; i < 2; i++) free(offers[i]);
    close_pair(sides);
  }
}

// --- Lost ---

static void impatient(esp_peer_cfg_t *configuration, int index) {
  side *self = configuration->ctx;
  self->extra.base.alive_binding_retries = 1;
  configuration->no_auto_reconnect = index == 1;
}

// The other side falls silent: one begins anew, the other does not.
static void a_lost_connection_is_begun_anew(void) {
  side *sides[2];
  open_pair(sides, impatient);
  connect_pair(sides);
  uint64_t begin = now_ms();
  side *left = sides[0], *right = sides[1];
  forget(left);
  // The right one's main loop stands still.
  UNTIL(left, (side *)NULL, left->counts[ESP_PEER_STATE_DISCONNECTED]);
  uint64_t took = now_ms() - begin;
  CHECK(took > 4000 && took < 9000);
  EQUAL(left->counts[ESP_PEER_STATE_NEW_CONNECTION], 0);
  UNTIL(left, (side *)NULL, left->descriptions == 1);
  EQUAL(left->counts[ESP_PEER_STATE_NEW_CONNECTION], 1);
  // It wakes up, and finds an offer.
  UNTIL(left, right, left->counts[ESP_PEER_STATE_CONNECTED] == 1 && right->counts[ESP_PEER_STATE_CONNECTED] == 2);
  UNTIL(left, right, left->opened && right->opened);
  close_pair(sides);
}

static void a_lost_connection_stays_lost_where_that_is_asked(void) {
  side *sides[2];
  open_pair(sides, impatient);
  connect_pair(sides);
  side *right = sides[1];
  forget(right);
  UNTIL((side *)right, (side *)NULL, right->counts[ESP_PEER_STATE_DISCONNECTED]);
  linger(right, NULL, 1500);
  EQUAL(right->counts[ESP_PEER_STATE_NEW_CONNECTION], 0);
  EQUAL(right->descriptions, 0);
  EQUAL(send_text(right, right->stream, "lost"), ESP_PEER_ERR_WRONG_STATE);
  close_pair(sides);
}

// An answer with another certificate's fingerprint ends it before anything is said.
static void a_wrong_fingerprint(void) {
  side *sides[2];
  open_pair(sides, NULL);
  sides[1]->is_cut = true;
  for (int i = 0; i < 2; i++) EQUAL(esp_peer_new_connection(sides[i]->peer), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->descriptions);
  char *fingerprint = strstr(sides[1]->description, "a=fingerprint:sha-256 ") + 22;
  fingerprint[0] = fingerprint[0] == '0' ? '1' : '0';
  esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)sides[1]->description, (int)strlen(sides[1]->description)};
  EQUAL(esp_peer_send_msg(sides[0]->peer, &message), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_CONNECT_FAILED]);
  EQUAL(sides[0]->counts[ESP_PEER_STATE_CONNECTED], 0);
  EQUAL(sides[0]->opened, 0);
  close_pair(sides);
}

// --- From within callbacks ---

static int call_everything(side *self, const char *what) {
  (void)what;
  esp_peer_addr_t address;
  EQUAL(esp_peer_main_loop(self->peer), ESP_PEER_ERR_WRONG_STATE);
  esp_peer_get_paired_addr(self->peer, &address);
  EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_WRONG_STATE);
  EQUAL(esp_peer_update_ice_info(self->peer, ESP_PEER_ROLE_CONTROLLED, NULL, 0), ESP_PEER_ERR_NONE);
  esp_peer_data_channel_cfg_t channel = {.label = "from within", .ordered = true};
  if (strcmp(what, "open") == 0 && self->opened < 3) EQUAL(esp_peer_create_data_channel(self->peer, &channel), ESP_PEER_ERR_NONE);
  if (strcmp(what, "data") == 0 && self->messages < 50) EQUAL(send_text(self, self->stream, "back"), ESP_PEER_ERR_NONE);
  return -1;
}

static void callbacks_may_call(void) {
  side *sides[2];
  open_pair(sides, NULL);
  sides[0]->hook = sides[1]->hook = call_everything;
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[0]->opened >= 3 && sides[1]->opened >= 3);
  EQUAL(send_text(sides[0], sides[0]->streams[0], "forth"), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[0]->messages + sides[1]->messages >= 90);
  close_pair(sides);
}

static int close_at(side *self, const char *what) {
  if (strcmp(what, self->note) == 0 && self->peer) {
    esp_peer_handle_t peer = self->peer;
    self->peer = NULL;
    EQUAL(esp_peer_close(peer), ESP_PEER_ERR_NONE);
    self->note = "closed";
  } else {
    // Nothing comes after that.
    CHECK(strcmp(self->note, "closed") != 0);
  }
  return 0;
}

static int disconnect_at(side *self, const char *what) {
  if (strcmp(what, self->note) == 0) {
    self->note = "done";
    EQUAL(esp_peer_disconnect(self->peer), ESP_PEER_ERR_NONE);
  }
  return 0;
}

static void with_audio(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  configuration->audio_info.codec = ESP_PEER_AUDIO_CODEC_G711A;
  configuration->audio_dir = ESP_PEER_MEDIA_DIR_SEND_RECV;
}

static void callbacks_may_close(void) {
  static const char *const moments[] = {"state", "msg", "open", "data", "audio-info", "audio"};
  for (int kind = 0; kind < 2; kind++) {
    for (int i = 0; i < 6; i++) {
      side *sides[2];
      open_pair(sides, with_audio);
      sides[0]->hook = kind == 0 ? close_at : disconnect_at;
      sides[0]->note = (void *)moments[i];
      for (int j = 0; j < 2; j++) EQUAL(esp_peer_new_connection(sides[j]->peer), ESP_PEER_ERR_NONE);
      uint64_t end = now_ms() + 10000;
      uint8_t samples[160] = {0};
      uint32_t pts = 0;
      while (strcmp(sides[0]->note, moments[i]) == 0) {
        CHECK(now_ms() < end);
        step(sides[0], sides[1]);
        if (sides[1]->opened) {
          send_text(sides[1], sides[1]->stream, "go on");
          esp_peer_audio_frame_t frame = {pts += 20, samples, sizeof samples};
          esp_peer_send_audio(sides[1]->peer, &frame);
        }
      }
      linger(sides[0], sides[1], 30);
      if (kind == 1) EQUAL(sides[0]->counts[ESP_PEER_STATE_CLOSED], 1);
      close_pair(sides);
    }
  }
}

// --- Servers and names ---

// A STUN server (RFC 8489) that sees every client at 203.0.113.7:4242; polled by `answer`.
static int server_socket = -1;
static int requests;

static uint16_t start_server(void) {
  server_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
  CHECK(bind(server_socket, (struct sockaddr *)&address, sizeof address) == 0);
  socklen_t length = sizeof address;
  CHECK(getsockname(server_socket, (struct sockaddr *)&address, &length) == 0);
  requests = 0;
  return ntohs(address.sin_port);
}

static void answer(void) {
  uint8_t request[600];
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  while (recvfrom(server_socket, request, sizeof request, 0, (struct sockaddr *)&from, &length) >= 20) {
    requests++;
    uint8_t response[32] = {1, 1, 0, 12};
    memcpy(response + 4, request + 4, 16);
    // XOR-MAPPED-ADDRESS.
    static const uint8_t attribute[] = {0, 0x20, 0, 8, 0, 1};
    memcpy(response + 20, attribute, sizeof attribute);
    uint16_t port = htons(4242 ^ 0x2112);
    uint32_t ip = htonl(0xcb007107 ^ 0x2112a442);
    memcpy(response + 26, &port, 2);
    memcpy(response + 28, &ip, 4);
    sendto(server_socket, response, sizeof response, 0, (struct sockaddr *)&from, length);
    length = sizeof from;
  }
}

// Where a peer of this host reaches this host.
static struct in_addr own_address(void) {
  struct in_addr result = {htonl(INADDR_LOOPBACK)};
  struct ifaddrs *list;
  CHECK(getifaddrs(&list) == 0);
  for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
    if (entry->ifa_addr && entry->ifa_addr->sa_family == AF_INET && !(entry->ifa_flags & IFF_LOOPBACK) && entry->ifa_flags & IFF_UP) {
      result = ((struct sockaddr_in *)entry->ifa_addr)->sin_addr;
    }
  }
  freeifaddrs(list);
  return result;
}

static int asked;

static int resolve(const char *name, esp_peer_addr_t *address, void *ctx) {
  side *self = ctx;
  asked++;
  // The peer may be called from here as well.
  esp_peer_addr_t paired;
  esp_peer_get_paired_addr(self->peer, &paired);
  if (strcmp(name, "never.example") == 0) return -1;
  if (asked < 3) return 1;
  *address = (esp_peer_addr_t){.family = 2};
  struct in_addr own = own_address();
  memcpy(address->ipv4, &own, 4);
  return 0;
}

// `format` has a # for the server's port.
static void gather(const char *format, bool is_reflexive, uint64_t limit) {
  uint16_t port = start_server();
  char url[128], number[16];
  snprintf(number, sizeof number, "%u", port);
  const char *place = strchr(format, '#');
  snprintf(url, sizeof url, "%.*s%s", place ? (int)(place - format) : 127, format, place ? number : "");
  side *self = new_side();
  self->is_cut = true;
  esp_peer_cfg_t configuration = plain(self, ESP_PEER_ROLE_CONTROLLING);
  esp_peer_ice_server_cfg_t server = {.stun_url = url};
  configuration.server_lists = &server;
  configuration.server_num = 1;
  self->extra.resolve = resolve;
  self->extra.resolve_ctx = self;
  asked = 0;
  EQUAL(open_peer(self, &configuration), ESP_PEER_ERR_NONE);
  memset(url, 'x', sizeof url);
  EQUAL(esp_peer_new_connection(self->peer), ESP_PEER_ERR_NONE);
  uint64_t begin = now_ms();
  while (self->descriptions == 0) {
    CHECK(now_ms() - begin < limit);
    step(self, NULL);
    answer();
  }
  CHECK((strstr(self->description, "203.0.113.7 4242 typ srflx") != NULL) == is_reflexive);
  CHECK(!is_reflexive || requests > 0);
  close_side(self);
  close(server_socket);
}

static void servers(void) {
  char literal[64];
  snprintf(literal, sizeof literal, "stun:%s:#", inet_ntoa(own_address()));
  gather(literal, true, 3000);
  gather("stun:somewhere.example:#", true, 3000);
  CHECK(asked == 3);
  gather("stun:never.example:#", false, 3000);
  EQUAL(asked, 1);
  // Nobody there: 100, 200, 400 and 800 ms, and then without.
  gather("stun:192.0.2.9:9", false, 4000);
}

static int resolve_own(const char *name, esp_peer_addr_t *address, void *ctx) {
  (void)ctx;
  asked++;
  CHECK(strcmp(name, "0c1e6a2e-7e57.local") == 0);
  *address = (esp_peer_addr_t){.family = 2};
  // Where the other side is told to be is what its own description says.
  memcpy(address->ipv4, ctx, 4);
  return 0;
}

// A candidate whose address is an mDNS name, in a description and on its own.
static void names_of_candidates(void) {
  for (int kind = 0; kind < 2; kind++) {
    static uint8_t ip[4];
    side *sides[2];
    for (int i = 0; i < 2; i++) {
      sides[i] = new_side();
      sides[i]->is_cut = true;
      esp_peer_cfg_t configuration = plain(sides[i], i == 0 ? ESP_PEER_ROLE_CONTROLLING : ESP_PEER_ROLE_CONTROLLED);
      sides[i]->extra.resolve = resolve_own;
      sides[i]->extra.resolve_ctx = ip;
      EQUAL(open_peer(sides[i], &configuration), ESP_PEER_ERR_NONE);
      EQUAL(esp_peer_new_connection(sides[i]->peer), ESP_PEER_ERR_NONE);
    }
    asked = 0;
    UNTIL(sides[0], sides[1], sides[0]->descriptions == 1);
    // Every candidate of the offer is taken out, but the first, which loses its address.
    char *text = calloc(1, 1 << 14), *candidate = NULL;
    CHECK(text);
    for (char *line = strtok(sides[0]->description, "\r\n"); line; line = strtok(NULL, "\r\n")) {
      unsigned parts[4], port;
      char foundation[40], priority[40];
      if (sscanf(line, "a=candidate:%39s 1 udp %39s %u.%u.%u.%u %u", foundation, priority, &parts[0], &parts[1], &parts[2],
                 &parts[3], &port) == 7) {
        if (candidate) continue;
        for (int i = 0; i < 4; i++) ip[i] = (uint8_t)parts[i];
        candidate = malloc(256);
        CHECK(candidate);
        snprintf(candidate, 256, "a=candidate:%s 1 udp %s 0c1e6a2e-7e57.local %u typ host", foundation, priority, port);
        if (kind == 1) continue;
        line = candidate;
      } else if (strcmp(line, "a=end-of-candidates") == 0) {
        continue;
      }
      strcat(text, line);
      strcat(text, "\r\n");
    }
    esp_peer_msg_t message = {ESP_PEER_MSG_TYPE_SDP, (uint8_t *)text, (int)strlen(text) + 1};
    EQUAL(esp_peer_send_msg(sides[1]->peer, &message), ESP_PEER_ERR_NONE);
    if (kind == 1) {
      message = (esp_peer_msg_t){ESP_PEER_MSG_TYPE_CANDIDATE, (uint8_t *)candidate, (int)strlen(candidate)};
      EQUAL(esp_peer_send_msg(sides[1]->peer, &message), ESP_PEER_ERR_NONE);
      message = (esp_peer_msg_t){ESP_PEER_MSG_TYPE_CANDIDATE, NULL, 0};
      EQUAL(esp_peer_send_msg(sides[1]->peer, &message), ESP_PEER_ERR_NONE);
    }
    UNTIL(sides[0], sides[1], sides[1]->descriptions == 1);
    message = (esp_peer_msg_t){ESP_PEER_MSG_TYPE_SDP, (uint8_t *)sides[1]->description, (int)strlen(sides[1]->description)};
    EQUAL(esp_peer_send_msg(sides[0]->peer, &message), ESP_PEER_ERR_NONE);
    UNTIL(sides[0], sides[1], sides[0]->counts[ESP_PEER_STATE_CONNECTED] && sides[1]->counts[ESP_PEER_STATE_CONNECTED]);
    EQUAL(asked, 1);
    message = (esp_peer_msg_t){ESP_PEER_MSG_TYPE_CANDIDATE, (uint8_t *)"candidate:no", 12};
    EQUAL(esp_peer_send_msg(sides[0]->peer, &message), ESP_PEER_ERR_BAD_DATA);
    free(text);
    free(candidate);
    close_pair(sides);
  }
}

// --- Many ---

static int open_files(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  CHECK(directory);
  while (readdir(directory)) count++;
  closedir(directory);
  return count;
}

static void one_life(void) {
  side *sides[2];
  open_pair(sides, with_audio);
  connect_pair(sides);
  UNTIL(sides[0], sides[1], sides[0]->opened && sides[1]->opened);
  EQUAL(send_text(sides[0], sides[0]->stream, "one of many"), ESP_PEER_ERR_NONE);
  UNTIL(sides[0], sides[1], sides[1]->messages == 1);
  close_pair(sides);
}

// What the process has claimed in all stays where it was after a first few.
static void reopened_without_a_leak(void) {
  for (int i = 0; i < 10; i++) one_life();
  size_t before = mallinfo2().uordblks;
  int files = open_files();
  for (int i = 0; i < 50; i++) one_life();
  EQUAL(open_files(), files);
  size_t after = mallinfo2().uordblks;
  if (after > before + 20000) {
    fprintf(stderr, "from %zu bytes to %zu\n", before, after);
    exit(1);
  }
}

enum { PAIRS = 25 };

static void many_peers(void) {
  side *sides[PAIRS][2];
  for (int i = 0; i < PAIRS; i++) {
    open_pair(sides[i], manual);
    for (int j = 0; j < 2; j++) EQUAL(esp_peer_new_connection(sides[i][j]->peer), ESP_PEER_ERR_NONE);
  }
  uint64_t end = now_ms() + 20000;
  for (int ready = 0; ready < PAIRS;) {
    CHECK(now_ms() < end);
    ready = 0;
    for (int i = 0; i < PAIRS; i++) {
      step(sides[i][0], sides[i][1]);
      if (!sides[i][0]->counts[ESP_PEER_STATE_DATA_CHANNEL_CONNECTED]) continue;
      esp_peer_data_channel_cfg_t channel = {.label = "mine", .ordered = true};
      if (!sides[i][0]->note) EQUAL(esp_peer_create_data_channel(sides[i][0]->peer, &channel), ESP_PEER_ERR_NONE);
      sides[i][0]->note = "created";
      if (sides[i][1]->opened && !sides[i][1]->note) {
        char text[32];
        snprintf(text, sizeof text, "of %d", i);
        EQUAL(send_text(sides[i][1], sides[i][1]->stream, text), ESP_PEER_ERR_NONE);
        sides[i][1]->note = "sent";
      }
      if (sides[i][0]->messages == 1) ready++;
    }
  }
  for (int i = 0; i < PAIRS; i++) {
    char text[32];
    snprintf(text, sizeof text, "of %d", i);
    CHECK(sides[i][0]->size == (int)strlen(text) && memcmp(sides[i][0]->data, text, strlen(text)) == 0);
  }
  for (int i = 0; i < PAIRS; i++) close_pair(sides[i]);
}

static void over_v6(esp_peer_cfg_t *configuration, int index) {
  (void)index;
  side *self = configuration->ctx;
  self->extra.base.ipv6_support = true;
}

// Without the option there is no IPv6 at all; with it, wherever the host has some.
static void addresses_of_both_families(void) {
  for (int kind = 0; kind < 2; kind++) {
    side *sides[2];
    open_pair(sides, kind == 0 ? NULL : over_v6);
    connect_pair(sides);
    if (kind == 0) {
      for (char *line = strtok(sides[0]->description, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        unsigned parts[4];
        char rest[80];
        if (strncmp(line, "a=candidate:", 12) == 0) {
          EQUAL(sscanf(line, "a=candidate:%*s 1 udp %*s %u.%u.%u.%u %79s", &parts[0], &parts[1], &parts[2], &parts[3], rest), 5);
        }
      }
    }
    close_pair(sides);
  }
}

static const test_case cases[] = {
    {"a_connection_after_another", a_connection_after_another},
    {"the_role_falls_back_unless_it_is_kept", the_role_falls_back_unless_it_is_kept},
    {"a_peer_that_comes_anew", a_peer_that_comes_anew},
    {"offers_that_cross", offers_that_cross},
    {"a_lost_connection_is_begun_anew", a_lost_connection_is_begun_anew},
    {"a_lost_connection_stays_lost_where_that_is_asked", a_lost_connection_stays_lost_where_that_is_asked},
    {"a_wrong_fingerprint", a_wrong_fingerprint},
    {"callbacks_may_call", callbacks_may_call},
    {"callbacks_may_close", callbacks_may_close},
    {"servers", servers},
    {"names_of_candidates", names_of_candidates},
    {"reopened_without_a_leak", reopened_without_a_leak},
    {"many_peers", many_peers},
    {"addresses_of_both_families", addresses_of_both_families},
};

int main(int count, char **arguments) { return run_cases(cases, sizeof cases / sizeof *cases, count, arguments); }
