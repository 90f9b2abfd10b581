import Bytes
import STUN
import Testing

let someID = TransactionID(high: 1, low: 2)

/// A message with the given attributes, without integrity.
func messageWith(_ attributes: [(UInt16, [UInt8])], type messageType: MessageType = .bindingRequest, fingerprint: Bool = true) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: 2048)
  var writer = SpanWriter(buffer.mutableSpan)
  let start = writer.beginMessage(messageType, someID)
  for (type, value) in attributes { writer.writeAttribute(AttributeType(rawValue: type), value.span) }
  if fingerprint { writer.finishMessage(at: start) } else { writer.patch(UInt16(writer.count - 20), at: 2) }
  let count = writer.count
  return Array(buffer[0..<count])
}

@Suite struct MessageTests {
  @Test func `classes and methods interleave as figure 3 of RFC 8489 shows`() {
    #expect(MessageType(.request, method: 1) == .bindingRequest)
    #expect(MessageType(.indication, method: 1) == .bindingIndication)
    #expect(MessageType(.success, method: 1) == .bindingSuccess)
    #expect(MessageType(.error, method: 1) == .bindingError)
    for method in 0..<0x1000 as Range<UInt16> {
      let type = MessageType(.error, method: method)
      #expect(type.method == method && type.messageClass == .error && type.rawValue & 0xc000 == 0)
    }
  }

  @Test func `a message truncated at any length, or with bytes behind it, is refused`() throws {
    let bytes = try vector("rfc5769-request")
    for count in 0..<bytes.count {
      let part = Array(bytes[0..<count])
      #expect(throws: WireError.self) { try fieldsOf(part) }
    }
    #expect(throws: WireError.malformed) { try fieldsOf(bytes + [0, 0, 0, 0]) }
    #expect(throws: WireError.malformed) { try fieldsOf(bytes + [0]) }
  }

  @Test func `an attribute that claims more than there is, is refused whatever it is`() {
    for type in [0x0006, 0x0020, 0x8022, 0x7fff] as [UInt16] {
      for claimed in [9, 12, 0xffff] as [UInt16] {
        var bytes = messageWith([(type, [UInt8](repeating: 0x41, count: 8))], fingerprint: false)
        bytes[22] = UInt8(claimed >> 8)
        bytes[23] = UInt8(truncatingIfNeeded: claimed)
        #expect(throws: WireError.self) { try fieldsOf(bytes) }
      }
    }
  }

  @Test func `a wrong cookie, a length that is no multiple of four and the two top bits are refused`() throws {
    let good = try vector("rfc5769-request")
    for (index, value) in [(4, 0x20), (3, 0x59), (0, 0x40), (0, 0x80)] as [(Int, UInt8)] {
      var bytes = good
      bytes[index] = value
      #expect(throws: WireError.self) { try fieldsOf(bytes) }
    }
  }

  @Test func `attributes of the wrong size are refused`() {
    for (type, size) in [(0x0024, 3), (0x0024, 8), (0x8029, 4), (0x802a, 12), (0x0020, 4), (0x0020, 12), (0x0009, 3), (0x0008, 16), (0x0006, 514)] {
      #expect(throws: WireError.self) { try fieldsOf(messageWith([(UInt16(type), [UInt8](repeating: 1, count: size))])) }
    }
  }

