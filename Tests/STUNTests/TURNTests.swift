import Bytes
import Testing

@testable import STUN

@Suite struct TURNTests {
  /// RFC 1321 section A.5.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func `MD5 gives the digests of RFC 1321`(_ text: String, _ digest: String) {
    var hash = MD5()
    hash.update(Array(text.utf8).span)
    let bytes = hash.finalize()
    #expect((0..<16).map { hex(bytes[$0]) }.joined() == digest)
  }

  /// RFC 5769 section 2.4, whose username is already prepared.
  @Test func `a long-term key protects the sample request of RFC 5769`() throws {
    let request: [UInt8] = [
      0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e,
      0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3,
      0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36,
      0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b,
      0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65,
      0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66,
    ]
    let key = longTermKey(
      username: Array("マトリックス".utf8).span, realm: Array("example.org".utf8).span, password: Array("TheMatrIX".utf8).span)
    let wrong = longTermKey(
      username: Array("マトリックス".utf8).span, realm: Array("example.org".utf8).span, password: Array("TheMatriX".utf8).span)
    let parsed = try Message(parsing: request.span)
    let fields = try parsed.turnFields()
    let integrity = try #require(fields.integrity)
    let (isValid, isWrongValid) = (
      parsed.isIntegrityValid(at: integrity, key: key.span), parsed.isIntegrityValid(at: integrity, key: wrong.span)
    )
    #expect(isValid && !isWrongValid)
    #expect(Array(request[try #require(fields.realm)]) == Array("example.org".utf8))
    #expect(Array(request[try #require(fields.nonce)]) == Array("f//499k954d6OL34oL9FSTvy64sA".utf8))
  }

  @Test func `what TURN writes is what it reads`() throws {
    let id = TransactionID(high: 0x0102_0304, low: 5)
    let peers = [
      TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 0x2112),
      TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: 0x2112_a442), port: 9),
    ]
    var buffer = [UInt8](repeating: 0, count: 400)
    var writer = SpanWriter(buffer.mutableSpan)
    let start = writer.beginMessage(MessageType(.request, method: MessageType.channelBindMethod), id)
    for peer in peers { writer.writeXorAddress(.xorPeerAddress, peer, id) }
    writer.writeXorAddress(.xorRelayedAddress, peers[1], id)
    writer.writeXorAddress(.xorRelayedAddress, peers[0], id)
    writer.writeAttribute(.channelNumber, UInt32(0x4abc) << 16)
    writer.writeAttribute(.lifetime, UInt32(777))
    writer.writeAttribute(.requestedTransport, UInt32(17) << 24)
    writer.writeAttribute(.requestedAddressFamily, UInt32(2) << 24)
    writer.writeAttribute(.evenPort, [0x80].span)
    writer.writeAttribute(.dontFragment)
    writer.writeAttribute(.data, [1, 2, 3].span)
    writer.writeAttribute(AttributeType(rawValue: 0x7001), UInt32(0))
    writer.finishMessage(at: start)
    let count = writer.count
    let message = try Message(parsing: buffer.span.extracting(0..<count))
    let fields = try message.turnFields()
    #expect(fields.peerCount == 2)
    #expect([fields.peers[0], fields.peers[1]] == peers)
    #expect(fields.relayedAddress == peers[1] && fields.secondRelayedAddress == peers[0])
    #expect(fields.channelNumber == 0x4abc && fields.lifetime == 777 && fields.transport == 17 && fields.addressFamily == 2)
    #expect(fields.evenPort == true)
    #expect(Array(buffer[try #require(fields.data)]) == [1, 2, 3])
    #expect(fields.unknown.count == 1)
  }

  @Test func `more peers than anyone needs, and values of the wrong size, are malformed`() throws {
    let id = TransactionID(high: 0, low: 0)
    func isMalformed(_ body: (inout SpanWriter) -> Void) throws -> Bool {
      var buffer = [UInt8](repeating: 0, count: 400)
      var writer = SpanWriter(buffer.mutableSpan)
      let start = writer.beginMessage(MessageType(.request, method: MessageType.allocateMethod), id)
      body(&writer)
      writer.finishMessage(at: start)
      let count = writer.count
      let message = try Message(parsing: buffer.span.extracting(0..<count))
      do { _ = try message.turnFields() } catch { return true }
      return false
    }
    let peer = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1)
    let eight = try isMalformed { for _ in 0..<8 { $0.writeXorAddress(.xorPeerAddress, peer, id) } }
    let nine = try isMalformed { for _ in 0..<9 { $0.writeXorAddress(.xorPeerAddress, peer, id) } }
    #expect(!eight && nine)
    for type: AttributeType in [
      .lifetime, .channelNumber, .xorPeerAddress, .xorRelayedAddress, .requestedTransport, .requestedAddressFamily,
      .additionalAddressFamily, .evenPort, .reservationToken, .errorCode,
    ] {
      let isMalformed = try isMalformed { $0.writeAttribute(type, [1, 2, 3].span) }
      #expect(isMalformed)
    }
  }

  @Test func `data on a channel may be padded, not cut, and only on a channel's number`() throws {
    var buffer = [UInt8](repeating: 0, count: 16)
    var writer = SpanWriter(buffer.mutableSpan)
    writer.writeChannelData(0x4001, [7, 8, 9].span)
    #expect(writer.count == 7)
    for count in 0..<7 { #expect(throws: WireError.truncated) { try ChannelData(parsing: Array(buffer.prefix(count)).span) } }
    for count in 7...8 {
      let parsed = try ChannelData(parsing: Array(buffer.prefix(count)).span)
      #expect(parsed.number == 0x4001 && parsed.data == 4..<7)
    }
    for first: UInt8 in [0x3f, 0x50] {
      buffer[0] = first
      #expect(throws: WireError.malformed) { try ChannelData(parsing: buffer.span) }
    }
  }
}

private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
