#if Audio
import RTP

extension Codec {
  /// Whether the two can be one payload type: what sides may choose for themselves, as a level or Opus' parameters, left aside.
  func isSameConfiguration(as other: Codec) -> Bool { self.settle(ours: other) != nil }

  /// What we may send and what we take where the peer describes its own as `self`; nil where that is another codec.
  ///
  /// A side's parameters say what it would like to be sent.
  func settle(ours: Codec) -> (send: Codec, receive: Codec)? {
    guard self.format == ours.format else { return nil }
    guard carriesVideo, self.format == .h264 else { return (self, ours) }
    guard let (send, receive) = H264Parameters.settle(theirs: self.h264, ours: ours.h264) else { return nil }
    var result = (send: self, receive: ours)
    result.send.h264 = send
    result.receive.h264 = receive
    return result
  }
}

extension H264Parameters {
  /// What two sides may send each other (RFC 6184 section 8.2.2): nil where profile or packetization mode differ. Each side
  /// says with its level what it takes, where both allow it; otherwise the lower one holds for both.
  static func settle(theirs: H264Parameters, ours: H264Parameters) -> (send: H264Parameters, receive: H264Parameters)? {
    guard let receive = ours.answering(theirs) else { return nil }
    return (receive.allowsLevelAsymmetry ? theirs : receive, receive)
  }
}
#endif
