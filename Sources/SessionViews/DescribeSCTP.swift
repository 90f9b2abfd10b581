/// An SCTP packet (RFC 9260 section 3); chunks up to the first that is malformed.
struct SCTPPacket {
  struct Chunk {
    var type: UInt8
    var flags: UInt8
    var value: [UInt8]
  }

  var tag: UInt32
  var checksum: UInt32
  var chunks: [Chunk] = []
  var isMalformed = false

  /// Nil where not even the common header is there.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard reader.number(4) != nil, let tag = reader.number(4), let checksum = reader.number(4) else { return nil }
    self.tag = UInt32(tag)
    self.checksum = UInt32(checksum)
    while reader.remaining > 0 {
      guard let type = reader.number(1), let flags = reader.number(1), let length = reader.number(2), length >= 4,
        let value = reader.take(Int(length) - 4)
      else {
        self.isMalformed = true
        return
      }
      _ = reader.take(min((4 - Int(length) & 3) & 3, reader.remaining))
      self.chunks.append(Chunk(type: UInt8(type), flags: UInt8(flags), value: value))
    }
  }

  var texts: [String] {
    self.chunks.map { "SCTP " + $0.text } + (self.isMalformed ? ["SCTP: the rest of the packet is malformed"] : [])
  }
}

extension SCTPPacket.Chunk {
  var name: String {
    switch self.type {
    case 0: "DATA"
    case 1: "INIT"
    case 2: "INIT ACK"
    case 3: "SACK"
    case 4: "HEARTBEAT"
    case 5: "HEARTBEAT ACK"
    case 6: "ABORT"
    case 7: "SHUTDOWN"
    case 8: "SHUTDOWN ACK"
    case 9: "ERROR"
    case 10: "COOKIE ECHO"
    case 11: "COOKIE ACK"
    case 14: "SHUTDOWN COMPLETE"
    case 130: "RE-CONFIG"
    case 132: "PAD"
    case 192: "FORWARD-TSN"
    default: "chunk of type \(self.type)"
    }
  }

  var text: String {
    let numbers: String?
    switch self.type {
    case 0: numbers = self.data
    case 1, 2: numbers = self.initiation
    case 3: numbers = self.sack
    case 6, 9: numbers = self.causes
    case 7: numbers = self.first("up to TSN ")
    case 130: numbers = self.reconfiguration
    case 192: numbers = self.forward
    default: numbers = plural(self.value.count, "byte")
    }
    return numbers.map { $0.isEmpty ? self.name : self.name + " " + $0 } ?? self.name + ", malformed"
  }

  private func first(_ words: String) -> String? {
    var reader = ByteReader(self.value)
    return reader.number(4).map { words + "\($0)" }
  }

  /// RFC 9260 section 3.3.1; what it carries by the payload protocol identifiers of RFC 8831 section 8.
  private var data: String? {
    var reader = ByteReader(self.value)
    guard let tsn = reader.number(4), let stream = reader.number(2), let sequence = reader.number(2),
      let identifier = reader.number(4)
    else { return nil }
    let payload = reader.rest()
    let flags =
      (self.flags & 4 != 0 ? "U" : "") + (self.flags & 2 != 0 ? "B" : "") + (self.flags & 1 != 0 ? "E" : "")
      + (self.flags & 8 != 0 ? "I" : "")
    var text = "TSN \(tsn), stream \(stream)/\(sequence)" + (flags.isEmpty ? "" : ", \(flags)")
    switch identifier {
    case 50: text += ", " + (self.flags & 3 == 3 ? controlMessage(payload) : "DCEP fragment")
    case 51: text += ", string"
    case 53: text += ", binary"
    case 56: text += ", empty string"
    case 57: text += ", empty binary"
    default: text += ", protocol \(identifier)"
    }
    return text + ", \(plural(payload.count, "byte"))"
  }

  private var initiation: String? {
    var reader = ByteReader(self.value)
    guard reader.number(4) != nil, let window = reader.number(4), let outgoing = reader.number(2),
      let incoming = reader.number(2), let tsn = reader.number(4)
    else { return nil }
    return "TSN \(tsn), window \(window), streams \(outgoing) out \(incoming) in"
  }

