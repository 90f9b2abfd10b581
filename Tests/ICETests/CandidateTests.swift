import ICE
import Testing
