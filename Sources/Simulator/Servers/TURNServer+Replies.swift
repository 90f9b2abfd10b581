import Bytes
import Cryptography
import STUN
import Time
import WebRTC

/// Answers, and the nonce that refusals carry.
extension TURNServer {
  private static var maximumReply: Int { 512 }

  /// Answers with success; protected with the key of the user who asked, where one did.
  mutating func succeed(_ request: Request, _ body: (inout SpanWriter) -> Void) {
    self.reply(request, .success, body)
  }

  mutating func refuse(_ request: Request, _ code: UInt16, asksForCredentials: Bool = false, now: Instant = .zero) {
    self.statistics.refused &+= 1
    let nonce = self.nonce(for: request.client, expiry: now + self.configuration.nonceLifetime)
    let realm = self.configuration.realm
    self.reply(request, .error) { writer in
      writer.writeErrorCode(code)
      if code == 420 { writer.writeUnknownAttributes(request.fields.unknown) }
      guard asksForCredentials else { return }
      writer.writeAttribute(.realm, realm.span)
      writer.writeAttribute(.nonce, nonce.span)
    }
  }

  private mutating func reply(_ request: Request, _ kind: MessageClass, _ body: (inout SpanWriter) -> Void) {
    var buffer = [UInt8](repeating: 0, count: Self.maximumReply &+ self.configuration.realm.count)
    var writer = SpanWriter(buffer.mutableSpan)
    let start = writer.beginMessage(MessageType(kind, method: request.method), request.id)
    body(&writer)
    if let user = request.user {
      writer.finishMessage(at: start, key: self.keys[user].span)
    } else {
      writer.finishMessage(at: start)
    }
    guard !writer.overflowed else { return }
    let count = writer.count
    buffer.removeLast(buffer.count &- count)
    _ = self.append(buffer, Transmit(source: request.server, destination: request.client))
  }

  // MARK: Nonces

  /// When it ends, and a code over that and the client that only this server can make: nothing has to be remembered
  /// (RFC 8489 section 9.2). In hexadecimal, for a nonce is a quoted string.
  private func nonce(for client: TransportAddress, expiry: Instant) -> [UInt8] {
    var bytes: [UInt8] = []
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: expiry.nanoseconds &>> UInt64(56 &- 8 &* shift))) }
    var covered = bytes
    for i in 0..<16 { covered.append(client.ip[i]) }
    covered.append(UInt8(truncatingIfNeeded: client.port &>> 8))
    covered.append(UInt8(truncatingIfNeeded: client.port))
    let code = HMAC.sha1(key: self.nonceKey.span, covered.span, Span())
    for i in 0..<8 { bytes.append(code[i]) }
    var text: [UInt8] = []
    for byte in bytes {
      text.append(hexDigit(byte &>> 4))
      text.append(hexDigit(byte & 15))
    }
    return text
  }

  func isNonceValid(_ nonce: Span<UInt8>, of client: TransportAddress, now: Instant) -> Bool {
    guard nonce.count == 32 else { return false }
    var expiry: UInt64 = 0
    for i in 0..<16 {
      guard let digit = hexValue(nonce[i]) else { return false }
      expiry = expiry &<< 4 | UInt64(digit)
    }
    let instant = Instant(nanoseconds: expiry)
    guard instant > now else { return false }
    return constantTimeEqual(nonce, self.nonce(for: client, expiry: instant).span)
  }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
}

private func hexValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
  default: nil
  }
}
