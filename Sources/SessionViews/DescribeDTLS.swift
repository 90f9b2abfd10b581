import DTLS

extension RecordFacts {
  /// What lies in the record, a line a thing: handshake messages, an alert, SCTP's chunks.
  var texts: [String] {
    let place = "DTLS \(self.typeName) (epoch \(self.epoch), number \(self.number), \(self.size) bytes)"
    guard let content = self.content else { return [place + ": encrypted"] }
    switch self.type {
    case 21: return [place + ": " + alertText(content)]
    case 22:
      guard !self.handshake.isEmpty else { return [place + ": malformed"] }
      return self.handshake.map { place + ": " + $0.text }
    case 23: return SCTPPacket(content).map { $0.texts } ?? [place + ": no SCTP packet"]
    default: return [place]
    }
  }

  var typeName: String {
    switch self.type {
    case 20: "ChangeCipherSpec"
    case 21: "alert"
    case 22: "handshake"
    case 23: "application data"
    default: "record of type \(self.type)"
    }
  }
}

extension HandshakeFacts {
  var name: String {
    switch self.type {
    case 0: "HelloRequest"
    case 1: "ClientHello"
    case 2: "ServerHello"
    case 3: "HelloVerifyRequest"
    case 4: "NewSessionTicket"
    case 11: "Certificate"
    case 12: "ServerKeyExchange"
    case 13: "CertificateRequest"
    case 14: "ServerHelloDone"
    case 15: "CertificateVerify"
    case 16: "ClientKeyExchange"
    case 20: "Finished"
    default: "message of type \(self.type)"
    }
  }

  var text: String {
    var text = "\(self.name), message \(self.sequence), \(plural(self.length, "byte"))"
    if !self.isWhole { text += ", fragment \(self.offset)..<\(self.offset + self.body.count)" }
    guard self.isWhole else { return text }
    switch self.type {
    case 1: return text + self.clientHello
    case 2: return text + self.serverHello
    default: return text
    }
  }

  /// RFC 5246 section 7.4.1.2, RFC 6347 section 4.2.1. The random is not shown: with a key log it names the session.
  private var clientHello: String {
    var reader = ByteReader(self.body)
    guard reader.take(34) != nil, let session = reader.number(1), reader.take(Int(session)) != nil,
      let cookie = reader.number(1), reader.take(Int(cookie)) != nil, let suites = reader.number(2),
      reader.take(Int(suites)) != nil, let methods = reader.number(1), reader.take(Int(methods)) != nil
    else { return ", malformed" }
    return ", \(plural(suites / 2, "suite"))" + (cookie > 0 ? ", cookie" : "") + extensions(&reader)
  }

  private var serverHello: String {
    var reader = ByteReader(self.body)
    guard reader.take(34) != nil, let session = reader.number(1), reader.take(Int(session)) != nil,
      let suite = reader.number(2), reader.number(1) != nil
    else { return ", malformed" }
    let name = CipherSuite(rawValue: UInt16(suite))?.name ?? "suite 0x" + hex(suite, digits: 4)
    return ", " + name + extensions(&reader)
  }
}

/// The extensions that decide something here.
private func extensions(_ reader: inout ByteReader) -> String {
  guard reader.number(2) != nil else { return "" }
  var names: [String] = []
  while let type = reader.number(2), let size = reader.number(2), reader.take(Int(size)) != nil {
    switch type {
    case 10: names.append("supported_groups")
    case 13: names.append("signature_algorithms")
    case 14: names.append("use_srtp")
    case 23: names.append("extended_master_secret")
    case 16: names.append("alpn")
    case 65281: names.append("renegotiation_info")
    default: continue
    }
  }
  return names.isEmpty ? "" : ", " + names.joined(separator: " ")
}

func alertText(_ content: [UInt8]) -> String {
  guard content.count == 2 else { return "malformed" }
  let level = content[0] == 2 ? "fatal" : content[0] == 1 ? "warning" : "level \(content[0])"
  return level + " " + DTLS.Alert(rawValue: content[1]).name
}

extension DTLS.Alert {
  var name: String {
    switch self {
    case .closeNotify: "close_notify"
    case .unexpectedMessage: "unexpected_message"
    case .handshakeFailure: "handshake_failure"
    case .badCertificate: "bad_certificate"
    case .unsupportedCertificate: "unsupported_certificate"
    case .illegalParameter: "illegal_parameter"
    case .decodeError: "decode_error"
    case .decryptError: "decrypt_error"
    case .protocolVersion: "protocol_version"
    case .internalError: "internal_error"
    case .noRenegotiation: "no_renegotiation"
    case .unsupportedExtension: "unsupported_extension"
    default: "alert \(self.rawValue)"
    }
  }
}
