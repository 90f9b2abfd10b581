/// The CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320): STUN's FINGERPRINT, among others.
///
/// A table of 16 entries serves: fingerprints are on a few hundred bytes a second at most.
public enum CRC32 {
  static let table: InlineArray<16, UInt32> = [
    0x0000_0000, 0x1db7_1064, 0x3b6e_20c8, 0x26d9_30ac, 0x76dc_4190, 0x6b6b_51f4, 0x4db2_6158, 0x5005_713c,
    0xedb8_8320, 0xf00f_9344, 0xd6d6_a3e8, 0xcb61_b38c, 0x9b64_c2b0, 0x86d3_d2d4, 0xa00a_e278, 0xbdbd_f21c,
  ]

  public static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    var crc = UInt32.max
    var i = 0
    while i < bytes.count {
      crc ^= UInt32(bytes[i])
      crc = crc &>> 4 ^ Self.table[Int(crc & 15)]
      crc = crc &>> 4 ^ Self.table[Int(crc & 15)]
      i &+= 1
    }
    return ~crc
  }
}
