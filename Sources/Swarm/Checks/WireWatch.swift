import Bytes

/// Watches what one peer puts on the wire: what no key may be used with twice.
struct WireWatch {
  /// The next record number of each epoch.
  private var records: [(epoch: UInt16, next: UInt64)] = []
  private var media: [MediaStream] = []
  private(set) var datagrams = 0
  private(set) var bytes = 0

  private struct MediaStream {
    var ssrc: UInt32
    var highest: Int64
    /// Hashes of the latest packets, by the low bits of their index.
    var recent = [(index: Int64, hash: UInt64)](repeating: (-1, 0), count: 256)
    var controlIndex: Int64 = -1
  }

  /// `tagLength`: what follows the SRTCP index.
  mutating func transmit(_ datagram: Span<UInt8>, controlTag: Int) -> Violation? {
    self.datagrams += 1
    self.bytes += datagram.count
    guard datagram.count > 0 else { return Violation(.stateImpossible, "an empty datagram") }
    switch datagram[0] {
    case 20...63: return self.watchRecords(datagram)
    case 128...191: return self.watchMedia(datagram, controlTag: controlTag)
    default: return nil
    }
  }

  private mutating func watchRecords(_ datagram: Span<UInt8>) -> Violation? {
    var offset = 0
    while offset + 13 <= datagram.count {
      let epoch = UInt16(datagram[offset + 3]) << 8 | UInt16(datagram[offset + 4])
      var number: UInt64 = 0
      for i in 5..<11 { number = number << 8 | UInt64(datagram[offset + i]) }
      let length = Int(datagram[offset + 11]) << 8 | Int(datagram[offset + 12])
      if let i = self.records.firstIndex(where: { $0.epoch == epoch }) {
        guard number >= self.records[i].next else {
          return Violation(.recordNumberTwice, "epoch \(epoch), record \(number) after \(self.records[i].next - 1)")
        }
        self.records[i].next = number + 1
      } else {
        self.records.append((epoch, number + 1))
      }
      offset += 13 + length
    }
    return offset == datagram.count ? nil : Violation(.stateImpossible, "a record that its datagram does not hold")
  }

  private mutating func watchMedia(_ datagram: Span<UInt8>, controlTag: Int) -> Violation? {
    guard datagram.count >= 12 else { return Violation(.stateImpossible, "a media packet of \(datagram.count) bytes") }
    let isControl = datagram[1] >= 192 && datagram[1] <= 223
    let ssrc = word(datagram, isControl ? 4 : 8)
    let slot: Int
    if let known = self.media.firstIndex(where: { $0.ssrc == ssrc }) {
      slot = known
    } else {
      self.media.append(MediaStream(ssrc: ssrc, highest: -1))
      slot = self.media.count - 1
    }
    if isControl {
      let index = Int64(word(datagram, datagram.count - controlTag - 4) & 0x7fff_ffff)
      guard index > self.media[slot].controlIndex else {
        return Violation(.controlIndexTwice, "SSRC \(ssrc), SRTCP index \(index) after \(self.media[slot].controlIndex)")
      }
      self.media[slot].controlIndex = index
      return nil
    }
    let sequence = Int64(datagram[2]) << 8 | Int64(datagram[3])
    let highest = self.media[slot].highest
    var index = sequence
    if highest >= 0 {
      index = highest & ~0xffff | sequence
      if index + 0x8000 < highest { index += 0x10000 } else if index > highest + 0x8000, index >= 0x10000 { index -= 0x10000 }
    }
    self.media[slot].highest = max(highest, index)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for i in 0..<datagram.count { hash = (hash ^ UInt64(datagram[i])) &* 0x100_0000_01b3 }
    let place = Int(index & 255)
    let kept = self.media[slot].recent[place]
    if kept.index == index, kept.hash != hash {
      return Violation(.mediaIndexTwice, "SSRC \(ssrc), index \(index) with other bytes")
    }
    if kept.index > index { return nil }
    self.media[slot].recent[place] = (index, hash)
    return nil
  }
}

private func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
  UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8 | UInt32(bytes[offset + 3])
}
