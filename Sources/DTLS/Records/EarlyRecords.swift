import Bytes

/// Records of epoch 1 that came before they could be read or were allowed to be, whole and encrypted, in the order of
/// their arrival, within a bound.
struct EarlyRecords: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var isEmpty: Bool { self.start == self.bytes.count }

  /// False where there is no room.
  mutating func keep(_ record: Span<UInt8>) -> Bool {
    guard record.count <= self.limit &- (self.bytes.count &- self.start) else { return false }
    for i in record.indices { self.bytes.append(record[i]) }
    return true
  }

  /// The oldest record, which is forgotten.
  mutating func removeFirst() -> [UInt8]? {
    guard !self.isEmpty, let header = try? RecordHeader(parsing: self.bytes.span, at: self.start) else {
      self = EarlyRecords(limit: self.limit)
      return nil
    }
    let end = self.start &+ RecordHeader.length &+ header.length
    let record = arrayCopy(self.bytes.span.extracting(self.start..<end))
    self.start = end
    return record
  }

  /// Takes out the handshake records, leaving the rest in order.
  mutating func removeHandshakeRecords() -> [[UInt8]] {
    var taken: [[UInt8]] = []
    var kept = EarlyRecords(limit: self.limit)
    while let record = self.removeFirst() {
      if record[0] == ContentType.handshake.rawValue {
        taken.append(record)
      } else {
        _ = kept.keep(record.span)
      }
    }
    self = kept
    return taken
  }
}