  @Test func `what follows the integrity is ignored, and nothing may follow the fingerprint`() throws {
    let tag = [UInt8](repeating: 0, count: 20)
    let late = try fieldsOf(messageWith([(0x0024, [0, 0, 0, 9]), (0x0008, tag), (0x0025, []), (0x7777, [])]))
    #expect(late.priority == 9 && !late.useCandidate && late.unknown.isEmpty && late.fingerprint != nil)
    #expect(throws: WireError.malformed) {
      try fieldsOf(messageWith([(0x8028, [1, 2, 3, 4]), (0x0025, [])], fingerprint: false))
    }
  }

  @Test func `unknown attributes that must be understood are listed, at most eight, and others skipped`() throws {
    let few = try fieldsOf(messageWith([(0x7001, [1]), (0xc057, [1, 2, 3, 4]), (0x7002, [])]))
    #expect(few.unknown.count == 2 && few.unknown[0].rawValue == 0x7001 && few.unknown[1].rawValue == 0x7002)
    let many = try fieldsOf(messageWith((0..<20).map { (0x7000 + $0, []) }))
    #expect(many.unknown.count == 8)
    var buffer = [UInt8](repeating: 0, count: 100)
    var writer = SpanWriter(buffer.mutableSpan)
    writer.writeUnknownAttributes(few.unknown)
    #expect(Array(buffer[0..<8]) == [0, 0x0a, 0, 4, 0x70, 1, 0x70, 2])
  }

  @Test func `error codes are written and read, and impossible ones refused`() throws {
    for code in [300, 400, 401, 420, 487, 500, 699] as [UInt16] {
      var buffer = [UInt8](repeating: 0, count: 64)
      var writer = SpanWriter(buffer.mutableSpan)
      let start = writer.beginMessage(.bindingError, someID)
      writer.writeErrorCode(code)
      writer.finishMessage(at: start)
      let count = writer.count
      #expect(try fieldsOf(Array(buffer[0..<count])).errorCode == code)
    }
    for value in [[0, 0, 2, 0], [0, 0, 7, 0], [0, 0, 4, 100]] as [[UInt8]] {
      #expect(throws: WireError.malformed) { try fieldsOf(messageWith([(0x0009, value)])) }
    }
  }

  @Test func `only XOR-MAPPED-ADDRESS counts where both addresses are there`() throws {
    let plain: [UInt8] = [0, 1, 0x10, 0, 1, 2, 3, 4]
    let xored: [UInt8] = [0, 1, 0x31, 0x12, 0x21 ^ 9, 0x12 ^ 8, 0xa4 ^ 7, 0x42 ^ 6]
    let expected = TransportAddress(ip: IPAddress(9, 8, 7, 6), port: 0x1000)
    for both in [[(0x0001, plain), (0x0020, xored)], [(0x0020, xored), (0x0001, plain)]] as [[(UInt16, [UInt8])]] {
      #expect(try fieldsOf(messageWith(both, type: .bindingSuccess)).mappedAddress == expected)
    }
    let alone = try fieldsOf(messageWith([(0x0001, plain)], type: .bindingSuccess))
    #expect(alone.mappedAddress == TransportAddress(ip: IPAddress(1, 2, 3, 4), port: 0x1000))
  }

  @Test func `STUN is told from DTLS, RTP and short datagrams`() throws {
    let good = try vector("rfc5769-request")
    let isTaken = isSTUN(good.span)
    #expect(isTaken)
    for first in [20, 22, 63, 64, 128, 191] as [UInt8] {
      var other = good
      other[0] = first
      let taken = isSTUN(other.span)
      #expect(!taken)
    }
    let short = Array(good[0..<19])
    let taken = isSTUN(short.span)
    #expect(!taken)
  }

  @Test func `a message that does not fit the buffer says so at every size`() throws {
    let password = vectorPassword, receiver = Array("abcd".utf8), sender = Array("efgh".utf8)
    for size in 0..<96 {
      var buffer = [UInt8](repeating: 0, count: size)
      var writer = SpanWriter(buffer.mutableSpan)
      let start = writer.beginMessage(.bindingRequest, someID)
      writer.writeUsername(receiver.span, sender.span)
      writer.writeAttribute(.priority, UInt32(1))
      writer.writeAttribute(.iceControlling, UInt64(1))
      writer.finishMessage(at: start, key: password.span)
      let overflowed = writer.overflowed
      #expect(overflowed == (size < 20 + 16 + 8 + 12 + 24 + 8))
    }
  }

  @Test func `CRC-32 has the check value of its catalogue`() {
    let text = Array("123456789".utf8)
    let (checksum, empty) = (CRC32.checksum(text.span), CRC32.checksum(Span()))
    #expect(checksum == 0xcbf4_3926 && empty == 0)
  }
}
