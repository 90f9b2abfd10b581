import RTP
import Time
import WebRTC

/// The curves of a session.
extension Timeline {
  private var samples: [Sample] { self.session.samples.samples }
  private var noBins: Bins { Bins(from: self.session.start, to: self.session.end) }

  /// What grew between samples, in bins.
  private func growth(_ value: (Sample) -> Double?) -> Bins {
    var bins = self.noBins
    var last = 0.0
    for sample in self.samples {
      guard let now = value(sample) else { continue }
      if now > last { bins.add(now - last, at: sample.time) }
      last = now
    }
    return bins
  }

  private func level(_ value: (Sample) -> Double?) -> Series.Shape {
    SessionViews.level(self.samples.map { ($0.time, value($0)) })
  }

  var transportPlots: [Plot] {
    [
      Plot(
        title: "Bit rate", unit: "bit/s",
        series: [
          Series(name: "received", tone: .a, shape: .rate(self.bytesIn, scale: 8)),
          Series(name: "sent", tone: .b, shape: .rate(self.bytesOut, scale: 8)),
        ]),
      Plot(
        title: "Datagrams a second", unit: "",
        series: [
          Series(name: "received", tone: .a, shape: .rate(self.packetsIn, scale: 1)),
          Series(name: "sent", tone: .b, shape: .rate(self.packetsOut, scale: 1)),
        ]),
      Plot(
        title: "Round trip", unit: "ms",
        series: [
          Series(name: "STUN, each check", tone: .e, shape: .dots(self.roundTrips)),
          Series(name: "ICE, smoothed", tone: .c, shape: self.level { $0.iceRoundTrip.map { milliseconds($0) } }),
          Series(name: "SCTP, smoothed", tone: .a, shape: self.level { $0.sctpRoundTrip.map { milliseconds($0) } }),
          Series(name: "RTCP", tone: .b, shape: self.level { $0.mediaRoundTrip.map { milliseconds($0) } }),
        ]),
      Plot(
        title: "SCTP windows", unit: "B", isLogarithmic: true,
        series: [
          Series(name: "congestion window", tone: .a, shape: self.level { $0.hasSCTP ? Double($0.congestionWindow) : nil }),
          Series(name: "in flight", tone: .b, shape: self.level { $0.hasSCTP ? Double($0.bytesInFlight) : nil }),
          Series(name: "peer's receive window", tone: .c, shape: self.level { $0.hasSCTP ? Double($0.peerWindow) : nil }),
        ]),
      Plot(
        title: "Loss and repair", unit: "",
        series: [
          Series(name: "DATA sent again", tone: .warn, shape: .count(self.growth { Double($0.sctpRetransmissions) })),
          Series(name: "SCTP timeouts", tone: .bad, shape: .count(self.growth { Double($0.sctpTimeouts) })),
          Series(name: "handshake flights sent again", tone: .d, shape: .count(self.growth { Double($0.flightsRepeated) })),
          Series(name: "RTP packets missed", tone: .a, shape: .count(self.missed)),
          Series(name: "RTP packets sent again", tone: .b, shape: .count(self.repeated)),
        ]),
    ]
  }

  /// Of all streams, each by itself: one may go while another comes.
  private var missed: Bins {
    var bins = self.noBins
    var last: [UInt32: Int64] = [:]
    for sample in self.samples {
      for inbound in sample.inbound {
        let (ssrc, lost) = (inbound.stream.ssrc, inbound.stream.inbound.packetsLost)
        let before = last[ssrc] ?? 0
        if lost > before { bins.add(Double(lost &- before), at: sample.time) }
        last[ssrc] = lost
      }
    }
    return bins
  }

  private var repeated: Bins {
    self.growth { $0.outbound.reduce(0) { $0 + Double($1.line.outbound.retransmittedPacketsSent) } }
  }

  // MARK: Streams

  struct StreamPlots {
    var title: String
    var detail: String
    var plots: [Plot]
  }

  var streamPlots: [StreamPlots] {
    let repairs = self.repairSources
    return self.traffic.filter { !repairs.contains($0.ssrc) }.map { stream in
      stream.direction == .incoming ? self.inboundPlots(stream) : self.outboundPlots(stream)
    }
  }

  /// SSRCs that repeat another one's packets.
  private var repairSources: Set<UInt32> {
    var sources: Set<UInt32> = []
    for sample in self.samples {
      for inbound in sample.inbound { if let rtx = inbound.stream.rtxSSRC { sources.insert(rtx) } }
      for outbound in sample.outbound where outbound.line.outbound.rtxSSRC != 0 {
        sources.insert(outbound.line.outbound.rtxSSRC)
      }
    }
    return sources
  }

  private func bytes(of ssrc: UInt32?, _ direction: PathDirection) -> Bins {
    self.traffic.first { $0.ssrc == ssrc && $0.direction == direction }?.bytes ?? self.noBins
  }

  private func detail(_ stream: StreamTraffic) -> String {
    ssrcText(stream.ssrc) + (stream.mid.isEmpty ? "" : " · mid \(quoted(stream.mid))")
      + " · \(plural(stream.packets, "packet")), \(durationText(stream.last - stream.first))"
  }

