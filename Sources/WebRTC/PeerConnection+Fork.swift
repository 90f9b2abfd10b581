import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import SCTP
import SDP
import STUN
import Time

#if Audio
import RTP
import SRTP
#endif

extension PeerConnection {
  /// A second connection that goes on byte for byte as this one would: for replay, simulation and fuzzing. At most one
  /// of the two may reach a network. Throws `DTLS.UsageError.outOfMemory` where the providers have no memory for contexts.
  public func fork() throws(DTLS.UsageError) -> PeerConnection { try PeerConnection(forking: self) }

  private init(forking other: borrowing PeerConnection) throws(DTLS.UsageError) {
    let dtls = try other.forkDTLS()
    #if Audio
    let srtp = try other.forkSRTP()
    var core = other.core
    core.media = core.media.map { Media(copying: $0) }
    self.storage = Indirect(core)
    self.dtls = dtls
    self.srtp = srtp
    #else
    self.storage = Indirect(other.core)
    self.dtls = dtls
    #endif
  }

  private func forkDTLS() throws(DTLS.UsageError) -> Indirect<DTLS.Connection>? {
    switch self.dtls {
    case .some(let connection): try Indirect { () throws(DTLS.UsageError) in try connection.value.fork() }
    case .none: nil
    }
  }

  #if Audio
  private func forkSRTP() throws(DTLS.UsageError) -> SRTP.Session? {
    do throws(SRTP.SRTPError) { return try self.srtp?.fork() } catch { throw .outOfMemory }
  }
  #endif
}
