import Bytes
import STUN

extension STUNFacts {
  var name: String {
    let method = self.type.method == MessageType.bindingMethod ? "Binding" : Self.methods[self.type.method] ?? "method \(self.type.method)"
    switch self.type.messageClass {
    case .request: return method + " request"
    case .indication: return method + " indication"
    case .success: return method + " success"
    case .error: return method + " error"
    }
  }

  var transactionText: String { hex(UInt64(self.transaction.high), digits: 8) + hex(self.transaction.low, digits: 16) }

  var text: String {
    (["STUN \(self.name)", "transaction \(self.transactionText)"] + self.attributes).joined(separator: ", ")
  }

  /// RFC 8656 section 17.
  private static let methods: [UInt16: String] = [
    3: "Allocate", 4: "Refresh", 6: "Send", 7: "Data", 8: "CreatePermission", 9: "ChannelBind",
  ]
}

/// The attributes that tell something, in their order.
func attributeTexts(_ bytes: [UInt8], _ fields: MessageFields) -> [String] {
  guard let message = try? Message(parsing: bytes.span) else { return [] }
  var texts: [String] = []
  var attributes = message.attributes
  while let attribute = (try? attributes.next()) ?? nil {
    let value = Array(bytes[attribute.value])
    switch attribute.type {
    case .username: texts.append("USERNAME \(quoted(value))")
    case .priority: texts.append("PRIORITY \(fields.priority.map { String($0) } ?? "malformed")")
    case .useCandidate: texts.append("USE-CANDIDATE")
    case .iceControlling: texts.append("ICE-CONTROLLING")
    case .iceControlled: texts.append("ICE-CONTROLLED")
    case .xorMappedAddress: texts.append("XOR-MAPPED-ADDRESS \(fields.mappedAddress?.text ?? "malformed")")
    case .mappedAddress: texts.append("MAPPED-ADDRESS")
    case .errorCode:
      texts.append("ERROR-CODE \(fields.errorCode.map { String($0) } ?? "malformed") \(quoted(Array(value.dropFirst(4))))")
    case .software: texts.append("SOFTWARE \(quoted(value))")
    case .realm: texts.append("REALM \(quoted(value))")
    case .nonce: texts.append("NONCE")
    case .unknownAttributes: texts.append("UNKNOWN-ATTRIBUTES")
    case .messageIntegrity: texts.append("MESSAGE-INTEGRITY")
    case .messageIntegritySHA256: texts.append("MESSAGE-INTEGRITY-SHA256")
    case .fingerprint: texts.append("FINGERPRINT")
    default: texts.append("0x" + hex(UInt64(attribute.type.rawValue), digits: 4) + " (\(plural(value.count, "byte")))")
    }
  }
  return texts
}
