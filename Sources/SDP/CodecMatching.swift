import RTP

extension Codec {
  /// Whether the two can be one payload type: what sides may choose for themselves, as a level or Opus' parameters, left aside.
  func isSameConfiguration(as other: Codec) -> Bool {
    guard self.format == other.format else { return false }
    return self.format != .h264 || H264Parameters.settle(offered: self.h264, ours: other.h264) != nil
  }
}

extension H264Parameters {
  /// What two sides may send each other (RFC 6184 section 8.2.2): nil where profile or packetization mode differ. Each side says with
  /// its level what it takes, where both allow it; otherwise the lower one holds for both.
  static func settle(offered: H264Parameters, ours: H264Parameters) -> (send: H264Parameters, receive: H264Parameters)? {
    guard offered.profileLevelID &>> 8 == ours.profileLevelID &>> 8,
      offered.packetizationMode == ours.packetizationMode
    else { return nil }
    return (offered, ours)
  }
}
