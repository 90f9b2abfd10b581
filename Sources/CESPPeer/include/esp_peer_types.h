// The types of esp_peer 1.5.4's programming interface: same names, values and layouts, so that firmware written for it
// compiles and links unchanged.
#ifndef ESP_PEER_TYPES_H
#define ESP_PEER_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What every function returns.
typedef enum {
  ESP_PEER_ERR_NONE = 0,
  ESP_PEER_ERR_INVALID_ARG = -1,
  ESP_PEER_ERR_NO_MEM = -2,
  // The call does not fit what the peer is doing now.
  ESP_PEER_ERR_WRONG_STATE = -3,
  ESP_PEER_ERR_NOT_SUPPORT = -4,
  // No channel of that name or stream.
  ESP_PEER_ERR_NOT_EXISTS = -5,
  ESP_PEER_ERR_FAIL = -6,
  // Larger or more than what was configured or negotiated.
  ESP_PEER_ERR_OVER_LIMITED = -7,
  // Not well-formed.
  ESP_PEER_ERR_BAD_DATA = -8,
  // The buffers are full: sleep, and try again.
  ESP_PEER_ERR_WOULD_BLOCK = -9,
} esp_peer_err_t;

// A STUN server as "stun:host:port". The credentials are for TURN.
typedef struct {
  char *stun_url;
  char *user;
  char *psw;
} esp_peer_ice_server_cfg_t;

typedef enum {
  // Makes the offer.
  ESP_PEER_ROLE_CONTROLLING,
  // Waits for the offer and answers it.
  ESP_PEER_ROLE_CONTROLLED,
} esp_peer_role_t;

typedef struct {
  // AF_INET (2) or AF_INET6 (10).
  uint8_t family;
  // In host byte order.
  uint16_t port;
  union {
    uint8_t ipv4[4];
    uint8_t ipv6[16];
  };
} esp_peer_addr_t;

// A frame on its way between the codec and the packets.
typedef struct {
  uint8_t *orig_data;
  uint32_t orig_size;
  uint8_t *encoded_data;
  uint32_t encoded_size;
  uint8_t payload_type;
} esp_peer_rtp_frame_t;

// Changes frames, after the model of W3C's encoded transform.
typedef struct {
  // Sets `frame->encoded_size` to what `transform` needs, and `*in_place` where it works in `orig_data` itself. Returns 0, or
  // ESP_PEER_ERR_NOT_SUPPORT to let the frame pass as it is; anything else drops it.
  int (*get_encoded_size)(esp_peer_rtp_frame_t *frame, bool *in_place, void *ctx);
  // Writes `encoded_data`, and makes `encoded_size` smaller where it took less. 0 is success.
  int (*transform)(esp_peer_rtp_frame_t *frame, void *ctx);
} esp_peer_rtp_transform_cb_t;

#ifdef __cplusplus
}
#endif

#endif
