// Everything of this target, for Swift.
#include "swift_peer_driver.h"
