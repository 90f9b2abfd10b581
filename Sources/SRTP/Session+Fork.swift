import CSRTP

extension Session {
  /// A second session that goes on exactly as this one would: the same bytes out, the same verdicts.
  ///
  /// The copy has new libsrtp2 sessions, led by throw-away packets to the highest packet index of every SSRC and to every
  /// SRTCP index; which packets came before the fork, this module's own replay windows know. A copy costs about as much as
  /// two new sessions, some packets for each SSRC, and a short packet for every RTCP packet sent so far.
  ///
  /// Only one of the two may ever reach a network: both would use the same nonces.
  public func fork() throws(SRTPError) -> Session {
    guard let context = unsafe csrtp_clone(self.context, 0) else { throw .unavailable }
    let copy = unsafe Session(
      context: context, profile: self.profile, configuration: self.configuration, statistics: self.statistics,
      sending: self.sending, receiving: self.receiving)
    guard unsafe self.resumeSending(context), unsafe self.resumeReceiving(context) else { throw .unavailable }
    return copy
  }

  private func resumeSending(_ context: OpaquePointer) -> Bool {
    var i = 0
    while i < self.sending.streams.count {
      let stream = self.sending.streams[i]
      if stream.highest > 0 {
        let (rollOver, sequence) = Session.split(stream.highest)
        guard unsafe csrtp_resume_sending(context, stream.ssrc, rollOver, sequence) == 0 else { return false }
      }
      guard unsafe csrtp_resume_sending_control(context, stream.ssrc, stream.controlIndex) == 0 else { return false }
      i &+= 1
    }
    return true
  }

  private func resumeReceiving(_ context: OpaquePointer) -> Bool {
    guard self.receiving.streams.count > 0 else { return true }
    guard let mirror = unsafe csrtp_clone(self.context, 1) else { return false }
    defer { unsafe csrtp_free(mirror) }
    var i = 0
    while i < self.receiving.streams.count {
      let stream = self.receiving.streams[i]
      if stream.highest > 0 {
        let (rollOver, sequence) = Session.split(stream.highest)
        guard unsafe csrtp_resume_receiving(context, mirror, stream.ssrc, rollOver, sequence) == 0 else { return false }
      }
      i &+= 1
    }
    return true
  }

  private static func split(_ index: UInt64) -> (rollOver: UInt32, sequence: UInt16) {
    (UInt32(truncatingIfNeeded: index &>> 16), UInt16(truncatingIfNeeded: index))
  }
}
