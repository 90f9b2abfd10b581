import Bytes

/// What SRTP has to know of an RTP packet (RFC 3550 section 5.1). A header that holds together here is one that libsrtp2
/// takes, so that it never fails half-way.
struct RTPHeader {
  let ssrc: UInt32
  let sequenceNumber: UInt16

  /// `count`: bytes of the packet, the tag not among them.
  @inline(__always)
  init?(_ bytes: Span<UInt8>, count: Int) {
    guard count >= 12, count <= bytes.count, bytes[0] &>> 6 == 2 else { return nil }
    var size = 12 &+ 4 &* Int(bytes[0] & 15)
    if bytes[0] & 0x10 != 0 {
      guard size &+ 4 <= count else { return nil }
      size &+= 4 &+ 4 &* (Int(bytes[size &+ 2]) &<< 8 | Int(bytes[size &+ 3]))
    }
    guard size <= count else { return nil }
    self.sequenceNumber = UInt16(bytes[2]) &<< 8 | UInt16(bytes[3])
    self.ssrc = word(bytes, at: 8)
  }
}

/// The sender's SSRC in the first header of an RTCP packet (RFC 3550 section 6.4), which stays in the clear.
func controlSSRC(_ bytes: Span<UInt8>, count: Int) -> UInt32? {
  guard count >= 8, count <= bytes.count, bytes[0] &>> 6 == 2 else { return nil }
  return word(bytes, at: 4)
}

/// The caller has checked that there are four bytes.
@inline(__always)
func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
  UInt32(bytes[offset]) &<< 24 | UInt32(bytes[offset &+ 1]) &<< 16 | UInt32(bytes[offset &+ 2]) &<< 8
    | UInt32(bytes[offset &+ 3])
}
