import Bytes
import STUN
import Time
import WebRTC

/// A STUN server that tells clients the addresses that it sees (RFC 8489 section 6.3.1, Binding without credentials).
///
/// A machine without I/O, like the engine's: it remembers whom it owes an answer, and writes that when it is asked to.
public struct STUNServer: Sendable {
  /// Answers owed at one time; what comes beyond is dropped, as on a busy server.
  public static let maximumPending = 64

  private struct Pending: Sendable {
    var id: TransactionID
    var client: TransportAddress
    var server: TransportAddress
    var unknown: UnknownAttributes
  }

  private var pending: [Pending] = []
  public private(set) var answered: UInt64 = 0
  /// Datagrams that are no Binding request, or a damaged one.
  public private(set) var ignored: UInt64 = 0

  public init() {}

  public mutating func receive(_ datagram: Span<UInt8>, from client: TransportAddress, to server: TransportAddress) {
    guard let request = try? Message(parsing: datagram), request.type == .bindingRequest,
      let fields = try? request.fields(), self.pending.count < Self.maximumPending,
      fields.fingerprint.map({ request.isFingerprintValid(at: $0) }) ?? true
    else {
      self.ignored &+= 1
      return
    }
    self.pending.append(
      Pending(id: request.transactionID, client: client, server: server, unknown: fields.unknown))
  }

  /// Writes the next answer; `writer` needs 100 bytes of room.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Transmit? {
    guard !self.pending.isEmpty else { return nil }
    let answer = self.pending.removeFirst()
    let start: Int
    if answer.unknown.isEmpty {
      start = writer.beginMessage(.bindingSuccess, answer.id)
      writer.writeXorMappedAddress(answer.client, answer.id)
    } else {
      start = writer.beginMessage(.bindingError, answer.id)
      writer.writeErrorCode(420)
      writer.writeUnknownAttributes(answer.unknown)
    }
    writer.finishMessage(at: start)
    self.answered &+= 1
    return Transmit(source: answer.server, destination: answer.client)
  }
}
