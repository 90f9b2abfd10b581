import Bytes
import STUN
import Testing
import WebRTC

@testable import SessionViews

@Suite struct PacketCaptureTests {
  struct Block {
    var type: UInt32
    var body: [UInt8]
  }

  static func little(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  /// Fails where the lengths do not lead from block to block.
  static func blocks(_ file: [UInt8]) throws -> [Block] {
    var blocks: [Block] = []
    var offset = 0
    while offset < file.count {
      try #require(file.count - offset >= 12)
      let length = Int(Self.little(file, offset + 4, 4))
      try #require(length % 4 == 0 && length >= 12 && length <= file.count - offset)
      try #require(Self.little(file, offset + length - 4, 4) == UInt64(length))
      blocks.append(Block(type: UInt32(Self.little(file, offset, 4)), body: Array(file[offset + 8..<offset + length - 4])))
      offset += length
    }
    return blocks
  }

  static func packets(_ blocks: [Block], of interface: UInt64) -> [[UInt8]] {
    blocks.filter { $0.type == 6 && Self.little($0.body, 0, 4) == interface }.map { block in
      Array(block.body[20..<20 + Int(Self.little(block.body, 12, 4))])
    }
  }

  @Test(arguments: sessionNames)
  func `the secrets come before the interfaces, and those before their packets`(name: String) throws {
    let session = try session(name)
    let blocks = try Self.blocks(PacketCapture([session]).encoded())
    #expect(blocks.prefix(5).map(\.type) == [0x0A0D_0D0A, 0x0A, 1, 1, 1])
    #expect(blocks.dropFirst(5).allSatisfy { $0.type == 6 })
    let secrets = try #require(session.secrets)
    let size = Int(Self.little(blocks[1].body, 4, 4))
    #expect(Self.little(blocks[1].body, 0, 4) == 0x544C_534B)
    #expect(
      String(decoding: blocks[1].body[8..<8 + size], as: UTF8.self)
        == "CLIENT_RANDOM \(hex(secrets.clientRandom)) \(hex(secrets.masterSecret))\n")
    #expect(blocks[2...4].map { Self.little($0.body, 0, 2) } == [101, 101, 252])
    let times = blocks.dropFirst(5).map { Self.little($0.body, 4, 4) << 32 | Self.little($0.body, 8, 4) }
    #expect(times == times.sorted())
    #expect(times.first.map { $0 >= session.start.nanoseconds } ?? false)
  }

  @Test(arguments: sessionNames)
  func `each datagram is there as it was, in IP and UDP with right checksums`(name: String) throws {
    let session = try session(name)
    let packets = Self.packets(try Self.blocks(PacketCapture([session]).encoded()), of: 0)
    var datagrams: [[UInt8]] = []
    for item in session.items { if case .datagram(let range, _, _, _) = item.what { datagrams.append(Array(session.bytes[range])) } }
    #expect(packets.count == datagrams.count && !packets.isEmpty)
    for (packet, datagram) in zip(packets, datagrams) {
      #expect(packet[0] == 0x45 && internetChecksum(Array(packet[0..<20])) == 0)
      let pseudo = Array(packet[12..<20]) + [0, 17] + packet[24..<26]
      #expect(internetChecksum(pseudo + packet[20...]) == 0)
      #expect(Array(packet[28...]) == datagram)
    }
  }

  @Test func `decrypted SCTP stands in IP with protocol 132 and a right checksum`() throws {
    for name in sessionNames {
      let packets = Self.packets(try Self.blocks(PacketCapture([try session(name)]).encoded()), of: 1)
      #expect(packets.count >= 6)
      for packet in packets {
        #expect(packet[9] == 132 && internetChecksum(Array(packet[0..<20])) == 0)
        var sctp = Array(packet[20...])
        let found = Self.little(sctp, 8, 4)
        sctp.replaceSubrange(8..<12, with: [0, 0, 0, 0])
        #expect(found == UInt64(CRC32C.checksum(sctp.span)))
      }
    }
  }

  @Test func `decrypted media name their protocol`() throws {
    let packets = Self.packets(try Self.blocks(PacketCapture([try session("chromium-media")]).encoded()), of: 2)
    #expect(packets.count > 20)
    let names = Set(packets.map { String(decoding: $0[4..<8].prefix { $0 != 0 }, as: UTF8.self) })
    #expect(names == ["rtp", "rtcp"])
  }

  @Test func `peers of one session have interfaces of their own`() throws {
    let call = try #require(lossyCall)
    let sessions = [
      try RecordedSession(name: "one", recording: call.offerer), try RecordedSession(name: "two", recording: call.answerer),
    ]
    let blocks = try Self.blocks(PacketCapture(sessions).encoded())
    #expect(blocks.filter { $0.type == 10 }.count == 2)
    #expect(blocks.filter { $0.type == 1 }.count == 6)
    for interface in 0...5 as ClosedRange<UInt64> { #expect(!Self.packets(blocks, of: interface).isEmpty) }
  }

  @Test func `IPv6 goes in IPv6, and mixed families too`() {
    let v6 = TransportAddress(ip: IPAddress(high: 0x2001_0db8_0000_0000, low: 1), port: 7)
    let v4 = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 9)
    for (source, destination) in [(v6, v6), (v6, v4), (v4, v6)] {
      let packet = udpPacket([1, 2, 3], from: source, to: destination)
      #expect(packet[0] >> 4 == 6 && packet[6] == 17 && packet.count == 40 + 11)
      let pseudo = Array(packet[8..<40]) + [0, 0, 0, 11, 0, 0, 0, 17]
      #expect(internetChecksum(pseudo + packet[40...]) == 0)
    }
  }

  @Test func `a checksum that comes out as zero is sent as ones, and what no IP packet holds is cut`() {
    let address = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 9)
    var found = false
    for value in 0...UInt16.max {
      let packet = udpPacket([UInt8(value >> 8), UInt8(value & 0xFF)], from: address, to: address)
      #expect(packet[26] != 0 || packet[27] != 0)
      found = found || packet[26] == 0xFF && packet[27] == 0xFF
    }
    #expect(found)
    let long = udpPacket([UInt8](repeating: 1, count: 100_000), from: address, to: address)
    #expect(long.count <= 65_535 && Int(long[2]) << 8 | Int(long[3]) == long.count)
  }
}
