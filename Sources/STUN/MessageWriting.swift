import Bytes
import Cryptography

/// Writes messages into the caller's buffer: `beginMessage`, attributes, then `finishMessage`.
extension SpanWriter {
  /// Writes a header, whose length `finishMessage` fills in, and returns where the message starts.
  public mutating func beginMessage(_ type: MessageType, _ transactionID: TransactionID) -> Int {
    let start = self.count
    self.write(type.rawValue)
    self.write(UInt16(0))
    self.write(magicCookie)
    self.write(transactionID.high)
    self.write(transactionID.low)
    return start
  }

  public mutating func writeAttribute(_ type: AttributeType) {
    self.write(type.rawValue)
    self.write(UInt16(0))
  }

  public mutating func writeAttribute(_ type: AttributeType, _ value: UInt32) {
    self.write(type.rawValue)
    self.write(UInt16(4))
    self.write(value)
  }

  public mutating func writeAttribute(_ type: AttributeType, _ value: UInt64) {
    self.write(type.rawValue)
    self.write(UInt16(8))
    self.write(value)
  }

  /// At most 65,535 bytes, padded with zeros to a multiple of four.
  public mutating func writeAttribute(_ type: AttributeType, _ value: Span<UInt8>) {
    self.write(type.rawValue)
    self.write(UInt16(truncatingIfNeeded: value.count))
    self.write(value)
    self.writeZeros((4 &- value.count & 3) & 3)
  }

  /// USERNAME as ICE makes it: the receiver's fragment, a colon, the sender's (RFC 8445 section 7.2.2).
  public mutating func writeUsername(_ receiver: Span<UInt8>, _ sender: Span<UInt8>) {
    let length = receiver.count &+ 1 &+ sender.count
    self.write(AttributeType.username.rawValue)
    self.write(UInt16(truncatingIfNeeded: length))
    self.write(receiver)
    self.write(UInt8(ascii: ":"))
    self.write(sender)
    self.writeZeros((4 &- length & 3) & 3)
  }

  /// XOR-MAPPED-ADDRESS (RFC 8489 section 14.2).
  public mutating func writeXorMappedAddress(_ address: TransportAddress, _ transactionID: TransactionID) {
    self.writeXorAddress(.xorMappedAddress, address, transactionID)
  }

  /// An attribute in the form of XOR-MAPPED-ADDRESS: TURN has XOR-PEER-ADDRESS and XOR-RELAYED-ADDRESS, too.
  public mutating func writeXorAddress(
    _ type: AttributeType, _ address: TransportAddress, _ transactionID: TransactionID
  ) {
    self.write(type.rawValue)
    self.write(UInt16(address.ip.isV4 ? 8 : 20))
    self.write(UInt16(address.ip.isV4 ? 1 : 2))
    self.write(address.port ^ UInt16(truncatingIfNeeded: magicCookie &>> 16))
    if address.ip.isV4 {
      self.write(address.ip.v4 ^ magicCookie)
    } else {
      let mask = transactionID.addressMask
      self.write(address.ip.high ^ mask.high)
      self.write(address.ip.low ^ mask.low)
    }
  }

  /// ERROR-CODE without a reason phrase, which is for people only (RFC 8489 section 14.8).
  public mutating func writeErrorCode(_ code: UInt16) {
    self.writeAttribute(.errorCode, UInt32(code / 100) &<< 8 | UInt32(code % 100))
  }

  /// UNKNOWN-ATTRIBUTES (RFC 8489 section 14.9).
  public mutating func writeUnknownAttributes(_ unknown: UnknownAttributes) {
    self.write(AttributeType.unknownAttributes.rawValue)
    self.write(UInt16(truncatingIfNeeded: unknown.count &* 2))
    for i in 0..<unknown.count { self.write(unknown[i].rawValue) }
    if unknown.count & 1 == 1 { self.write(UInt16(0)) }
  }

  /// Adds MESSAGE-INTEGRITY made with `key`, then FINGERPRINT, and sets the length (RFC 8489 sections 14.5, 14.7).
  public mutating func finishMessage(at start: Int, key: Span<UInt8>) {
    self.patchLength(at: start, adding: 24)
    guard !self.overflowed else { return }
    let tag = HMAC.sha1(key: key, self.bytes(in: start..<self.count), Span())
    self.writeAttribute(.messageIntegrity, tag.span)
    self.finishMessage(at: start)
  }

  /// Adds FINGERPRINT and sets the length: for messages that carry no integrity.
  public mutating func finishMessage(at start: Int) {
    self.patchLength(at: start, adding: 8)
    guard !self.overflowed else { return }
    let checksum = CRC32.checksum(self.bytes(in: start..<self.count))
    self.writeAttribute(.fingerprint, checksum ^ fingerprintMask)
  }

  mutating func patchLength(at start: Int, adding size: Int) {
    self.patch(UInt16(truncatingIfNeeded: self.count &- start &- Message.headerSize &+ size), at: start &+ 2)
  }
}
