import Bytes
import RTP
import Testing

@Suite struct PayloadVP8Tests {
  static func key(_ size: Int) -> [UInt8] {
    [0x10, 2, 0, 0x9d, 0x01, 0x2a, 0x40, 0x41, 0xb4, 0xc0] + (10..<size).map { UInt8(truncatingIfNeeded: $0) }
  }
  static func delta(_ size: Int) -> [UInt8] { [0x11, 2, 0] + (3..<size).map { UInt8(truncatingIfNeeded: $0) } }

  @Test(arguments: [
    ([0x10, 1] as [UInt8], 1, nil, nil, nil, nil), ([0x90, 0x80, 0x11, 1], 3, 0x11, nil, nil, nil),
    ([0x90, 0x80, 0x92, 0x34, 1], 4, 0x1234, nil, nil, nil), ([0x90, 0xf0, 0x92, 0x34, 7, 0xa5, 1], 6, 0x1234, 7, 2, 5),
    ([0x90, 0x40, 9, 1], 3, nil, 9, nil, nil), ([0x90, 0x20, 0x40, 1], 3, nil, nil, 1, nil),
    ([0x90, 0x10, 0x43, 1], 3, nil, nil, nil, 3), ([0x80, 0x00, 1], 2, nil, nil, nil, nil),
  ] as [([UInt8], Int, UInt16?, UInt8?, UInt8?, UInt8?)])
  func `descriptors of every form are read`(
    _ payload: [UInt8], _ size: Int, _ picture: UInt16?, _ tl0: UInt8?, _ layer: UInt8?, _ key: UInt8?
  ) throws {
    let read = try #require(descriptor(payload))
    #expect(read.size == size && read.pictureID == picture && read.temporalLevelZeroIndex == tl0)
    #expect(read.temporalLayer == layer && read.keyIndex == key)
    for count in 0...size { #expect(inspect(Array(payload.prefix(count)), .vp8) == nil) }
  }

  @Test func `flags of the descriptor are told apart`() throws {
    let first = try #require(descriptor([0xb0, 0x20, 0x60, 1]))
    #expect(first.isNonReference && first.startsPartition && first.startsFrame && first.isLayerSync && first.temporalLayer == 1)
    let second = try #require(descriptor([0x13, 1]))
    #expect(!second.isNonReference && second.startsPartition && !second.startsFrame && second.partition == 3)
  }

  @Test func `a frame begins where partition 0 does`() {
    #expect(inspect([0x10, 0x10, 0], .vp8)?.start == .yes && inspect([0x10, 0x10, 0], .vp8)?.isKeyFrame == true)
    #expect(inspect([0x10, 0x11, 0], .vp8)?.isKeyFrame == false)
    #expect(inspect([0x00, 0x10, 0], .vp8)?.start == .no && inspect([0x00, 0x10, 0], .vp8)?.isKeyFrame == false)
    #expect(inspect([0x11, 0x10, 0], .vp8)?.start == .no)
    #expect(inspect([0x10, 0x10, 0], marker: true, .vp8)?.endsFrame == true)
  }

  @Test func `picture ids of 15 bits count the frames and wrap`() throws {
    var packetizer = packetizer(.vp8, seed: 9)
    var ids: [UInt16] = []
    for i in 0..<3 {
      let payloads = try packetize(i == 0 ? Self.key(3000) : Self.delta(1500), &packetizer, limit: 1200)
      let parts = try payloads.map { try #require(descriptor($0.bytes)) }
      #expect(parts.map(\.startsFrame) == [true] + [Bool](repeating: false, count: parts.count - 1))
      #expect(payloads.map(\.marker) == [Bool](repeating: false, count: parts.count - 1) + [true])
      let same = Set(parts.map(\.pictureID))
      #expect(same.count == 1 && parts.allSatisfy(\.hasLongPictureID))
      ids.append(try #require(parts[0].pictureID))
    }
    #expect(ids[1] == (ids[0] + 1) & 0x7FFF && ids[2] == (ids[0] + 2) & 0x7FFF)
    for _ in 0..<0x8000 { _ = try packetizer.begin(Self.delta(10).span, maximumPayloadSize: 1200) }
    let again = try #require(descriptor(packetize(Self.delta(10), &packetizer)[0].bytes))
    #expect(again.pictureID == (ids[2] + 1) & 0x7FFF)
  }

  @Test(arguments: [5, 6, 100, 1200])
  func `frames survive packetizing and assembling`(_ limit: Int) throws {
    var packetizer = packetizer(.vp8)
    for frame in [Self.key(10), Self.key(11), Self.delta(3), Self.delta(1196), Self.delta(1197), Self.key(2392), Self.delta(2393)] {
      let payloads = try packetize(frame, &packetizer, limit: limit)
      let longest = payloads.map(\.bytes.count).max() ?? 0
      #expect(longest <= limit)
      let frames = try assemble(payloads, .vp8)
      #expect(frames.first??.bytes == frame)
      if frame[0] & 1 == 0 { #expect(frames.first??.facts == FrameFacts(isKeyFrame: true, width: 320, height: 180)) }
    }
  }

  @Test func `payloads of two frames, or without a beginning, make none`() throws {
    let whole = Self.delta(20)
    let start = [0x90, 0x80, 5] + whole[0..<10]
    let rest = whole[10...]
    #expect(try assemble([Payload(bytes: start, marker: false), Payload(bytes: [0x80, 0x80, 5] + rest, marker: true)], .vp8)
      .first??.bytes == whole)
    #expect(try assemble([Payload(bytes: start, marker: false), Payload(bytes: [0x80, 0x80, 6] + rest, marker: true)], .vp8) == [nil])
    #expect(try assemble([Payload(bytes: start, marker: false), Payload(bytes: [0x90, 0x80, 5] + rest, marker: true)], .vp8) == [nil])
    #expect(try assemble([Payload(bytes: [0x80, 0x80, 5] + rest, marker: true)], .vp8) == [nil])
  }

  @Test func `a key frame without its start code or cut short is none`() throws {
    #expect(try assemble([Payload(bytes: [0x10] + Self.key(10), marker: true)], .vp8).first??.facts.width == 320)
    #expect(try assemble([Payload(bytes: [0x10] + Self.key(10).dropLast(), marker: true)], .vp8) == [nil])
    #expect(try assemble([Payload(bytes: [0x10, 0x10, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], marker: true)], .vp8) == [nil])
    #expect(try assemble([Payload(bytes: [0x10, 0x11, 2], marker: true)], .vp8) == [nil])
  }

  @Test func `frames that are none, and limits without room, are refused`() {
    var packetizer = packetizer(.vp8)
    #expect(frameError([], &packetizer) == .empty)
    #expect(frameError([0x11, 2], &packetizer) == .malformed)
    #expect(frameError(Self.key(10).dropLast(), &packetizer) == .malformed)
    #expect(frameError([0x10, 2, 0, 0x9d, 0x01, 0x2b, 0, 0, 0, 0], &packetizer) == .malformed)
    for limit in [-1, 0, 4] { #expect(frameError(Self.key(10), &packetizer, limit: limit) == .tooLarge) }
  }
}

private func descriptor(_ payload: [UInt8]) -> VP8Descriptor? { VP8Descriptor(payload.span) }
