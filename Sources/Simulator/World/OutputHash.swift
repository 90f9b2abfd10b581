import Bytes
import STUN
import Time

/// A running 64-bit hash over everything that was sent in a world: equal in two runs exactly if every byte, path and time was. Not
/// for security.
struct OutputHash: Sendable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func mix(_ word: UInt64) {
    self.value = (self.value ^ word) &* 0x9e37_79b9_7f4a_7c15
    self.value ^= self.value &>> 32
  }

  mutating func mix(_ address: TransportAddress) {
    self.mix(address.ip.high)
    self.mix(address.ip.low)
    self.mix(UInt64(address.port))
  }

  mutating func mix(_ bytes: Span<UInt8>) {
    self.mix(UInt64(bytes.count))
    var i = 0
    var word: UInt64 = 0
    while i < bytes.count {
      word = word &<< 8 | UInt64(bytes[i])
      i &+= 1
      if i & 7 == 0 { self.mix(word) }
    }
    if i & 7 != 0 { self.mix(word) }
  }
}
