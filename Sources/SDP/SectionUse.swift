#if Audio
import RTP
#endif

/// What a section of a peer's description can be used for by an engine with one transport.
public enum SectionUse: Equatable, Sendable {
  case data
  #if Audio
  case media(MediaKind)
  #endif
  /// For nothing: port 0, a medium or protocol of no use here, media without `a=rtcp-mux` or without ICE and DTLS, a
  /// transport of its own. In an offer it is to be rejected.
  case none
}

extension SessionDescription {
  /// What the section can be used for, given that the transport is that of the section `transport`; nil: that is open yet.
  ///
  /// All sections use one transport, so all must stand in one BUNDLE group, but where the description has a single one in
  /// use. RTP and RTCP share it: media without `a=rtcp-mux` is refused (RFC 8829 section 4.1.1, `rtcpMuxPolicy` "require"),
  /// as is plain `RTP/AVP`, which promises neither keys nor feedback.
  public func use(of index: Int, sharing transport: Int?) -> SectionUse {
    guard index >= 0, index < self.sections.count, !self.isRejected(index) else { return .none }
    if let transport, transport != index, !self.shareTransport(transport, index) { return .none }
    let section = self.sections[index]
    switch section.kind {
    case .application: return self.carriesDataChannels(section) ? .data : .none
    #if Audio
    case .audio: return self.carriesMedia(section) ? .media(.audio) : .none
    case .video: return self.carriesMedia(section) ? .media(.video) : .none
    #endif
    default: return .none
    }
  }

  /// Whether the two stand in one BUNDLE group.
  func shareTransport(_ a: Int, _ b: Int) -> Bool {
    guard a < self.sections.count, let mid = self.sections[a].mid, let group = self.bundleGroup(of: b) else { return false }
    let text = self.text.span
    return group.contains { text.equal($0.range, mid.range) }
  }

  #if Audio
  /// With a fingerprint at hand the profile is DTLS-SRTP, whatever the name says of it (RFC 8829 section 5.1.2).
  private func carriesMedia(_ section: MediaSection) -> Bool {
    let text = self.text.span
    let name = section.protocolName.range
    return section.hasRTCPMux
      && (text.matches("UDP/TLS/RTP/SAVPF", in: name) || text.matches("RTP/SAVPF", in: name)
        || text.matches("TCP/DTLS/RTP/SAVPF", in: name) || text.matches("TCP/TLS/RTP/SAVPF", in: name)
        || text.matches("UDP/TLS/RTP/SAVP", in: name) || text.matches("RTP/SAVP", in: name)
        || text.matches("RTP/AVPF", in: name))
  }
  #endif
}
