import Bytes
import DTLS
import STUN
import Simulator
import Time

/// Sessions as a pcapng file, for Wireshark and its kin.
///
/// For each peer there are up to three interfaces: its datagrams as they were (raw IP, with headers made from the recorded
/// addresses); the SCTP packets inside, decrypted (raw IP, protocol 132); and the RTP and RTCP packets inside, decrypted, as
/// "exported PDUs", which name their protocol, for nothing in UDP would tell Wireshark that they are RTP. A packet's clock is
/// the recording's, in nanoseconds.
///
/// **The file holds the secrets of the sessions** (see `DTLS.ExposedSecrets`): whoever reads it reads all that was said.
public struct PacketCapture {
  private let sessions: [RecordedSession]

  public init(_ sessions: [RecordedSession]) { self.sessions = sessions }

  /// The whole file.
  public func encoded() -> [UInt8] {
    var file = CaptureFile()
    file.section()
    for session in self.sessions {
      if let secrets = session.secrets { file.decryptionSecrets(secrets.keyLogLine) }
    }
    var packets: [CapturedPacket] = []
    for session in self.sessions { self.add(session, to: &file, &packets) }
    // Interfaces that share one clock are easier to read in its order; what happened at one time keeps its own.
    let order = packets.indices.sorted { (packets[$0].time, $0) < (packets[$1].time, $1) }
    for index in order { file.packet(packets[index]) }
    return file.bytes
  }

  private func add(_ session: RecordedSession, to file: inout CaptureFile, _ packets: inout [CapturedPacket]) {
    let datagrams = file.interface(.raw, name: session.name, "datagrams of \(session.name)")
    let inner = file.interface(.raw, name: session.name + " SCTP", "SCTP of \(session.name), decrypted")
    let media = file.interface(.upperPDU, name: session.name + " media", "RTP and RTCP of \(session.name), decrypted")
    var decoder = Decoder(session)
    for item in session.items {
      guard case .datagram(let range, let direction, let source, let destination) = item.what else { continue }
      func add(_ interface: UInt32, _ bytes: [UInt8]) {
        packets.append(CapturedPacket(time: item.time, interface: interface, direction: direction, bytes: bytes))
      }
      add(datagrams, udpPacket(Array(session.bytes[range]), from: source, to: destination))
      switch decoder.decode(range, direction) {
      case .records(let records):
        for case let record in records where record.type == 23 && record.epoch > 0 {
          guard let content = record.content else { continue }
          add(inner, ipPacket(132, withSCTPChecksum(content), from: source.ip, to: destination.ip))
        }
      case .media(let facts):
        guard let plaintext = facts.plaintext else { continue }
        add(media, exportedPDU(facts.isControl ? "rtcp" : "rtp", plaintext, from: source, to: destination))
      case .stun, .unknown: continue
      }
    }
  }
}

struct CapturedPacket {
  var time: Instant
  var interface: UInt32
  var direction: PathDirection
  var bytes: [UInt8]
}

extension DTLS.ExposedSecrets {
  /// In the NSS key log format, which Wireshark reads.
  var keyLogLine: String { "CLIENT_RANDOM \(hex(self.clientRandom)) \(hex(self.masterSecret))\n" }
}

/// Where the peers agreed to leave the checksum out (RFC 9653) there is a zero, which Wireshark takes for a wrong one.
private func withSCTPChecksum(_ packet: [UInt8]) -> [UInt8] {
  guard packet.count >= 12, packet[8..<12].allSatisfy({ $0 == 0 }) else { return packet }
  var packet = packet
  let checksum = CRC32C.checksum(packet.span)
  // On the wire its lowest byte comes first (RFC 9260 appendix A).
  for i in 0..<4 { packet[8 + i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * i)) }
  return packet
}

/// No more fits an IP packet together with its headers.
private let longestPayload = 65_535 - 48

