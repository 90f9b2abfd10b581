import Bytes
import CESPPeer
import ICE
import STUN
import Time
import WebRTC

/// How the application resolves names.
@safe
struct Resolver {
  let resolve: swift_peer_resolve_t
  let context: UnsafeMutableRawPointer?
}

/// Names that are being looked up: those of STUN servers, and the mDNS names behind which browsers hide their addresses.
struct NameList {
  enum Purpose {
    case server
    case candidate(HostnameCandidate)
  }

  struct Entry {
    let name: [UInt8]
    let purpose: Purpose
    /// Given up then.
    let endsAt: Instant
  }

  private(set) var entries: [Entry] = []
  private(set) var nextLookUp: Instant?

  /// Beyond it names are not looked up: connectivity checks from the peer find its address all the same.
  static let capacity = 16

  var hasServers: Bool { self.entries.contains { if case .server = $0.purpose { true } else { false } } }

  mutating func add(_ name: [UInt8], for purpose: Purpose, at now: Instant) {
    guard self.entries.count < Self.capacity else { return }
    self.entries.append(Entry(name: name, purpose: purpose, endsAt: now + .seconds(5)))
    self.nextLookUp = now
  }

  mutating func remove(at index: Int) {
    self.entries.remove(at: index)
    if self.entries.isEmpty { self.nextLookUp = nil }
  }

  mutating func removeAll() {
    self.entries = []
    self.nextLookUp = nil
  }

  mutating func asked(at now: Instant) { self.nextLookUp = self.entries.isEmpty ? nil : now + .milliseconds(20) }
}

extension Peer {
  /// Asks for each name once more, and goes on where all that a connection needs is known.
  func lookUpNames(_ now: Instant) {
    if let lookUpAt = self.names.nextLookUp, lookUpAt <= now {
      var index = 0
      while index < self.names.entries.count {
        let entry = self.names.entries[index]
        var ip: IPAddress?
        let isPending = self.lookUp(entry.name, &ip)
        // The application's resolver may have ended what the name was for.
        guard index < self.names.entries.count, self.names.entries[index].name == entry.name else { return }
        if isPending, entry.endsAt > now {
          index &+= 1
          continue
        }
        self.names.remove(at: index)
        if let ip { self.use(ip, for: entry, now) }
      }
      self.names.asked(at: now)
    }
    guard self.attempt.stage == .resolving, !self.names.hasServers || self.attempt.resolvingEnds <= now else { return }
    self.makeConnection()
  }

  private func use(_ ip: IPAddress, for entry: NameList.Entry, _ now: Instant) {
    switch entry.purpose {
    case .server:
      for index in self.servers.indices where !self.servers[index].isLiteral && self.servers[index].name == entry.name {
        self.servers[index].address = ip
      }
    case .candidate(let candidate):
      var text = [UInt8](repeating: 0, count: 256)
      var writer = SpanWriter(text.mutableSpan)
      candidate.resolved(to: ip).write(into: &writer)
      let count = writer.count
      try? self.connection?.addRemoteCandidate(text.span.extracting(0..<count), now: now)
    }
  }

  /// Whether the answer is still to come. The application's function is called with the mutex free.
  private func lookUp(_ name: [UInt8], _ ip: inout IPAddress?) -> Bool {
    var string: [CChar] = []
    for byte in name { string.append(CChar(bitPattern: byte)) }
    string.append(0)
    if let resolver = self.settings.resolver {
      var address = esp_peer_addr_t()
      self.suspend()
      let result = unsafe resolver.resolve(string, &address, resolver.context)
      self.resume()
      if result == 0 { ip = IPAddress(family: address.family == 2 ? 4 : 6, &address.ipv6) }
      return result > 0
    }
    var address = port_address()
    let result = unsafe port_resolve(string, self.settings.usesV6 ? 0 : 4, &address)
    if result == CInt(PORT_OK) { ip = TransportAddress(address).ip }
    return result == CInt(PORT_WOULD_BLOCK)
  }
}
