import Bytes
import CESPPeer
import STUN

/// A STUN server by name or address.
struct Server: Equatable {
  var name: [UInt8]
  var port: UInt16
  /// Nil while the name is not looked up.
  var address: IPAddress?
  /// Whether the name is an address.
  var isLiteral: Bool

  /// Reads the application's list. Those after the fourth are more than the engine asks.
  static func parse(
    _ list: UnsafeMutablePointer<esp_peer_ice_server_cfg_t>?, count: Int, into servers: inout [Server]
  ) -> Result {
    guard count > 0 else { return .none }
    guard let list = unsafe list else { return .invalidArgument }
    for index in 0..<count {
      guard let url = unsafe list[index].stun_url else { return .invalidArgument }
      var server: Server?
      let result = unsafe Self.parse(url, into: &server)
      guard result == .none else { return result }
      if let server, servers.count < 4 { servers.append(server) }
    }
    return .none
  }

  /// `stun:host` or `stun:host:port` (RFC 7064 section 3.1).
  private static func parse(_ url: UnsafePointer<CChar>, into server: inout Server?) -> Result {
    var text: [UInt8] = []
    var index = 0
    while unsafe url[index] != 0, index < 300 {
      unsafe text.append(UInt8(bitPattern: url[index]))
      index &+= 1
    }
    if hasPrefix(text, "turn:") || hasPrefix(text, "turns:") || hasPrefix(text, "stuns:") { return .notSupported }
    guard hasPrefix(text, "stun:"), text.count < 300 else { return .invalidArgument }
    text.removeFirst(5)
    var host: [UInt8]
    var rest: [UInt8] = []
    if text.first == UInt8(ascii: "[") {
      guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return .invalidArgument }
      host = [UInt8](text[1..<end])
      rest = [UInt8](text[(end &+ 1)...])
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      host = [UInt8](text[..<colon])
      rest = [UInt8](text[colon...])
    } else {
      host = text
    }
    guard !host.isEmpty, host.count < 254 else { return .invalidArgument }
    var port: UInt32 = 3478
    if !rest.isEmpty {
      guard rest.count > 1, rest.count <= 6, rest[0] == UInt8(ascii: ":") else { return .invalidArgument }
      port = 0
      for digit in rest[1...] {
        guard digit >= 0x30, digit <= 0x39 else { return .invalidArgument }
        port = port &* 10 &+ UInt32(digit &- 0x30)
      }
      guard port > 0, port <= 65_535 else { return .invalidArgument }
    }
    let address = try? IPAddress(text: host.span)
    server = Server(name: host, port: UInt16(port), address: address, isLiteral: address != nil)
    return .none
  }
}

/// Whether the text begins so.
func hasPrefix(_ text: [UInt8], _ prefix: StaticString) -> Bool {
  guard text.count >= prefix.utf8CodeUnitCount else { return false }
  var index = 0
  while index < prefix.utf8CodeUnitCount {
    guard unsafe text[index] == prefix.utf8Start[index] else { return false }
    index &+= 1
  }
  return true
}
