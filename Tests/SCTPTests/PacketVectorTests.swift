import Bytes
import Foundation
import Testing

@testable import SCTP

/// Packets of real sessions, their chunk types as tshark sees them.
private func packets(_ name: String) throws -> [(types: [UInt8], bytes: [UInt8])] {
  let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Vectors/sctp/\(name).txt")
  return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
    let fields = line.split(separator: " ")
    let digits = Array(fields[1])
    return (
      fields[0].split(separator: ",").compactMap { UInt8($0) },
      stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    )
  }
}

/// Reads a chunk as what it is; whether its type is known.
private func read(_ chunk: borrowing Chunk) throws(WireError) -> Bool {
  switch chunk.type {
  case ChunkType.data: _ = try DataChunk(parsing: chunk)
  case ChunkType.initiation, ChunkType.initiationAck: _ = try InitChunk(parsing: chunk)
  case ChunkType.sack: _ = try SackChunk(parsing: chunk)
  case ChunkType.forwardTSN: _ = try ForwardTSNChunk(parsing: chunk)
  default: return false
  }
  return true
}

@Test(arguments: ["chromium", "chromium-media", "firefox", "aiortc"])
func `packets of real sessions are read as tshark reads them, and cut ones refused`(name: String) throws {
  let packets = try packets(name)
  #expect(packets.count >= 6)
  var known = 0
  for (types, bytes) in packets {
    let header = try PacketHeader(parsing: bytes.span)
    let checksum = PacketHeader.checksum(of: bytes.span)
    // Zero: by RFC 9653, where the peer said that DTLS protects the packet well enough.
    #expect(header.checksum == checksum || header.checksum == 0)
    var found: [UInt8] = []
    var cursor = SpanCursor(bytes.span)
    try cursor.skip(PacketHeader.size)
    while !cursor.isAtEnd {
      let chunk = try Chunk(parsing: &cursor)
      found.append(chunk.type)
      if try read(chunk) { known += 1 }
    }
    #expect(found == types)
    var changed = bytes
    changed[bytes.count - 1] ^= 1
    let other = PacketHeader.checksum(of: changed.span)
    #expect(other != checksum)
    #expect(throws: (any Error).self) { _ = try PacketHeader(parsing: bytes.span.extracting(0..<PacketHeader.size)) }
  }
  #expect(known >= 4)
}
