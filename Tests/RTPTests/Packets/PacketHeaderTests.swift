import Bytes
import RTP
import Testing

@Suite struct PacketHeaderTests {
  static func map(twoBytes: Bool) -> HeaderExtensionMap {
    var map = HeaderExtensionMap()
    for (i, name) in HeaderExtension.allCases.enumerated() { map[name] = UInt8(i) + (twoBytes ? 20 : 1) }
    return map
  }

  static func full() -> PacketHeader {
    var header = PacketHeader(payloadType: 111, marker: true, sequenceNumber: 0xFFFE, timestamp: 0x8000_0001, ssrc: 0xDEAD_BEEF)
    header.extensions.absoluteSendTime = 0x12_3456
    header.extensions.transportSequence = 0xABCD
    header.extensions.audioLevel = 127
    header.extensions.hasVoice = true
    header.extensions.absoluteCaptureTime = 0x0123_4567_89AB_CDEF
    header.extensions.captureClockOffset = -5
    return header
  }

  static func write(_ header: PacketHeader, map: HeaderExtensionMap, mid: String, rid: String, payload: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: 600)
    let midBytes = Array(mid.utf8)
    let ridBytes = Array(rid.utf8)
    var writer = SpanWriter(bytes.mutableSpan)
    header.write(into: &writer, extensions: map, mid: midBytes.span, rid: ridBytes.span)
    writer.write(payload)
    let count = writer.count
    return Array(bytes[..<count])
  }

  @Test(arguments: [false, true])
  func `what is written is read again, in both forms of extensions`(twoBytes: Bool) throws {
    let map = Self.map(twoBytes: twoBytes)
    let packet = Self.write(Self.full(), map: map, mid: "video0", rid: "hi", payload: [1, 2, 3])
    // RFC 8285 section 4.2 and 4.3.
    #expect(Array(packet[12..<14]) == (twoBytes ? [0x10, 0x00] : [0xBE, 0xDE]))
    let header = try PacketHeader(parsing: packet.span, extensions: map)
    let expected = Self.full()
    #expect(header.payloadType == expected.payloadType && header.marker)
    #expect(header.sequenceNumber == expected.sequenceNumber && header.timestamp == expected.timestamp)
    #expect(header.ssrc == expected.ssrc)
    var extensions = header.extensions
    let mid = arrayCopy(extensions.mid.bytes(of: packet.span))
    let rid = arrayCopy(extensions.rid.bytes(of: packet.span))
    #expect(mid == Array("video0".utf8) && rid == Array("hi".utf8))
    extensions.mid = ByteField()
    extensions.rid = ByteField()
    #expect(extensions == expected.extensions)
    let payload = arrayCopy(header.payload(of: packet.span))
    #expect(payload == [1, 2, 3])
  }

  @Test func `a mid of more than 16 bytes takes the two-byte form`() throws {
    let map = Self.map(twoBytes: false)
    let name = String(repeating: "m", count: 17)
    let packet = Self.write(PacketHeader(payloadType: 0), map: map, mid: name, rid: "", payload: [9])
    #expect(Array(packet[12..<14]) == [0x10, 0x00])
    let header = try PacketHeader(parsing: packet.span, extensions: map)
    #expect(header.extensions.mid.count == 17)
  }

  @Test func `without extensions there is no block`() throws {
    let packet = Self.write(PacketHeader(payloadType: 8), map: HeaderExtensionMap(), mid: "a", rid: "b", payload: [5])
    #expect(packet == [0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5])
  }

  @Test func `contributing sources, padding and unknown extensions are passed over`() throws {
    var map = HeaderExtensionMap()
    map.audioLevel = 3
    let packet: [UInt8] =
      [0xB2, 0x80 | 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3] + [UInt8](repeating: 7, count: 8)
      // Padding, an unknown one of 3 bytes, padding, ours, padding.
      + [0xBE, 0xDE, 0, 3, 0, 0x52, 1, 2, 3, 0, 0x30, 0x85, 0, 0, 0, 0]
      + [10, 11, 12] + [0, 0, 3]
    let header = try PacketHeader(parsing: packet.span, extensions: map)
    #expect(header.contributingSources == 2)
    #expect(header.extensions.audioLevel == 5 && header.extensions.hasVoice)
    #expect(header.paddingCount == 3)
    let payload = arrayCopy(header.payload(of: packet.span))
    #expect(payload == [10, 11, 12])
  }

  @Test func `an id of 15 ends a one-byte block, and an element that is too long ends any`() throws {
    var map = HeaderExtensionMap()
    map.audioLevel = 3
    map.transportSequence = 4
    let fixed: [UInt8] = [0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
    let stopped: [UInt8] = fixed + [0xBE, 0xDE, 0, 2, 0x41, 1, 2, 0xF0, 9, 0x30, 0x85, 0]
    let header = try PacketHeader(parsing: stopped.span, extensions: map)
    #expect(header.extensions.transportSequence == 0x0102 && header.extensions.audioLevel == nil)
    let long: [UInt8] = fixed + [0x10, 0x00, 0, 2, 4, 2, 1, 2, 3, 200, 0x85, 0]
    let other = try PacketHeader(parsing: long.span, extensions: map)
    #expect(other.extensions.transportSequence == 0x0102 && other.extensions.audioLevel == nil)
  }

  @Test func `an id of 0 with a length ends a one-byte block`() throws {
    var map = HeaderExtensionMap()
    map.audioLevel = 3
    map.transportSequence = 4
    let fixed: [UInt8] = [0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
    let bytes: [UInt8] = fixed + [0xBE, 0xDE, 0, 2, 0x41, 1, 2, 0x01, 0x30, 0x85, 0, 0]
    let header = try PacketHeader(parsing: bytes.span, extensions: map)
    #expect(header.extensions.transportSequence == 0x0102 && header.extensions.audioLevel == nil)
  }

  @Test func `a packet that ends early at any length is refused or has no payload beyond its end`() {
    let map = Self.map(twoBytes: false)
    let packet = Self.write(Self.full(), map: map, mid: "video0", rid: "hi", payload: [])
    for count in 0..<packet.count {
      let cut = Array(packet[..<count])
      #expect(throws: WireError.truncated) { try PacketHeader(parsing: cut.span, extensions: map) }
    }
  }

  @Test func `lies are refused`() {
    let map = HeaderExtensionMap()
    let fixed: [UInt8] = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
    func refused(_ bytes: [UInt8]) -> Bool {
      do { _ = try PacketHeader(parsing: bytes.span, extensions: map) } catch { return true }
      return false
    }
    #expect(!refused(fixed + [1]))
    // Another version; more padding than payload; padding of nothing; more sources than bytes; a packet of more than 65,535 bytes.
    #expect(refused([0x40] + fixed.dropFirst() + [1]))
    #expect(refused([0xA0] + fixed.dropFirst() + [1, 3]))
    #expect(refused([0xA0] + fixed.dropFirst() + [1, 0]))
    #expect(refused([0x8F] + fixed.dropFirst() + [1, 0]))
    #expect(refused(fixed + [UInt8](repeating: 0, count: 65_536)))
  }

  @Test func `a field that was read from another packet stays within this one`() {
    let field = ByteField(offset: 40, count: 9)
    let short: [UInt8] = [1, 2, 3]
    let count = field.bytes(of: short.span).count
    #expect(count == 0)
  }
}
