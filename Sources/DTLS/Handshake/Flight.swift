import Bytes
import Time

/// The messages of this side's latest flight (RFC 6347 section 4.2.4), whole, and how far they have been written into
/// datagrams. Fragments are cut anew at each transmission, to the size that the path then takes.
struct Flight: Sendable {
  /// Handshake messages with their headers, one behind another.
  private var messages: [UInt8] = []
  /// Where the messages under the new keys begin: ChangeCipherSpec goes before them.
  private var protectedFrom: Int?
  private var messageStart = 0
  private var fragmentOffset = 0
  private var wroteChangeCipherSpec = false
  /// A ClientHello goes out under DTLS 1.0's record version, for servers that look at it before they negotiate.
  var isClientHello = false

  var isEmpty: Bool { self.messages.isEmpty }
  var isWritten: Bool { self.messageStart == self.messages.count }

  mutating func append(_ message: [UInt8]) {
    self.messages.reserveCapacity(self.messages.count &+ message.count)
    self.messages.append(contentsOf: message)
  }
  mutating func beginProtection() { self.protectedFrom = self.messages.count }

  /// From the beginning again.
  mutating func restart() {
    self.messageStart = 0
    self.fragmentOffset = 0
    self.wroteChangeCipherSpec = false
  }

  /// Writes the next datagram, of at most `limit` bytes; false where nothing is left, or nothing fits.
  mutating func writeDatagram(into writer: inout SpanWriter, limit: Int, records: inout RecordLayer) -> Bool {
    let start = writer.count
    let end = start &+ min(limit, writer.remaining)
    while !self.isWritten {
      let isProtected = self.protectedFrom.map { self.messageStart >= $0 } ?? false
      if isProtected && !self.wroteChangeCipherSpec {
        guard end &- writer.count >= RecordHeader.length &+ 1 else { break }
        records.writeClear(.changeCipherSpec, length: 1, into: &writer)
        writer.write(UInt8(1))
        self.wroteChangeCipherSpec = true
      }
      let overhead =
        HandshakeHeader.length
        &+ (isProtected ? records.protectedHeadroom &+ Connection.recordTailroom : RecordHeader.length)
      let length = self.messageLength
      let left = length &- self.fragmentOffset
      let room = end &- writer.count &- overhead
      // A message that does not fit behind others begins a datagram of its own, unless a good part of it fits.
      guard room >= left || (room > 0 && (writer.count == start || room >= 128)) else { break }
      let count = min(left, room)
      let before = writer.count
      if isProtected {
        writer.skip(records.protectedHeadroom)
      } else {
        records.writeClear(
          .handshake, version: self.isClientHello ? RecordHeader.dtls10 : RecordHeader.dtls12,
          length: HandshakeHeader.length &+ count, into: &writer)
      }
      self.writeFragment(count, into: &writer)
      if isProtected {
        let plaintext = before &+ records.protectedHeadroom..<writer.count
        writer.skip(Connection.recordTailroom)
        var buffer = writer.mutableBytes(in: 0..<writer.count)
        guard (try? records.seal(&buffer, plaintext: plaintext, type: .handshake)) != nil else {
          writer.rewind(to: before)
          break
        }
      }
      self.fragmentOffset &+= count
      if self.fragmentOffset == length {
        self.messageStart &+= HandshakeHeader.length &+ length
        self.fragmentOffset = 0
      }
    }
    return writer.count > start
  }

  private var messageLength: Int {
    let start = self.messageStart
    return Int(self.messages[start &+ 1]) &<< 16 | Int(self.messages[start &+ 2]) &<< 8 | Int(self.messages[start &+ 3])
  }

  private func writeFragment(_ count: Int, into writer: inout SpanWriter) {
    let message = self.messages.span.extracting(self.messageStart..<self.messages.count)
    writer.write(message.extracting(0..<6))
    writer.write24(UInt32(truncatingIfNeeded: self.fragmentOffset))
    writer.write24(UInt32(truncatingIfNeeded: count))
    let from = HandshakeHeader.length &+ self.fragmentOffset
    writer.write(message.extracting(from..<(from &+ count)))
  }
}
