import Bytes
import Cryptography

extension Connection {
  /// What a record puts before its plaintext at most, in bytes: a header of 13, an explicit nonce of 8.
  public static var recordHeadroom: Int { 21 }
  /// What this connection's records put before their plaintext: 21, or 13 where the cipher has no explicit nonce.
  public var recordHeadroom: Int { self.records.protectedHeadroom }
  /// What a record puts behind its plaintext: the tag.
  public static var recordTailroom: Int { 16 }

  /// Encrypts in place the plaintext that lies in `plaintext` of `buffer`, with this connection's `recordHeadroom` bytes or
  /// more before and `recordTailroom` behind it; returns the record's range.
  ///
  /// Throws `.notConnected`, `.messageTooLarge`, `.insufficientRoom` or `.sequenceNumbersExhausted`.
  public mutating func seal(
    _ buffer: inout MutableSpan<UInt8>, plaintext: Range<Int>
  ) throws(UsageError) -> Range<Int> {
    guard self.phase == .connected else { throw .notConnected }
    guard plaintext.count <= 16384 else { throw .messageTooLarge }
    guard plaintext.lowerBound >= self.recordHeadroom,
      buffer.count &- plaintext.upperBound >= Connection.recordTailroom
    else { throw .insufficientRoom }
    return try self.records.seal(&buffer, plaintext: plaintext, type: .applicationData)
  }

  /// Application data that came before the handshake's end: writes one record's plaintext; false when there is no more,
  /// or where it does not fit into the writer. To be called after `.connected`.
  public mutating func receiveEarlyData(into writer: inout SpanWriter) -> Bool {
    guard self.phase == .connected else { return false }
    while var record = self.early.removeFirst() {
      guard let header = try? RecordHeader(parsing: record.span, at: 0) else { continue }
      var bytes = record.mutableSpan
      guard let range = self.open(&bytes, in: RecordHeader.length..<bytes.count, header: header) else { continue }
      writer.write(bytes.span.extracting(range))
      return !writer.overflowed
    }
    return false
  }

  /// Keying material for another protocol (RFC 5705), without a context; for SRTP, `SRTPProfile.keyingMaterialLength` bytes
  /// under `EXTRACTOR-dtls_srtp`. Throws `.notConnected`.
  public func exportKeyingMaterial(
    label: StaticString, into output: inout MutableSpan<UInt8>
  ) throws(UsageError) {
    guard self.phase == .connected, let suite = self.negotiated.cipherSuite else { throw .notConnected }
    let randoms = self.secrets.randoms
    suite.prf.derive(
      secret: self.secrets.master, label: label, seed: randoms, randoms.extracting(first: 0), into: &output)
  }

  /// Keying material for another protocol (RFC 5705), bound to a context of at most 65,535 bytes, which differs from none even
  /// when it is empty. Throws `.notConnected` or `.messageTooLarge`.
  public func exportKeyingMaterial(
    label: StaticString, context: Span<UInt8>, into output: inout MutableSpan<UInt8>
  ) throws(UsageError) {
    guard self.phase == .connected, let suite = self.negotiated.cipherSuite else { throw .notConnected }
    guard context.count <= 65535 else { throw .messageTooLarge }
    var writer = MessageWriter()
    let context = arrayCopy(context)
    writer.vector(2) { $0.write(context) }
    suite.prf.derive(
      secret: self.secrets.master, label: label, seed: self.secrets.randoms, writer.bytes.span, into: &output)
  }
}
