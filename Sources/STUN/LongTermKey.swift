import Bytes

/// The key of MESSAGE-INTEGRITY under long-term credentials: MD5(username ":" realm ":" password), RFC 8489 section 9.2.2.
///
/// MD5 because the protocol says so, and nowhere else: what protects the message is HMAC-SHA1 with this as its key.
public func longTermKey(
  username: Span<UInt8>, realm: Span<UInt8>, password: Span<UInt8>
) -> InlineArray<16, UInt8> {
  var hash = MD5()
  hash.update(username)
  hash.update(UInt8(ascii: ":"))
  hash.update(realm)
  hash.update(UInt8(ascii: ":"))
  hash.update(password)
  return hash.finalize()
}

/// RFC 1321.
struct MD5 {
  private var state: InlineArray<4, UInt32> = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
  private var block = InlineArray<16, UInt32>(repeating: 0)
  private var count: UInt64 = 0

  init() {}

  mutating func update(_ bytes: Span<UInt8>) {
    for i in bytes.indices { self.update(bytes[i]) }
  }

  mutating func update(_ byte: UInt8) {
    let place = Int(truncatingIfNeeded: self.count & 63)
    if place & 3 == 0 { self.block[place / 4] = 0 }
    self.block[place / 4] |= UInt32(byte) &<< UInt32(8 &* (place & 3))
    self.count &+= 1
    if place == 63 { self.digest() }
  }

  mutating func finalize() -> InlineArray<16, UInt8> {
    let bits = self.count &* 8
    self.update(0x80)
    while self.count & 63 != 56 { self.update(0) }
    for i in 0..<8 { self.update(UInt8(truncatingIfNeeded: bits &>> UInt64(8 &* i))) }
    let state = self.state
    return InlineArray { UInt8(truncatingIfNeeded: state[$0 / 4] &>> UInt32(8 &* ($0 & 3))) }
  }

  private mutating func digest() {
    var (a, b, c, d) = (self.state[0], self.state[1], self.state[2], self.state[3])
    for i in 0..<64 {
      let mixed: UInt32
      let word: Int
      switch i / 16 {
      case 0: (mixed, word) = (b & c | ~b & d, i)
      case 1: (mixed, word) = (d & b | ~d & c, 5 &* i &+ 1)
      case 2: (mixed, word) = (b ^ c ^ d, 3 &* i &+ 5)
      default: (mixed, word) = (c ^ (b | ~d), 7 &* i)
      }
      let sum = a &+ mixed &+ Self.sines[i] &+ self.block[word & 15]
      let turn = Self.turns[i / 16 &* 4 &+ i & 3]
      (a, d, c, b) = (d, c, b, b &+ (sum &<< turn | sum &>> (32 &- turn)))
    }
    self.state[0] &+= a
    self.state[1] &+= b
    self.state[2] &+= c
    self.state[3] &+= d
  }

  private static let turns: InlineArray<16, UInt32> = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

  /// The first 32 bits of the sines of 1...64.
  private static let sines: InlineArray<64, UInt32> = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
  ]
}
