import Bytes
import Cryptography

/// Epochs, sequence numbers and keys. There are two epochs: 0 in the clear, 1 under the handshake's keys; without
/// renegotiation there is never a third.
struct RecordLayer: ~Copyable {
  private var writing: RecordProtection?
  private var reading: RecordProtection?
  private var clearSequenceNumber: UInt64 = 0
  private var protectedSequenceNumber: UInt64 = 0
  private var window = ReplayWindow()
  /// Bytes that precede the plaintext of a protected record.
  private(set) var protectedHeadroom = RecordHeader.length

  init() {}

  func fork() throws(CryptographyError) -> RecordLayer {
    var copy = RecordLayer()
    if self.writing != nil { copy.writing = try self.writing!.fork() }
    if self.reading != nil { copy.reading = try self.reading!.fork() }
    copy.clearSequenceNumber = self.clearSequenceNumber
    copy.protectedSequenceNumber = self.protectedSequenceNumber
    copy.window = self.window
    copy.protectedHeadroom = self.protectedHeadroom
    return copy
  }

  var canProtect: Bool { self.writing != nil }
  var canUnprotect: Bool { self.reading != nil }

  mutating func install(writing: consuming RecordProtection, reading: consuming RecordProtection) {
    self.protectedHeadroom = RecordHeader.length &+ writing.explicitNonceLength
    self.writing = consume writing
    self.reading = consume reading
  }

  /// Writes the header of a record of epoch 0, whose content follows.
  mutating func writeClear(
    _ type: ContentType, version: UInt16 = RecordHeader.dtls12, length: Int, into writer: inout SpanWriter
  ) {
    RecordHeader.write(
      type, version: version, epoch: 0, sequenceNumber: self.clearSequenceNumber, length: length, into: &writer)
    self.clearSequenceNumber &+= 1
  }

  /// Goes on in epoch 0 from a ClientHello's number, as a server does around cookies (RFC 6347 section 4.2.1): never
  /// backwards, and never near the end of the 48 bits.
  mutating func continueClear(from sequenceNumber: UInt64) {
    guard sequenceNumber < 1 &<< 47 else { return }
    self.clearSequenceNumber = max(self.clearSequenceNumber, sequenceNumber)
  }

  /// Encrypts in place under epoch 1; returns the record's range.
  @inline(__always)
  mutating func seal(
    _ buffer: inout MutableSpan<UInt8>, plaintext: Range<Int>, type: ContentType
  ) throws(UsageError) -> Range<Int> {
    guard self.protectedSequenceNumber < 1 &<< 48 else { throw .sequenceNumbersExhausted }
    let number = 1 &<< 48 | self.protectedSequenceNumber
    guard
      let range = self.writing?.seal(
        &buffer, plaintext: plaintext, type: type.rawValue, epochAndSequenceNumber: number)
    else { throw .notConnected }
    self.protectedSequenceNumber &+= 1
    return range
  }

  enum Opened {
    case plaintext(Range<Int>)
    case replayed
    case forged
  }

  /// Checks for replay and decrypts in place a record of epoch 1 whose fragment lies in `range`.
  @inline(__always)
  mutating func open(_ buffer: inout MutableSpan<UInt8>, in range: Range<Int>, header: RecordHeader) -> Opened {
    guard self.window.accepts(header.sequenceNumber) else { return .replayed }
    let number = 1 &<< 48 | header.sequenceNumber
    guard
      let plaintext = self.reading?.open(
        &buffer, in: range, type: header.type, epochAndSequenceNumber: number)
    else { return .forged }
    self.window.record(header.sequenceNumber)
    return .plaintext(plaintext)
  }
}
