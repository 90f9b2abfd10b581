import CESPPeer
import STUN

extension TransportAddress {
  init(_ address: port_address) {
    var copy = address
    self.init(ip: IPAddress(family: copy.family, &copy.ip), port: copy.port)
  }
}

extension IPAddress {
  /// From the 4 or 16 bytes that the family says.
  init<Tuple>(family: UInt8, _ bytes: inout Tuple) {
    let ip = unsafe withUnsafeMutableBytes(of: &bytes) { bytes in
      let typed = unsafe bytes.bindMemory(to: UInt8.self)
      return unsafe IPAddress(bytes: Span(_unsafeElements: UnsafeBufferPointer(rebasing: typed[0..<(family == 4 ? 4 : 16)])))
    }
    self = ip ?? .anyV4
  }

  /// Writes the 4 or 16 bytes; returns 4 or 6.
  func write<Tuple>(_ bytes: inout Tuple) -> UInt8 {
    unsafe withUnsafeMutableBytes(of: &bytes) { bytes in
      for index in 0..<(self.isV4 ? 4 : 16) { unsafe bytes[index] = self[self.isV4 ? index &+ 12 : index] }
    }
    return self.isV4 ? 4 : 6
  }
}

extension port_address {
  init(_ address: TransportAddress) {
    self.init()
    self.port = address.port
    self.family = address.ip.write(&self.ip)
  }
}

extension esp_peer_addr_t {
  init(_ address: TransportAddress) {
    self.init()
    self.port = address.port
    let family = address.ip.write(&self.ipv6)
    // As lwIP and Linux number them.
    self.family = family == 4 ? 2 : 10
  }
}
