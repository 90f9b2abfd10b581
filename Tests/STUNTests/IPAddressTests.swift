import STUN
import Testing
