import Bytes
import DTLS

extension PeerConnection {
  /// The secrets of the DTLS association, for looking at recordings; `DTLS.ExposedSecrets` says why for nothing else. Nil
  /// before its keys exist.
  public var exposedSecrets: DTLS.ExposedSecrets? {
    switch self.dtls {
    case .some(let connection): connection.value.exposedSecrets
    case .none: nil
    }
  }
}
