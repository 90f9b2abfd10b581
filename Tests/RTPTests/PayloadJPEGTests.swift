import Bytes
import RTP
import Testing

@Suite struct PayloadJPEGTests {
  /// A main header: offset, type, Q, and 40 by 22 blocks.
  static func header(_ offset: Int, type: UInt8 = 1, q: UInt8 = 50) -> [UInt8] {
    [0, UInt8(offset >> 16 & 255), UInt8(offset >> 8 & 255), UInt8(offset & 255), type, q, 40, 22]
  }
  static let ramp = (1...64).map { UInt8($0) }
  static let flat = [UInt8](repeating: 9, count: 64)

  @Test func `the tables of Q follow the formula, in zigzag order`() throws {
    // Tables K.1 and K.2 as they are, and the extremes.
    let fifty = try #require(try parts(Self.header(0) + [1, 2, 3]))
    #expect(fifty.tables[0]?.prefix(10) == [16, 11, 12, 14, 12, 10, 16, 14, 13, 14])
    #expect(fifty.tables[1]?.prefix(10) == [17, 18, 18, 24, 21, 24, 47, 26, 26, 47])
    #expect(fifty.tables[0]?.suffix(2) == [103, 99])
    let least = try #require(try parts(Self.header(0, q: 1) + [1, 2, 3]))
    #expect(least.tables[0] == [UInt8](repeating: 255, count: 64))
    let best = try #require(try parts(Self.header(0, q: 99) + [1, 2, 3]))
    #expect(best.tables[0]?.prefix(4) == [1, 1, 1, 1] && best.tables[0]?.last == 2)
    #expect(fifty.geometry == [8, 0, 176, 1, 64, 3, 0x22, 0x11, 0x11])
  }

  @Test func `files of other encoders, of usual tables, are sent without tables`() throws {
    for (name, q) in [("jpeg-420-gstreamer", 40), ("jpeg-422-gstreamer", 55), ("jpeg-422-restart-gstreamer", 35)] {
      var packetizer = packetizer(.jpeg)
      for frame in try payloadVector(name + ".frames") {
        let payloads = try packetize(frame, &packetizer)
        #expect(payloads.allSatisfy { $0.bytes[5] == UInt8(q) })
        #expect(payloads.map(\.marker) == [Bool](repeating: false, count: payloads.count - 1) + [true])
        #expect(payloads.allSatisfy { $0.bytes[4] == (name.contains("422") ? 0 : 1) + (name.contains("restart") ? 64 : 0) })
      }
    }
  }

  @Test func `files of other tables carry them in the first packet of each frame`() throws {
    var packetizer = packetizer(.jpeg)
    for frame in try payloadVector("jpeg-420-ffmpeg.frames") {
      let payloads = try packetize(frame, &packetizer)
      #expect(payloads.allSatisfy { $0.bytes[5] == 255 })
      #expect(payloads.first?.bytes[8..<12] == [0, 0, 0, 128])
      var offset = 0
      for payload in payloads {
        let header = offset == 0 ? 140 : 8
        #expect(payload.bytes[1..<4].reduce(0) { $0 << 8 | Int($1) } == offset)
        offset += payload.bytes.count - header
      }
    }
  }

