import Bytes
import Cryptography
#if Audio
import RTP
#endif
import STUN
import Time
import WebRTC

/// One peer of the pair with what a driver keeps beside it.
final class Endpoint {
  var peer: PeerConnection
  let address: TransportAddress
  var channel: Channel?
  var isOpen = false
  var messages = 0
  var frames = 0

  init?(_ seed: UInt8, _ address: TransportAddress, now: Instant) {
    var random = SeededRandom(seed: SeededRandom.Seed(UInt64(seed)))
    do throws(CryptographyError) {
      let identity = try Identity(random: &random)
      do throws(PeerConnection.UsageError) {
        self.peer = try PeerConnection(
          configuration: .minimal, identity: identity, seed: SeededRandom.Seed(UInt64(seed) &+ 1), now: now)
      } catch { return nil }
    } catch { return nil }
    self.address = address
    self.peer.addLocalAddress(address, preference: 65_535, now: now)
    self.peer.localAddressesComplete(now: now)
  }

  /// Takes events and messages until there are none.
  func drain(into scratch: inout [UInt8]) {
    while let event = self.peer.pollEvent() {
      if case .channelOpened(let channel, _) = event {
        self.channel = channel
        self.isOpen = true
      }
    }
    while true {
      var writer = SpanWriter(scratch.mutableSpan)
      guard self.peer.receiveMessage(into: &writer) != nil else { break }
      self.messages += 1
    }
    #if Audio
      while true {
        var writer = SpanWriter(scratch.mutableSpan)
        guard self.peer.receiveFrame(into: &writer) != nil else { break }
        self.frames += 1
      }
    #endif
  }
}