  private var sack: String? {
    var reader = ByteReader(self.value)
    guard let tsn = reader.number(4), let window = reader.number(4), let gaps = reader.number(2),
      let duplicates = reader.number(2)
    else { return nil }
    var text = "up to TSN \(tsn), window \(window)"
    var blocks: [String] = []
    for _ in 0..<min(gaps, 16) {
      guard let start = reader.number(2), let end = reader.number(2) else { return nil }
      blocks.append("\(UInt32(truncatingIfNeeded: tsn + start))–\(UInt32(truncatingIfNeeded: tsn + end))")
    }
    if gaps > 0 { text += ", and " + blocks.joined(separator: " ") + (gaps > 16 ? " …" : "") }
    return text + (duplicates > 0 ? ", \(plural(duplicates, "duplicate"))" : "")
  }

  private var causes: String? {
    var reader = ByteReader(self.value)
    var causes: [String] = []
    while reader.remaining > 0 {
      guard let cause = reader.number(2), let length = reader.number(2), length >= 4,
        reader.take(min(Int(length) - 4, reader.remaining)) != nil
      else { return nil }
      causes.append("cause \(cause)")
      _ = reader.take(min((4 - Int(length) & 3) & 3, reader.remaining))
    }
    return causes.joined(separator: " ")
  }

  /// RFC 3758 section 3.2.
  private var forward: String? {
    var reader = ByteReader(self.value)
    guard let tsn = reader.number(4) else { return nil }
    var streams: [String] = []
    while streams.count < 16, let stream = reader.number(2), let sequence = reader.number(2) {
      streams.append("\(stream)/\(sequence)")
    }
    return "to TSN \(tsn)" + (streams.isEmpty ? "" : ", streams " + streams.joined(separator: " "))
  }

  /// RFC 6525 section 4.
  private var reconfiguration: String? {
    var reader = ByteReader(self.value)
    var texts: [String] = []
    while reader.remaining > 0 {
      guard let type = reader.number(2), let length = reader.number(2), length >= 4,
        let body = reader.take(Int(length) - 4)
      else { return nil }
      _ = reader.take(min((4 - Int(length) & 3) & 3, reader.remaining))
      var fields = ByteReader(body)
      switch type {
      case 13:
        guard let request = fields.number(4), fields.number(4) != nil, let tsn = fields.number(4) else { return nil }
        var streams: [String] = []
        while streams.count < 16, let stream = fields.number(2) { streams.append("\(stream)") }
        texts.append(
          "outgoing reset \(request), last TSN \(tsn), streams " + (streams.isEmpty ? "all" : streams.joined(separator: " ")))
      case 14: texts.append("incoming reset")
      case 15: texts.append("SSN/TSN reset")
      case 16:
        guard let response = fields.number(4), let result = fields.number(4) else { return nil }
        let results = ["nothing to do", "performed", "denied", "wrong SSN", "in progress already", "bad number", "in progress"]
        texts.append("response \(response): " + (result < 7 ? results[Int(result)] : "\(result)"))
      case 17: texts.append("add outgoing streams")
      case 18: texts.append("add incoming streams")
      default: texts.append("parameter \(type)")
      }
    }
    return texts.joined(separator: "; ")
  }
}

/// DCEP (RFC 8832 section 5).
func controlMessage(_ bytes: [UInt8]) -> String {
  if bytes == [2] { return "DATA_CHANNEL_ACK" }
  var reader = ByteReader(bytes)
  guard reader.number(1) == 3, let type = reader.number(1), reader.number(2) != nil, let parameter = reader.number(4),
    let labelSize = reader.number(2), let protocolSize = reader.number(2), let label = reader.take(Int(labelSize)),
    let subprotocol = reader.take(Int(protocolSize))
  else { return "DCEP, malformed" }
  var text = "DATA_CHANNEL_OPEN \(quoted(label))"
  if !subprotocol.isEmpty { text += ", subprotocol \(quoted(subprotocol))" }
  text += type & 0x80 != 0 ? ", unordered" : ", ordered"
  switch type & 0x7F {
  case 0: break
  case 1: text += ", \(plural(parameter, "retransmission")) at most"
  case 2: text += ", \(parameter) ms at most"
  default: text += ", channel type \(type)"
  }
  return text
}