/// UDP in IP (RFC 768).
func udpPacket(_ payload: [UInt8], from source: TransportAddress, to destination: TransportAddress) -> [UInt8] {
  let payload = payload.prefix(longestPayload)
  var datagram: [UInt8] = []
  datagram.append16(source.port)
  datagram.append16(destination.port)
  datagram.append16(UInt16(payload.count + 8))
  datagram.append16(0)
  datagram += payload
  // RFC 768, RFC 8200 section 8.1: over a pseudo-header too; zero would mean that there is none.
  var pseudo = addressBytes(source.ip, destination.ip)
  if source.ip.isV4 && destination.ip.isV4 {
    pseudo += [0, 17]
    pseudo.append16(UInt16(datagram.count))
  } else {
    pseudo.append32(UInt32(datagram.count))
    pseudo += [0, 0, 0, 17]
  }
  let checksum = internetChecksum(pseudo + datagram)
  datagram.replaceSubrange(6..<8, with: checksum == 0 ? [0xFF, 0xFF] : [UInt8(checksum >> 8), UInt8(checksum & 0xFF)])
  return ipPacket(17, datagram, from: source.ip, to: destination.ip)
}

/// IPv4 where both addresses are (RFC 791), else IPv6 (RFC 8200).
func ipPacket(_ number: UInt8, _ content: [UInt8], from source: IPAddress, to destination: IPAddress) -> [UInt8] {
  let content = content.prefix(longestPayload + 8)
  var packet: [UInt8]
  if source.isV4 && destination.isV4 {
    packet = [0x45, 0]
    packet.append16(UInt16(content.count + 20))
    packet += [0, 0, 0x40, 0, 64, number, 0, 0] + addressBytes(source, destination)
    let checksum = internetChecksum(packet)
    packet.replaceSubrange(10..<12, with: [UInt8(checksum >> 8), UInt8(checksum & 0xFF)])
  } else {
    packet = [0x60, 0, 0, 0]
    packet.append16(UInt16(content.count))
    packet += [number, 64] + addressBytes(source, destination)
  }
  return packet + content
}

private func addressBytes(_ source: IPAddress, _ destination: IPAddress) -> [UInt8] {
  let start = source.isV4 && destination.isV4 ? 12 : 0
  return (start..<16).map { source[$0] } + (start..<16).map { destination[$0] }
}

/// RFC 1071.
func internetChecksum(_ bytes: [UInt8]) -> UInt16 {
  var sum: UInt32 = 0
  for (index, byte) in bytes.enumerated() {
    sum &+= index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
    sum = (sum & 0xFFFF) &+ sum >> 16
  }
  return ~UInt16(truncatingIfNeeded: (sum & 0xFFFF) &+ sum >> 16)
}

/// Wireshark's exported PDU: tags that name the protocol and the path, then the packet (its epan/exported_pdu.h).
private func exportedPDU(
  _ name: String, _ content: [UInt8], from source: TransportAddress, to destination: TransportAddress
) -> [UInt8] {
  var bytes: [UInt8] = []
  func tag(_ type: UInt16, _ value: [UInt8]) {
    bytes.append16(type)
    bytes.append16(UInt16(value.count))
    bytes += value
  }
  tag(12, Array(name.utf8) + [UInt8](repeating: 0, count: (4 - name.utf8.count % 4) % 4))
  let isV4 = source.ip.isV4 && destination.ip.isV4
  let addresses = addressBytes(source.ip, destination.ip)
  tag(isV4 ? 20 : 22, Array(addresses.prefix(addresses.count / 2)))
  tag(isV4 ? 21 : 23, Array(addresses.suffix(addresses.count / 2)))
  tag(0, [])
  return bytes + content
}

extension [UInt8] {
  fileprivate mutating func append16(_ value: UInt16) {
    self.append(UInt8(value >> 8))
    self.append(UInt8(value & 0xFF))
  }

  fileprivate mutating func append32(_ value: UInt32) {
    self.append16(UInt16(value >> 16))
    self.append16(UInt16(value & 0xFFFF))
  }
}
