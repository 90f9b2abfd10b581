import Testing

@testable import SRTP

let profiles: [ProtectionProfile] = [.aeadAES128GCM, .aeadAES256GCM, .aes128CMHMACSHA1_80]

/// Keying material that differs in every byte position.
func material(_ profile: ProtectionProfile, seed: UInt8 = 1) -> [UInt8] {
  (0..<profile.keyingMaterialLength).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(seed)) }
}

func session(
  _ profile: ProtectionProfile, client: Bool, seed: UInt8 = 1, _ configuration: Configuration = .init()
) throws -> Peer {
  Peer(
    try Session(
      profile: profile, keyingMaterial: material(profile, seed: seed).span, isDTLSClient: client,
      configuration: configuration))
}

func rtp(_ sequence: UInt16, ssrc: UInt32 = 0x1122_3344, size: Int = 40, fill: UInt8 = 0) -> [UInt8] {
  var packet: [UInt8] = [0x80, 96, UInt8(sequence >> 8), UInt8(sequence & 255), 0, 0, 0, 9]
  packet += (0..<4).map { UInt8(truncatingIfNeeded: ssrc >> (24 - 8 * UInt32($0))) }
  packet += (0..<size).map { UInt8(truncatingIfNeeded: $0) ^ fill }
  return packet
}

/// A receiver report with one block of given content.
func rtcp(ssrc: UInt32 = 0x1122_3344, fill: UInt8 = 0) -> [UInt8] {
  var packet: [UInt8] = [0x81, 201, 0, 7]
  packet += (0..<4).map { UInt8(truncatingIfNeeded: ssrc >> (24 - 8 * UInt32($0))) }
  packet += (0..<24).map { UInt8(truncatingIfNeeded: $0) ^ fill }
  return packet
}

enum Direction: CaseIterable { case protect, protectControl, unprotect, unprotectControl }

/// A session in a box, for what cannot be copied cannot be used inside `#expect`.
final class Peer {
  private var session: Session

  init(_ session: consuming Session) { self.session = session }

  func fork() throws -> Peer { Peer(try self.session.fork()) }

  var statistics: Statistics { self.session.statistics }
  var sending: SendStreams { self.session.sending }
  var receiving: ReceiveStreams { self.session.receiving }

  /// Runs one operation on a copy of the packet; `left` is what the buffer holds afterwards.
  func run(_ direction: Direction, _ packet: [UInt8]) -> (result: [UInt8]?, left: [UInt8]) {
    var buffer = packet
    if direction == .protect || direction == .protectControl {
      buffer += [UInt8](repeating: 0xEE, count: Session.tailroom)
    }
    var span = buffer.mutableSpan
    let size =
      switch direction {
      case .protect: self.session.protect(&span, count: packet.count)
      case .protectControl: self.session.protectControl(&span, count: packet.count)
      case .unprotect: self.session.unprotect(&span)
      case .unprotectControl: self.session.unprotectControl(&span)
      }
    return (size.map { Array(buffer[..<$0]) }, buffer)
  }

  /// For buffers with less room than a caller has to give.
  func protect(_ direction: Direction, _ buffer: inout [UInt8], count: Int) -> Int? {
    var span = buffer.mutableSpan
    return direction == .protect
      ? self.session.protect(&span, count: count) : self.session.protectControl(&span, count: count)
  }

  func protected(_ packet: [UInt8]) -> [UInt8]? { self.run(.protect, packet).result }
  func protectedControl(_ packet: [UInt8]) -> [UInt8]? { self.run(.protectControl, packet).result }
  func unprotected(_ packet: [UInt8]) -> [UInt8]? { self.run(.unprotect, packet).result }
  func unprotectedControl(_ packet: [UInt8]) -> [UInt8]? { self.run(.unprotectControl, packet).result }
}

/// SplitMix64: reproducible choices.
struct Choices {
  var state: UInt64
  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var z = self.state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
  mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(bound)) }
}
