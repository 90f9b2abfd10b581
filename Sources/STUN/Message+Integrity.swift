import Bytes
import Cryptography

let fingerprintMask: UInt32 = 0x5354_554e

extension Message {
  /// Whether MESSAGE-INTEGRITY, whose header is at `offset`, was made with `key` (for short-term credentials the
  /// password). The tag covers the message before it, with a length that ends with it (RFC 8489 section 14.5).
  public func isIntegrityValid(at offset: Int, key: Span<UInt8>) -> Bool {
    guard offset >= Self.headerSize, offset &+ 24 <= self.bytes.count else { return false }
    var header = InlineArray<4, UInt8> { self.bytes[$0] }
    let length = offset &+ 24 &- Self.headerSize
    header[2] = UInt8(truncatingIfNeeded: length &>> 8)
    header[3] = UInt8(truncatingIfNeeded: length)
    let tag = HMAC.sha1(key: key, header.span, self.bytes.extracting(4..<offset))
    return constantTimeEqual(tag.span, self.bytes.extracting((offset &+ 4)..<(offset &+ 24)))
  }

  /// Whether FINGERPRINT, whose header is at `offset`, matches (RFC 8489 section 14.7). It is the last attribute, so
  /// the header's length is right as it is.
  public func isFingerprintValid(at offset: Int) -> Bool {
    guard offset >= Self.headerSize, offset &+ 8 == self.bytes.count else { return false }
    var value: UInt32 = 0
    for i in (offset &+ 4)..<(offset &+ 8) { value = value &<< 8 | UInt32(self.bytes[i]) }
    return value == CRC32.checksum(self.bytes.extracting(0..<offset)) ^ fingerprintMask
  }
}