  private func inboundPlots(_ stream: StreamTraffic) -> StreamPlots {
    let codec = self.codecs.last { $0.ssrc == stream.ssrc }?.codec
    func find(_ sample: Sample) -> RTP.Session.StreamStatistics? { sample.inbound.first { $0.stream.ssrc == stream.ssrc }?.stream }
    let rtx = self.samples.lazy.compactMap { find($0)?.rtxSSRC }.first
    let rate = Double(codec?.clockRate ?? 90_000)
    var delays: [(Instant, Double?)] = []
    var before = (delay: 0.0, count: UInt64(0))
    for sample in self.samples {
      guard let inbound = find(sample)?.inbound else { continue }
      let count = inbound.jitterBufferEmittedCount
      guard count > before.count else { continue }
      let delay = milliseconds(inbound.jitterBufferDelay)
      delays.append((sample.time, (delay - before.delay) / Double(count - before.count)))
      before = (delay, count)
    }
    let plots = [
      Plot(
        title: "Bit rate", unit: "bit/s",
        series: [
          Series(name: "stream", tone: .a, shape: .rate(stream.bytes, scale: 8)),
          Series(name: "repairs (RTX)", tone: .warn, shape: .rate(self.bytes(of: rtx, .incoming), scale: 8)),
        ]),
      Plot(
        title: "Jitter and buffer", unit: "ms",
        series: [
          Series(name: "jitter", tone: .c, shape: self.level { find($0).map { Double($0.inbound.jitter) / rate * 1000 } }),
          Series(name: "in the jitter buffer, a frame", tone: .d, shape: SessionViews.level(delays)),
        ]),
      Plot(
        title: "Loss and repair", unit: "",
        series: [
          Series(name: "missed", tone: .bad, shape: .count(self.growth { find($0).map { Double($0.inbound.packetsLost) } })),
          Series(name: "asked for (NACK)", tone: .warn, shape: .count(self.growth { find($0).map { Double($0.inbound.packetsAskedFor) } })),
          Series(name: "repaired", tone: .good, shape: .count(self.growth { find($0).map { Double($0.inbound.packetsRepaired) } })),
          Series(name: "given up", tone: .off, shape: .count(self.growth { find($0).map { Double($0.inbound.packetsGivenUp) } })),
          Series(name: "key frames asked for (PLI)", tone: .d, shape: .count(self.growth { find($0).map { Double($0.inbound.keyFrameRequests) } })),
        ]),
    ]
    let name = codec.map { "\($0.kind) · \($0.format.name)" } ?? "payload type \(stream.payloadType)"
    return StreamPlots(title: "Received \(name)", detail: self.detail(stream), plots: plots)
  }

  private func outboundPlots(_ stream: StreamTraffic) -> StreamPlots {
    func find(_ sample: Sample) -> RTP.Session.LineStatistics? {
      sample.outbound.first { $0.line.outbound.ssrc == stream.ssrc }?.line
    }
    let transceiver = self.samples.lazy.compactMap { $0.outbound.first { $0.line.outbound.ssrc == stream.ssrc }?.transceiver }.first
    let info = transceiver.flatMap { self.session.final.transceivers.indices.contains($0) ? self.session.final.transceivers[$0] : nil }
    let rtx = self.samples.lazy.compactMap { find($0)?.outbound.rtxSSRC }.first { $0 != 0 }
    let rate = Double(info?.sendCodec?.clockRate ?? (info?.kind == .audio ? 48_000 : 90_000))
    let plots = [
      Plot(
        title: "Bit rate", unit: "bit/s",
        series: [
          Series(name: "stream", tone: .b, shape: .rate(stream.bytes, scale: 8)),
          Series(name: "repeats (RTX)", tone: .warn, shape: .rate(self.bytes(of: rtx, .outgoing), scale: 8)),
        ]),
      Plot(
        title: "The peer's reports", unit: "ms",
        series: [
          Series(
            name: "jitter", tone: .c,
            shape: self.level { find($0).flatMap { $0.remoteInbound.reportsReceived > 0 ? Double($0.remoteInbound.jitter) / rate * 1000 : nil } }),
          Series(name: "round trip", tone: .e, shape: self.level { find($0)?.remoteInbound.roundTripTime.map { milliseconds($0) } }),
        ]),
      Plot(
        title: "Loss and repair", unit: "",
        series: [
          Series(name: "lost, says the peer", tone: .bad, shape: .count(self.growth { find($0).map { Double($0.remoteInbound.packetsLost) } })),
          Series(name: "NACKs received", tone: .warn, shape: .count(self.growth { find($0).map { Double($0.outbound.nackCount) } })),
          Series(name: "sent again", tone: .good, shape: .count(self.growth { find($0).map { Double($0.outbound.retransmittedPacketsSent) } })),
          Series(name: "PLI and FIR received", tone: .d, shape: .count(self.growth { find($0).map { Double($0.outbound.pliCount &+ $0.outbound.firCount) } })),
        ]),
    ]
    var name = "payload type \(stream.payloadType)"
    if let info { name = "\(info.kind)" + (info.sendCodec.map { " · \($0.format.name)" } ?? "") }
    return StreamPlots(title: "Sent \(name)", detail: self.detail(stream), plots: plots)
  }
}

extension CodecFormat {
  var name: String {
    switch self {
    case .pcmu: "PCMU"
    case .pcma: "PCMA"
    case .opus: "Opus"
    case .h264: "H264"
    case .vp8: "VP8"
    case .jpeg: "JPEG"
    }
  }
}