  @Test func `restart intervals are told in every packet`() throws {
    var packetizer = packetizer(.jpeg)
    let frame = try payloadVector("jpeg-422-restart-gstreamer.frames")[0]
    for payload in try packetize(frame, &packetizer) { #expect(payload.bytes[8..<12] == [0, 4, 0xFF, 0xFF]) }
  }

  @Test func `tables of Q 128 to 254 are remembered, those of 255 are not`() throws {
    var assembler = FrameAssembler(format: .jpeg)
    let tables = [0, 0, 0, 128] + Self.ramp + Self.flat
    func frame(_ q: UInt8, _ tables: [UInt8]) throws -> JPEGParts? {
      let payload = Payload(bytes: Self.header(0, q: q) + tables + [1, 2, 3], marker: true)
      return try assemble([payload], &assembler, .jpeg)[0].flatMap { JPEGParts($0.bytes) }
    }
    #expect(try frame(200, [0, 0, 0, 0]) == nil)
    #expect(try frame(200, tables)?.tables == [Self.ramp, Self.flat, Self.flat])
    #expect(try frame(200, [0, 0, 0, 0])?.tables == [Self.ramp, Self.flat, Self.flat])
    #expect(try frame(201, [0, 0, 0, 0]) == nil)
    #expect(try frame(50, [])?.tables[0]?.first == 16)
    #expect(try frame(255, [0, 0, 0, 128] + Self.flat + Self.ramp)?.tables == [Self.flat, Self.ramp, Self.ramp])
    #expect(try frame(200, [0, 0, 0, 0]) == nil)
    #expect(inspect(Self.header(0, q: 255) + [0, 0, 0, 0, 1], .jpeg) == nil)
  }

  @Test func `tables of 16 bits come through, as an extended file`() throws {
    let wide = (1...64).flatMap { [UInt8(1), UInt8($0)] }
    let one = try #require(try frame(Self.header(0, q: 255) + [0, 1, 0, 192] + wide + Self.flat + [1, 2, 3]))
    #expect(JPEGParts(one)?.tables == [wide, Self.flat, Self.flat])
    #expect(one.contains([0xFF, 0xC1, 0, 17]) && !one.contains([0xFF, 0xC0, 0, 17]))
    let both = try #require(try frame(Self.header(0, q: 255) + [0, 3, 1, 0] + wide + wide + [1, 2, 3]))
    #expect(JPEGParts(both)?.tables == [wide, wide, wide])
    var packetizer = packetizer(.jpeg)
    for file in [one, both] {
      let again = try assemble(packetize(file, &packetizer), .jpeg)
      #expect(again.first??.bytes == file)
    }
  }

  @Test func `one table for all components is taken`() throws {
    #expect(try parts(Self.header(0, q: 255) + [0, 0, 0, 64] + Self.ramp + [1, 2, 3])?.tables == [Self.ramp, Self.ramp, Self.ramp])
  }

  @Test(arguments: [
    [], [0], Array(header(0).dropLast()), header(0), header(5), header(0, type: 2) + [1], header(0, type: 66) + [1],
    header(0, type: 128) + [1], header(0, q: 0) + [1], header(0, q: 100) + [1], header(0, q: 127) + [1],
    // Interlaced.
    [1] + header(0).dropFirst() + [1], [3] + header(0).dropFirst() + [1],
    // No width, no height.
    header(0).dropLast(2) + [0, 22, 1], header(0).dropLast() + [0, 1],
    // A restart interval of zero, or cut short.
    header(0, type: 65) + [0, 0, 0xFF, 0xFF, 1], header(0, type: 65) + [0, 4, 0xFF],
    // Tables that are longer than the packet, or of no size that tables have.
    header(0, q: 255) + [0, 0, 0, 128] + ramp + flat, header(0, q: 255) + [0, 0, 0, 130] + ramp + flat + [1],
    header(0, q: 255) + [0, 0, 0, 63] + ramp + flat, header(0, q: 255) + [0, 1, 0, 64] + ramp + flat, header(0, q: 255) + [0, 0],
    header(0, q: 255) + [0, 2, 0, 128] + ramp + flat + [1],
    // Beyond 2^24.
    header(0xFF_FFFF) + [1, 2],
  ] as [[UInt8]])
  func `malformed payloads are refused`(_ payload: [UInt8]) {
    #expect(inspect(payload, .jpeg) == nil)
    #expect(append(payload) == false)
  }

  @Test func `fragments must follow each other and agree`() throws {
    let first = Payload(bytes: Self.header(0) + [1, 2, 3], marker: false)
    func result(_ next: [UInt8]) throws -> [UInt8]? {
      try assemble([first, Payload(bytes: next, marker: true)], .jpeg)[0].flatMap { JPEGParts($0.bytes)?.scan }
    }
    #expect(try result(Self.header(3) + [4]) == [1, 2, 3, 4])
    #expect(try result(Self.header(2) + [4]) == nil)
    #expect(try result(Self.header(4) + [4]) == nil)
    #expect(try result(Self.header(0) + [4]) == nil)
    #expect(try result(Self.header(3, type: 0) + [4]) == nil)
    #expect(try result(Self.header(3, q: 51) + [4]) == nil)
    #expect(try result(Self.header(3, type: 65) + [0, 1, 0xFF, 0xFF, 4]) == nil)
    #expect(try result(Self.header(3).dropLast() + [23, 4]) == nil)
    #expect(try assemble([Payload(bytes: Self.header(3) + [1], marker: true)], .jpeg) == [nil])
  }

  @Test func `EOI is added where the sender left it out`() throws {
    let without = try #require(try frame(Self.header(0) + [1, 2, 3]))
    let with = try #require(try frame(Self.header(0) + [1, 2, 3, 0xFF, 0xD9]))
    #expect(with == without && without.suffix(5) == [1, 2, 3, 0xFF, 0xD9])
  }

  @Test func `what RFC 2435 cannot carry is refused with a reason`() throws {
    var packetizer = packetizer(.jpeg)
    for frame in try payloadVector("jpeg-refused.frames") { #expect(frameError(frame, &packetizer) == .unsupported) }
    let good = try payloadVector("jpeg-420-gstreamer.frames")[0]
    let sof = try #require(good.indices.first { good[$0...].starts(with: [0xFF, 0xC0, 0, 17]) })
    func changed(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
      var frame = good
      frame.replaceSubrange((sof + offset)..<(sof + offset + bytes.count), with: bytes)
      return frame
    }
    #expect(frameError(good, &packetizer) == nil)
    #expect(frameError(changed(5, [7, 0xF8]), &packetizer) == nil)
    #expect(frameError(changed(5, [7, 0xF9]), &packetizer) == .dimensionsTooLarge)
    #expect(frameError(changed(7, [7, 0xF9]), &packetizer) == .dimensionsTooLarge)
    #expect(frameError(changed(5, [0, 0]), &packetizer) == .unsupported)
    #expect(frameError(changed(7, [0, 0]), &packetizer) == .malformed)
    // 4:2:2 as ffmpeg samples it, whose blocks are in another order.
    #expect(frameError(changed(10, [1, 0x22, 0, 2, 0x12, 1, 3, 0x12, 1]), &packetizer) == .unsupported)
    #expect(frameError(changed(4, [12]), &packetizer) == .unsupported)
    // Chrominance of two tables.
    #expect(frameError(changed(10, [1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 0]), &packetizer) == .unsupported)
    #expect(frameError(changed(10, [1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 2]), &packetizer) == .malformed)
    #expect(frameError([], &packetizer) == .empty)
    #expect(frameError([0xFF, 0xD8, 0xFF, 0xD9], &packetizer) == .malformed)
    #expect(frameError(good.dropLast(), &packetizer) == .malformed)
    for limit in [-3, 0, 8] { #expect(frameError(good, &packetizer, limit: limit) == .tooLarge) }
    let custom = try payloadVector("jpeg-420-ffmpeg.frames")[0]
    #expect(frameError(custom, &packetizer, limit: 140) == .tooLarge)
    #expect(frameError(custom, &packetizer, limit: 141) == nil)
  }

  @Test func `bytes behind the picture are left out, files without Huffman tables are taken`() throws {
    var packetizer = packetizer(.jpeg)
    let good = try payloadVector("jpeg-420-gstreamer.frames")[0]
    let plain = try assemble(packetize(good, &packetizer), .jpeg)
    #expect(try assemble(packetize(good + [1, 2, 3], &packetizer), .jpeg) == plain)
    var bare = good
    while let dht = bare.indices.first(where: { bare[$0...].starts(with: [0xFF, 0xC4]) }) {
      bare.removeSubrange(dht..<(dht + 2 + Int(bare[dht + 2]) << 8 + Int(bare[dht + 3])))
    }
    #expect(bare.count < good.count)
    #expect(try assemble(packetize(bare, &packetizer), .jpeg) == plain)
  }

  func frame(_ payload: [UInt8]) throws -> [UInt8]? {
    try assemble([Payload(bytes: payload, marker: true)], .jpeg)[0]?.bytes
  }

  func parts(_ payload: [UInt8]) throws -> JPEGParts? { try self.frame(payload).flatMap { JPEGParts($0) } }
}

private func append(_ payload: [UInt8]) -> Bool {
  var assembler = FrameAssembler(format: .jpeg)
  assembler.begin()
  var buffer = [UInt8](repeating: 0, count: 2000)
  var writer = SpanWriter(buffer.mutableSpan)
  return assembler.append(payload.span, marker: true, into: &writer)
}
