import Bytes
import SCTP
import Time

/// The Data Channel Establishment Protocol (RFC 8832 section 5).
/// ```
/// DATA_CHANNEL_OPEN
/// +---------------+---------------+-------------------------------+
/// | Message Type 3|  Channel Type |            Priority           |
/// +---------------+---------------+-------------------------------+
/// |                     Reliability Parameter                     |
/// +-------------------------------+-------------------------------+
/// |         Label Length          |       Protocol Length         |
/// +-------------------------------+-------------------------------+
/// \                             Label                             \
/// +---------------------------------------------------------------+
/// \                            Protocol                           \
/// +---------------------------------------------------------------+
/// ```
/// DATA_CHANNEL_ACK is the one byte 2.
enum ControlMessage {
  static let open: UInt8 = 3
  static let acknowledgement: UInt8 = 2
  static let openHeaderSize = 12
}

/// A DATA_CHANNEL_OPEN.
struct OpenMessage: ~Escapable {
  /// Channel types; the high bit means unordered.
  private static let reliable: UInt8 = 0
  private static let limitedRetransmits: UInt8 = 1
  private static let limitedLifetime: UInt8 = 2
  private static let unordered: UInt8 = 0x80

  let isOrdered: Bool
  let reliability: Association.Reliability
  let priority: UInt16
  let label: Span<UInt8>
  let subprotocol: Span<UInt8>

  @_lifetime(copy message)
  init(parsing message: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(message)
    guard try cursor.read(UInt8.self) == ControlMessage.open else { throw .malformed }
    let type: UInt8 = try cursor.read()
    self.priority = try cursor.read()
    let parameter: UInt32 = try cursor.read()
    let labelSize: UInt16 = try cursor.read()
    let subprotocolSize: UInt16 = try cursor.read()
    self.label = try cursor.readBytes(Int(labelSize))
    self.subprotocol = try cursor.readBytes(Int(subprotocolSize))
    guard cursor.isAtEnd else { throw .malformed }
    self.isOrdered = type & Self.unordered == 0
    switch type & ~Self.unordered {
    // The parameter of a reliable channel is to be ignored (section 5.1).
    case Self.reliable: self.reliability = .reliable
    case Self.limitedRetransmits: self.reliability = .maxRetransmits(UInt16(min(parameter, 0xFFFF)))
    case Self.limitedLifetime: self.reliability = .maxLifetime(.milliseconds(parameter))
    default: throw .malformed
    }
  }

  static func encode(
    ordered: Bool, reliability: Association.Reliability, priority: UInt16, label: [UInt8], subprotocol: [UInt8]
  ) -> [UInt8] {
    var message = [UInt8](repeating: 0, count: ControlMessage.openHeaderSize &+ label.count &+ subprotocol.count)
    var writer = SpanWriter(message.mutableSpan)
    var type = ordered ? 0 : Self.unordered
    var parameter: UInt32 = 0
    switch reliability {
    case .reliable: type |= Self.reliable
    case .maxRetransmits(let count):
      type |= Self.limitedRetransmits
      parameter = UInt32(count)
    case .maxLifetime(let lifetime):
      type |= Self.limitedLifetime
      parameter = UInt32(truncatingIfNeeded: min(lifetime.nanoseconds / 1_000_000, UInt64(UInt32.max)))
    }
    writer.write(ControlMessage.open)
    writer.write(type)
    writer.write(priority)
    writer.write(parameter)
    writer.write(UInt16(truncatingIfNeeded: label.count))
    writer.write(UInt16(truncatingIfNeeded: subprotocol.count))
    writer.write(label)
    writer.write(subprotocol)
    return message
  }
}

/// Payload protocol identifiers (RFC 8831 section 8).
enum PayloadProtocol {
  static let control: UInt32 = 50
  static let string: UInt32 = 51
  static let binary: UInt32 = 53
  static let emptyString: UInt32 = 56
  static let emptyBinary: UInt32 = 57

  /// Nil for what is no whole user message: the control protocol, the deprecated parts (52, 54), the unknown.
  static func kind(of identifier: UInt32) -> DataChannels.Kind? {
    switch identifier {
    case Self.string, Self.emptyString: .string
    case Self.binary, Self.emptyBinary: .binary
    default: nil
    }
  }

  static func isEmpty(_ identifier: UInt32) -> Bool { identifier == Self.emptyString || identifier == Self.emptyBinary }

  static func identifier(of kind: DataChannels.Kind, isEmpty: Bool) -> UInt32 {
    switch kind {
    case .string: isEmpty ? Self.emptyString : Self.string
    case .binary: isEmpty ? Self.emptyBinary : Self.binary
    }
  }
}
