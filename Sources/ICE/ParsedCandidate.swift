import Bytes
import STUN

/// What a candidate attribute turned out to be (RFC 8839 section 5.1).
public enum ParsedCandidate: Equatable, Sendable {
  case candidate(Candidate)
  /// Its address is a name, such as the `.local` names behind which browsers hide addresses.
  case hostname(HostnameCandidate)
  /// Well-formed, but of no use to this agent: TCP or another transport, another component, an unknown type, a port 0.
  case unsupported
}

/// A candidate whose name the driver may resolve and then complete.
public struct HostnameCandidate: Equatable, Sendable {
  /// 1...253 bytes.
  public let name: [UInt8]
  var candidate: Candidate

  init(name: [UInt8], candidate: Candidate) {
    self.name = name
    self.candidate = candidate
  }

  public func resolved(to ip: IPAddress) -> Candidate {
    var candidate = self.candidate
    candidate.address.ip = ip
    candidate.base = candidate.address
    return candidate
  }
}
