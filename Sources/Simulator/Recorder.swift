import Bytes
import STUN
import Time

/// Writes records (see `RecordingFormat`) into memory; the host takes the bytes from there to a file.
struct Recorder: Sendable {
  private(set) var bytes: [UInt8] = []
  private var last = Instant.zero

  init(now: Instant) {
    self.last = now
    var i = 0
    while i < RecordingFormat.magic.utf8CodeUnitCount {
      self.bytes.append(unsafe RecordingFormat.magic.utf8Start[i])
      i &+= 1
    }
    self.bytes.append(RecordingFormat.version)
    self.bytes.append(0)
    // The origin of the session's clock, on which every later record counts.
    self.append64(now.nanoseconds)
  }

  mutating func removeAll() { self.bytes.removeAll(keepingCapacity: true) }

  /// A record whose body is a run of bytes.
  mutating func record(_ kind: RecordingFormat.Kind, at now: Instant? = nil, _ body: Span<UInt8>) {
    self.begin(kind, at: now, size: body.count)
    self.append(body)
  }

  mutating func record(_ kind: RecordingFormat.Kind, at now: Instant? = nil) {
    self.begin(kind, at: now, size: 0)
  }

  /// A record of a few numbers, then bytes.
  mutating func record(
    _ kind: RecordingFormat.Kind, at now: Instant? = nil, numbers: [UInt64], _ rest: Span<UInt8>
  ) {
    var body: [UInt8] = []
    for number in numbers { appendVarint(number, to: &body) }
    self.begin(kind, at: now, size: body.count &+ rest.count)
    self.bytes += body
    self.append(rest)
  }

  mutating func record(_ kind: RecordingFormat.Kind, at now: Instant? = nil, numbers: [UInt64]) {
    let nothing: [UInt8] = []
    self.record(kind, at: now, numbers: numbers, nothing.span)
  }

  mutating func record(
    _ kind: RecordingFormat.Kind, at now: Instant? = nil, path: (TransportAddress, TransportAddress),
    _ rest: Span<UInt8>
  ) {
    self.begin(kind, at: now, size: 2 &* 18 &+ rest.count)
    self.append(path.0)
    self.append(path.1)
    self.append(rest)
  }

  mutating func record(_ kind: RecordingFormat.Kind, at now: Instant, address: TransportAddress, number: UInt64 = 0) {
    var body: [UInt8] = []
    appendVarint(number, to: &body)
    self.begin(kind, at: now, size: 18 &+ body.count)
    self.append(address)
    self.bytes += body
  }

  private mutating func begin(_ kind: RecordingFormat.Kind, at now: Instant?, size: Int) {
    self.bytes.append(kind.rawValue)
    appendVarint(((now ?? self.last) - self.last).nanoseconds, to: &self.bytes)
    appendVarint(UInt64(size), to: &self.bytes)
    if let now, now > self.last { self.last = now }
  }

  private mutating func append(_ bytes: Span<UInt8>) {
    var i = 0
    while i < bytes.count {
      self.bytes.append(bytes[i])
      i &+= 1
    }
  }

  private mutating func append(_ address: TransportAddress) {
    var i = 0
    while i < 16 {
      self.bytes.append(address.ip[i])
      i &+= 1
    }
    self.bytes.append(UInt8(truncatingIfNeeded: address.port &>> 8))
    self.bytes.append(UInt8(truncatingIfNeeded: address.port))
  }

  private mutating func append64(_ value: UInt64) {
    for shift in 0..<8 { self.bytes.append(UInt8(truncatingIfNeeded: value &>> UInt64(56 &- 8 &* shift))) }
  }
}

/// LEB128: seven bits a byte, the lowest first.
func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
  var value = value
  while value >= 0x80 {
    bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
    value &>>= 7
  }
  bytes.append(UInt8(truncatingIfNeeded: value))
}

extension SpanCursor {
  mutating func readVarint() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let byte = try self.read(UInt8.self)
      value |= UInt64(byte & 0x7f) &<< shift
      if byte & 0x80 == 0 { return value }
      shift &+= 7
    }
    throw .malformed
  }

  mutating func readAddress() throws(WireError) -> TransportAddress {
    let high = try self.read(UInt64.self)
    let low = try self.read(UInt64.self)
    return TransportAddress(ip: IPAddress(high: high, low: low), port: try self.read(UInt16.self))
  }
}
