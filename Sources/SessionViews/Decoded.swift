import RTP
import STUN
import WebRTC

/// A datagram taken apart, as far as it can be.
enum Decoded {
  case stun(STUNFacts)
  case records([RecordFacts])
  case media(MediaFacts)
  case unknown
}

struct STUNFacts {
  var type: MessageType
  var transaction: TransactionID
  /// What the attributes say, in their order.
  var attributes: [String]
  var isNominating: Bool
  var errorCode: UInt16?
}

/// A DTLS record.
struct RecordFacts {
  var type: UInt8
  var epoch: UInt16
  var number: UInt64
  /// With its header.
  var size: Int
  /// Nil: encrypted, and not to be decrypted with the keys there are.
  var content: [UInt8]?
  var handshake: [HandshakeFacts] = []
}

/// A handshake message or a fragment of one.
struct HandshakeFacts {
  var type: UInt8
  var length: Int
  var sequence: UInt16
  var offset: Int
  var body: [UInt8]
  var isWhole: Bool { self.offset == 0 && self.body.count == self.length }
}

/// An SRTP or SRTCP packet.
struct MediaFacts {
  var isControl: Bool
  /// Nil: not decrypted. An RTP header is in the clear anyway.
  var plaintext: [UInt8]?
  var header: PacketHeader?
  var mid: [UInt8] = []
}

/// Takes a session's datagrams apart, in their order.
struct Decoder: ~Copyable {
  private var decryption: Decryption
  private let bytes: [UInt8]
  private var extensions = HeaderExtensionMap()

  init(_ session: RecordedSession) {
    self.decryption = Decryption(session.secrets)
    self.bytes = session.bytes
    for item in session.items {
      guard case .call(let call, false) = item.what else { continue }
      switch call {
      case .makeDescription(_, let text?), .setRemoteDescription(_, let text):
        self.extensions = extensionMap(session.bytes[text], adding: self.extensions)
      default: continue
      }
    }
  }

  mutating func decode(_ range: Range<Int>, _ direction: PathDirection) -> Decoded {
    guard let first = self.bytes[range].first else { return .unknown }
    // RFC 7983 section 7.
    switch first {
    case 0...3: return self.stun(range).map { .stun($0) } ?? .unknown
    case 20...63: return .records(self.records(range, direction))
    case 128...191: return .media(self.media(range, direction))
    default: return .unknown
    }
  }

  private func stun(_ range: Range<Int>) -> STUNFacts? {
    let bytes = Array(self.bytes[range])
    guard let message = try? Message(parsing: bytes.span) else { return nil }
    let fields = (try? message.fields()) ?? MessageFields()
    return STUNFacts(
      type: message.type, transaction: message.transactionID, attributes: attributeTexts(bytes, fields),
      isNominating: fields.useCandidate, errorCode: fields.errorCode)
  }

  private mutating func records(_ range: Range<Int>, _ direction: PathDirection) -> [RecordFacts] {
    var records: [RecordFacts] = []
    var reader = ByteReader(self.bytes, in: range)
    while reader.remaining > 0 {
      let start = reader.offset
      guard let type = reader.number(1), reader.number(2) != nil, let epoch = reader.number(2),
        let number = reader.number(6), let length = reader.number(2), let fragment = reader.take(Int(length))
      else { break }
      var record = RecordFacts(
        type: UInt8(type), epoch: UInt16(epoch), number: number, size: 13 + fragment.count, content: fragment)
      if epoch > 0 { record.content = self.decryption.open(Array(self.bytes[start..<reader.offset]), direction) }
      if record.type == 22, let content = record.content { record.handshake = handshakeMessages(content) }
      records.append(record)
    }
    return records
  }

  private mutating func media(_ range: Range<Int>, _ direction: PathDirection) -> MediaFacts {
    let packet = Array(self.bytes[range])
    // RFC 5761 section 4.
    let isControl = packet.count > 1 && packet[1] >= 192 && packet[1] <= 223
    var facts = MediaFacts(
      isControl: isControl, plaintext: self.decryption.unprotect(packet, isControl: isControl, direction))
    guard !isControl else { return facts }
    let readable = facts.plaintext ?? packet
    facts.header = try? PacketHeader(parsing: readable.span, extensions: self.extensions)
    if let field = facts.header?.extensions.mid, !field.isEmpty {
      let end = Int(field.offset) + Int(field.count)
      if end <= readable.count { facts.mid = Array(readable[Int(field.offset)..<end]) }
    }
    return facts
  }
}

/// The fragments in a handshake record's content (RFC 6347 section 4.2.2); what makes no sense is left out.
func handshakeMessages(_ content: [UInt8]) -> [HandshakeFacts] {
  var messages: [HandshakeFacts] = []
  var reader = ByteReader(content)
  while let type = reader.number(1), let length = reader.number(3), let sequence = reader.number(2),
    let offset = reader.number(3), let size = reader.number(3), let body = reader.take(Int(size))
  {
    messages.append(
      HandshakeFacts(
        type: UInt8(type), length: Int(length), sequence: UInt16(sequence), offset: Int(offset), body: body))
  }
  return messages
}

/// The ids of the extensions that packets are to be told by, from a description's `a=extmap` lines (RFC 8285 section 5).
private func extensionMap(_ description: ArraySlice<UInt8>, adding known: HeaderExtensionMap) -> HeaderExtensionMap {
  var map = known
  for line in description.split(whereSeparator: { $0 == 0x0D || $0 == 0x0A }) where line.starts(with: "a=extmap:".utf8) {
    let parts = String(decoding: line.dropFirst(9).prefix(300), as: UTF8.self).split(separator: " ")
    guard parts.count >= 2, let id = UInt8(parts[0].prefix { $0 != "/" }) else { continue }
    switch parts[1] {
    case "urn:ietf:params:rtp-hdrext:sdes:mid": map.mid = id
    case "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": map.rid = id
    default: continue
    }
  }
  return map
}
