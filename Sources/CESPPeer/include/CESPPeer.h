// Everything of this target, for Swift.
#include "swift_peer_arena.h"
#include "swift_peer_driver.h"
