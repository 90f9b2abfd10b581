import Bytes
import STUN

extension ParsedCandidate {
  /// Parses a candidate attribute (RFC 8839 section 5.1), with or without `a=` and `candidate:` before it and a line
  /// end behind it. Extensions (`generation`, `ufrag`, `network-cost` and so on) are skipped.
  public init(parsing text: Span<UInt8>) throws(WireError) {
    var words = Words(text)
    words.skipPrefix("a=")
    words.skipPrefix("candidate:")
    guard let foundation = Foundation(text: try words.next()) else { throw .malformed }
    let component = try words.nextNumber(upTo: 256)
    let transport = try words.next()
    let priority = try words.nextNumber(upTo: .max)
    guard component >= 1, priority >= 1 else { throw .malformed }
    let address = try words.next()
    let port = try words.nextNumber(upTo: 65_535)
    guard matches(try words.next(), "typ") else { throw .malformed }
    let kindName = try words.next()
    let kind: Candidate.Kind? =
      if matches(kindName, "host") { .host } else if matches(kindName, "srflx") {
        .serverReflexive
      } else if matches(kindName, "prflx") { .peerReflexive } else if matches(kindName, "relay") { .relayed } else { nil }
    let related = try words.relatedAddress()
    var ip: IPAddress?
    do throws(WireError) { ip = try IPAddress(text: address) } catch {
      guard isHostname(address) else { throw .malformed }
    }
    guard matches(transport, "udp"), component == 1, let kind, port > 0 else {
      self = .unsupported
      return
    }
    let transportAddress = TransportAddress(ip: ip ?? .anyV6, port: UInt16(truncatingIfNeeded: port))
    let candidate = Candidate(
      kind: kind, foundation: foundation, priority: min(priority, 0x7fff_ffff), address: transportAddress,
      base: transportAddress, relatedAddress: related)
    if ip != nil {
      self = .candidate(candidate)
    } else {
      self = .hostname(HostnameCandidate(name: arrayCopy(address), candidate: candidate))
    }
  }
}

extension Candidate {
  /// Writes `candidate:…` without `a=` before it and a line end behind it (RFC 8839 section 5.1).
  public func write(into writer: inout SpanWriter) {
    writer.write("candidate:")
    self.foundation.write(into: &writer)
    writer.write(UInt8(ascii: " "))
    writer.writeDecimal(UInt32(self.component))
    writer.write(" udp ")
    writer.writeDecimal(self.priority)
    writer.write(UInt8(ascii: " "))
    self.address.ip.write(into: &writer)
    writer.write(UInt8(ascii: " "))
    writer.writeDecimal(UInt32(self.address.port))
    switch self.kind {
    case .host: writer.write(" typ host")
    case .serverReflexive: writer.write(" typ srflx")
    case .peerReflexive: writer.write(" typ prflx")
    case .relayed: writer.write(" typ relay")
    }
    if let related = self.relatedAddress {
      writer.write(" raddr ")
      related.ip.write(into: &writer)
      writer.write(" rport ")
      writer.writeDecimal(UInt32(related.port))
    }
  }
}

/// Words between spaces.
private struct Words: ~Escapable {
  let text: Span<UInt8>
  var position = 0
  let end: Int

  @_lifetime(copy text)
  init(_ text: Span<UInt8>) {
    self.text = text
    var end = text.count
    while end > 0, text[end &- 1] <= UInt8(ascii: " ") { end &-= 1 }
    self.end = end
  }

  mutating func skipPrefix(_ prefix: StaticString) {
    let count = prefix.utf8CodeUnitCount
    guard self.end &- self.position >= count,
      matches(self.text.extracting(self.position..<(self.position &+ count)), prefix)
    else { return }
    self.position &+= count
  }

  @_lifetime(copy self)
  mutating func next() throws(WireError) -> Span<UInt8> {
    while self.position < self.end, self.text[self.position] == UInt8(ascii: " ") { self.position &+= 1 }
    let start = self.position
    while self.position < self.end, self.text[self.position] != UInt8(ascii: " ") { self.position &+= 1 }
    guard self.position > start else { throw .truncated }
    return self.text.extracting(start..<self.position)
  }

  mutating func nextNumber(upTo maximum: UInt32) throws(WireError) -> UInt32 {
    let word = try self.next()
    var value: UInt32 = 0
    for i in word.indices {
      guard word[i] >= UInt8(ascii: "0"), word[i] <= UInt8(ascii: "9") else { throw .malformed }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt32(word[i] &- UInt8(ascii: "0")))
      guard !overflow, !carry, sum <= maximum else { throw .malformed }
      value = sum
    }
    return value
  }

  /// `raddr` and `rport`, where both come next; an address that hides behind a name counts as absent.
  mutating func relatedAddress() throws(WireError) -> TransportAddress? {
    var ip: IPAddress?
    while self.position < self.end {
      let name = try self.next()
      if matches(name, "raddr") {
        let value = try self.next()
        do throws(WireError) { ip = try IPAddress(text: value) } catch { ip = nil }
      } else if matches(name, "rport") {
        let port = UInt16(truncatingIfNeeded: try self.nextNumber(upTo: 65_535))
        return ip.map { TransportAddress(ip: $0, port: port) }
      } else {
        return nil
      }
    }
    return nil
  }
}

/// Equal without regard to the case of letters; `word` is lower case.
private func matches(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
  guard text.count == word.utf8CodeUnitCount else { return false }
  for i in text.indices {
    let byte = text[i] >= UInt8(ascii: "A") && text[i] <= UInt8(ascii: "Z") ? text[i] | 0x20 : text[i]
    let expected = unsafe word.utf8Start[i]
    if byte != expected { return false }
  }
  return true
}

/// Letters, digits, hyphens, underscores and dots, with at least one letter or hyphen, so that no broken address passes.
private func isHostname(_ text: Span<UInt8>) -> Bool {
  guard text.count <= 253 else { return false }
  var hasLetter = false
  for i in text.indices {
    let byte = text[i]
    let lower = byte | 0x20
    if (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")) || byte == UInt8(ascii: "-") {
      hasLetter = true
    } else if byte != UInt8(ascii: "."), byte != UInt8(ascii: "_"),
      !(byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
    {
      return false
    }
  }
  return hasLetter
}
