import Bytes
import Time

extension Connection {
  /// Writes one datagram of handshake messages or alerts at `writer.count`, of at most `maximumTransmissionUnit` bytes; false
  /// when there is none. Poll before sealing application data, which a peer cannot read before the handshake's last flight.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Bool {
    if !self.flight.isWritten {
      let narrow = self.flightTimeouts > 2 ? 548 : Int.max
      let limit = min(self.configuration.maximumTransmissionUnit, narrow)
      return self.flight.writeDatagram(into: &writer, limit: limit, records: &self.records)
    }
    guard let pending = self.pendingAlert else { return false }
    return self.writeAlert(pending, into: &writer)
  }

  private mutating func writeAlert(_ pending: PendingAlert, into writer: inout SpanWriter) -> Bool {
    guard writer.remaining >= Connection.recordHeadroom &+ 2 &+ Connection.recordTailroom else { return false }
    self.pendingAlert = nil
    let start = writer.count
    guard self.records.canProtect else {
      self.records.writeClear(.alert, length: 2, into: &writer)
      writer.write(UInt8(pending.isFatal ? 2 : 1))
      writer.write(pending.alert.rawValue)
      return true
    }
    writer.skip(self.records.protectedHeadroom)
    let plaintext = writer.count..<(writer.count &+ 2)
    writer.write(UInt8(pending.isFatal ? 2 : 1))
    writer.write(pending.alert.rawValue)
    writer.skip(Connection.recordTailroom)
    var buffer = writer.mutableBytes(in: 0..<writer.count)
    guard (try? self.records.seal(&buffer, plaintext: plaintext, type: .alert)) != nil else {
      writer.rewind(to: start)
      return false
    }
    return true
  }

  /// What happened, oldest first, until nil.
  public mutating func pollEvent() -> Event? {
    if self.pendingConnected {
      self.pendingConnected = false
      return .connected(srtpProfile: self.negotiated.srtpProfile)
    }
    defer { self.pendingEnd = nil }
    return self.pendingEnd
  }
}
