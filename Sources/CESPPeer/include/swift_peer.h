// What this implementation has beyond esp_peer's interface. Works with Espressif's headers of 1.5.4 as with ours.
#ifndef SWIFT_PEER_H
#define SWIFT_PEER_H

#include "esp_peer_default.h"

#ifdef __cplusplus
extern "C" {
#endif

// This implementation, to be handed to `esp_peer_open` where another one is the default.
const esp_peer_ops_t *swift_peer_get_impl(void);

// Resolves the name of a candidate or of a STUN server, an mDNS name (`….local`) for one. Called from `esp_peer_main_loop`, and
// must not wait: returns 0 once `*address` is there (`port` is not looked at), 1 to be asked again a little later, and a negative
// number to give the name up.
typedef int (*swift_peer_resolve_t)(const char *name, esp_peer_addr_t *address, void *ctx);

// Goes into `extra_cfg` in the place of `esp_peer_default_cfg_t`, with its own size in `extra_size`.
typedef struct {
  esp_peer_default_cfg_t base;
  // SWIFT_PEER_CFG_MAGIC.
  uint32_t magic;
  // How long a call of `esp_peer_main_loop` that finds nothing to do waits for a datagram, for its timers or for another thread,
  // in milliseconds; SWIFT_PEER_NO_WAIT: not at all. 0: 10.
  uint16_t main_loop_wait;
  // NULL: names are resolved as the system does.
  swift_peer_resolve_t resolve;
  void *resolve_ctx;
} swift_peer_cfg_t;

#define SWIFT_PEER_CFG_MAGIC 0x53575031u
#define SWIFT_PEER_NO_WAIT 0xFFFFu

#ifdef __cplusplus
}
#endif

#endif
