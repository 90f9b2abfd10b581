// The driver's port to POSIX: it has no interface but swift_peer_port.h.
#include "swift_peer_port.h"
