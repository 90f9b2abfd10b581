extension Session {
  /// What was sent on a line, and what the peer reported of it; nil: no such line.
  public func statistics(of line: Int) -> LineStatistics? {
    guard self.lines.indices.contains(line) else { return nil }
    var result = LineStatistics()
    result.outbound = self.lines[line].sender.statistics
    result.outbound.ssrc = self.lines[line].sender.ssrc
    result.outbound.rtxSSRC = self.lines[line].sender.rtxSSRC
    result.outbound.packetsWaiting = self.lines[line].sender.store.waiting
    result.remoteInbound = self.lines[line].remoteInbound
    return result
  }

  /// How many streams are received now, over all lines.
  public var streamCount: Int { self.streams.count }

  /// One of them, by its place: places change when streams come and go.
  public func stream(at index: Int) -> StreamStatistics? {
    guard self.streams.indices.contains(index) else { return nil }
    return StreamStatistics(
      line: self.streams[index].line, ssrc: self.streams[index].ssrc, rtxSSRC: self.streams[index].rtxSSRC,
      rid: self.streams[index].rid, cname: self.streams[index].cname, inbound: self.streams[index].receiver.statistics,
      remoteOutbound: self.streams[index].remoteOutbound)
  }

  /// What the peer's transport-wide feedback says of everything that was sent.
  public var transportStatistics: TransportStatistics { self.departures.statistics }
}
