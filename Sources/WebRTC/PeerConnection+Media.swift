#if Audio
import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time

public typealias FrameTiming = RTP.FrameTiming
public typealias ReceivedFrame = RTP.ReceivedFrame
public typealias ReceivedPacket = RTP.ReceivedPacket

/// Why a frame was not taken.
public enum FrameSendError: Error, Equatable, Sendable {
  /// The connection is not up, or is over.
  case notConnected
  /// The transceiver may not send: no codec in common, a direction without sending, or not negotiated yet.
  case notNegotiated
  /// Packets of earlier frames still wait for their turn, and there is no room for more: drop the frame, or try again after
  /// `nextDeadline`.
  case wouldBlock
  /// Not a frame of the negotiated codec.
  case malformed
  /// Larger than all the room there is (`Configuration.rtp`).
  case tooLarge
}

/// Audio and video (RFC 8834, 8829).
extension PeerConnection {
  // MARK: Transceivers

  /// Adds a transceiver; the next offer has a section for it, or it takes the first section of its kind that the peer offers.
  /// Throws `configuration` where there are `Configuration.rtp.maximumLines` that are not stopped, or were 1,024 in all.
  @discardableResult
  public mutating func addTransceiver(
    _ kind: MediaKind, _ options: TransceiverOptions = .init(), now: Instant
  ) throws(UsageError) -> Transceiver {
    guard !self.core.isClosing else { throw .closed }
    guard isToken(options.streamID), isToken(options.trackID) else { throw .configuration }
    self.prepareMedia(now: now)
    guard let index = self.makeTransceiver(kind, options, now: now) else { throw .configuration }
    self.noteNegotiationNeeded()
    return Transceiver(index: index)
  }

  /// What we would like from the next exchange of descriptions on; until then nothing changes.
  public mutating func setDirection(
    _ direction: MediaDirection, of transceiver: Transceiver
  ) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    guard let media = self.core.media, media.has(transceiver) else { throw .wrongState }
    guard media.transceivers[transceiver.index].direction != direction else { return }
    media.transceivers[transceiver.index].direction = direction
    self.noteNegotiationNeeded()
  }

  /// Ends it: nothing more is sent or taken, and the next description gives its section up (W3C RTCRtpTransceiver.stop).
  public mutating func stopTransceiver(_ transceiver: Transceiver, now: Instant) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    guard let media = self.core.media, media.has(transceiver) else { throw .wrongState }
    self.retire(transceiver.index, now: now)
    self.updateMediaDeadline()
    self.noteNegotiationNeeded()
  }

  /// How many there have been; they are numbered from 0.
  public var transceiverCount: Int { self.core.media?.transceivers.count ?? 0 }

  public func transceiverInfo(_ transceiver: Transceiver) -> TransceiverInfo? {
    guard let media = self.core.media, transceiver.index >= 0, transceiver.index < media.transceivers.count else { return nil }
    let state = media.transceivers[transceiver.index]
    let mayReceive = state.negotiated?.parameters.receives ?? false
    return TransceiverInfo(
      kind: state.kind, mid: state.mid ?? [], direction: state.direction, currentDirection: state.negotiated?.direction,
      isStopped: state.isStopped,
      sendCodec: state.negotiated.flatMap { $0.parameters.sends ? $0.parameters.sendCodecs.first?.codec : nil },
      sendPayloadType: state.negotiated.flatMap { $0.parameters.sends ? $0.parameters.sendCodecs.first?.payloadType : nil },
      remoteStreamIDs: mayReceive ? state.negotiated?.remoteStreamIDs ?? [] : [],
      remoteTrackID: mayReceive ? state.negotiated?.remoteTrackID ?? [] : [])
  }

  // MARK: Frames

  /// Sends a frame of the negotiated codec: an H264 access unit in Annex B, a VP8 frame, an Opus packet, G.711 samples, a JPEG file.
  public mutating func sendFrame(
    _ frame: Span<UInt8>, _ timing: FrameTiming, on transceiver: Transceiver, now: Instant
  ) throws(FrameSendError) {
    let line = try self.sendingLine(of: transceiver, now: now)
    do throws(RTP.SendError) {
      try self.core.media?.session.send(frame, timing, on: line, now: now)
    } catch {
      throw FrameSendError(error)
    }
    self.updateMediaDeadline()
  }

  /// Sends a payload that is in the codec's RTP format already: what `receivePacket` gave of another connection, for one.
  public mutating func sendPacket(
    _ payload: Span<UInt8>, marker: Bool, _ timing: FrameTiming, on transceiver: Transceiver, now: Instant
  ) throws(FrameSendError) {
    let line = try self.sendingLine(of: transceiver, now: now)
    do throws(RTP.SendError) {
      try self.core.media?.session.sendPacket(payload, marker: marker, timing, on: line, now: now)
    } catch {
      throw FrameSendError(error)
    }
    self.updateMediaDeadline()
  }

  private mutating func sendingLine(of transceiver: Transceiver, now: Instant) throws(FrameSendError) -> Int {
    guard self.core.isMediaReady, !self.core.isClosing else { throw .notConnected }
    guard let media = self.core.media, media.has(transceiver) else { throw .notNegotiated }
    self.core.clock = max(self.core.clock, now)
    return media.transceivers[transceiver.index].line
  }

  /// The size of the frame that `receiveFrame` would give next; nil where none is whole and in order.
  public var nextFrameSize: Int? { self.core.media?.session.sizeOfNextFrame() ?? nil }

  /// Takes the next whole frame, in the order of its stream; nil when there is none, or when `writer` has less room than
  /// `nextFrameSize`. What is not taken is dropped when the jitter buffer is full.
  public mutating func receiveFrame(into writer: inout SpanWriter) -> (Transceiver, ReceivedFrame)? {
    guard let media = self.core.media, let frame = media.session.receiveFrame(into: &writer),
      let transceiver = media.transceiver(ofLine: frame.line)
    else { return nil }
    return (transceiver, frame)
  }

  /// Takes the next payload of a receiver whose `delivery` is `.packets`; as `receiveFrame`. With `.inPlace`, the few that came ahead
  /// of the keys.
  public mutating func receivePacket(into writer: inout SpanWriter) -> (Transceiver, ReceivedPacket)? {
    guard let media = self.core.media, let packet = media.session.receivePacket(into: &writer),
      let transceiver = media.transceiver(ofLine: packet.line)
    else { return nil }
    return (transceiver, packet)
  }

  /// Whether the configuration has any receiver give packets in place of frames.
  public var deliversPackets: Bool {
    self.core.configuration.rtp.audioReceiver.delivery != .frames
      || self.core.configuration.rtp.videoReceiver.delivery != .frames
  }

  /// Asks the peer for a key frame (PLI, or FIR where that alone was negotiated).
  public mutating func requestKeyFrame(of transceiver: Transceiver, now: Instant) {
    guard let media = self.core.media, media.has(transceiver) else { return }
    media.session.requestKeyFrame(of: media.transceivers[transceiver.index].line, now: now)
    self.updateMediaDeadline()
  }

  // MARK: Statistics

  /// Numbers of both directions by their W3C names; nil: no such transceiver, or one that ended and gave its place to another.
  public func mediaStatistics(of transceiver: Transceiver) -> RTP.Session.LineStatistics? {
    guard let media = self.core.media, transceiver.index >= 0, transceiver.index < media.transceivers.count else { return nil }
    return media.session.statistics(of: media.transceivers[transceiver.index].line)
  }

  /// Numbers of the streams that the transceiver receives.
  public func receivedStreams(of transceiver: Transceiver) -> [RTP.Session.StreamStatistics] {
    guard let media = self.core.media, transceiver.index >= 0, transceiver.index < media.transceivers.count else { return [] }
    let line = media.transceivers[transceiver.index].line
    var result: [RTP.Session.StreamStatistics] = []
    var index = 0
    while let stream = media.session.stream(at: index) {
      if stream.line == line { result.append(stream) }
      index &+= 1
    }
    return result
  }

  /// What transport-wide feedback says of the path; nil before there is any media.
  public var mediaTransportStatistics: RTP.TransportStatistics? { self.core.media?.session.transportStatistics }

  /// The round trip by RTCP; nil until a report has told.
  public var mediaRoundTripTime: Interval? { self.core.media?.session.roundTripTime }

  // MARK: Inside

  /// Makes the RTP session when there is to be media for the first time.
  mutating func prepareMedia(now: Instant) {
    guard self.core.media == nil else { return }
    self.core.media = Media(configuration: self.core.configuration.rtp, random: self.core.random.split(), now: now)
    self.startMedia(now: now)
  }

  /// Nil where there are as many as the configuration allows.
  mutating func makeTransceiver(_ kind: MediaKind, _ options: TransceiverOptions, now: Instant) -> Int? {
    guard let media = self.core.media, media.transceivers.count < Media.maximumTransceivers,
      let line = try? media.session.addLine(kind: kind)
    else { return nil }
    var capabilities = kind == .audio ? self.core.configuration.audio : self.core.configuration.video
    if !options.formats.isEmpty { capabilities = capabilities.limited(to: options.formats) }
    media.add(
      TransceiverState(
        kind: kind, line: line, capabilities: capabilities,
        streamID: options.streamID.isEmpty ? media.cname : options.streamID,
        trackID: options.trackID.isEmpty ? randomToken(&self.core.random) : options.trackID, direction: options.direction))
    return media.transceivers.count &- 1
  }

  /// Keys the SRTP session as soon as there are both media and keys for them (RFC 5764 section 4.2).
  mutating func startMedia(now: Instant) {
    guard self.core.media != nil, self.core.isAuthenticated, !self.core.isMediaReady else { return }
    let profile: SRTPProfile?
    switch self.dtls {
    case .some(let connection): profile = connection.value.negotiatedSRTPProfile
    case .none: profile = nil
    }
    // A peer that agreed on no profile gets no media; its data channels are none the worse.
    guard let profile, let protection = ProtectionProfile(rawValue: profile.rawValue) else {
      _ = self.core.earlyMedia.removeAll()
      return
    }
    var material = SecretBytes(count: protection.keyingMaterialLength)
    var span = material.mutableBytes
    do throws(DTLS.UsageError) {
      try self.dtls?.value.exportKeyingMaterial(label: "EXTRACTOR-dtls_srtp", into: &span)
    } catch {
      return
    }
    do throws(SRTP.SRTPError) {
      self.srtp = try SRTP.Session(
        profile: protection, keyingMaterial: material.bytes, isDTLSClient: self.isDTLSClient,
        configuration: self.core.configuration.srtp)
      self.core.isMediaReady = true
    } catch {
      self.fail(.srtp)
      self.core.channels.abort(now: now)
    }
    self.updateMediaDeadline()
    for entry in self.core.earlyMedia.removeAll() where self.core.agent.accepts(from: entry.remote, to: entry.local) {
      var bytes = entry.bytes
      var datagram = bytes.mutableSpan
      self.receiveMedia(&datagram, from: entry.remote, to: entry.local, keeps: true, now: now)
    }
  }

  /// An SRTP or SRTCP packet. `keeps`: nobody takes it from the datagram.
  @discardableResult
  mutating func receiveMedia(
    _ datagram: inout MutableSpan<UInt8>, from remote: TransportAddress, to local: TransportAddress, keeps: Bool = false,
    now: Instant
  ) -> (Transceiver, ReceivedPacket)? {
    guard self.core.agent.accepts(from: remote, to: local) else {
      self.core.counters.unacceptedDatagrams &+= 1
      return nil
    }
    guard self.core.isMediaReady, let media = self.core.media else {
      // The peer may be through with the handshake while its last flight is still on the way to us.
      if self.dtls != nil, !self.core.isAuthenticated {
        self.core.earlyMedia.append(datagram.span, from: remote, to: local)
      } else {
        self.core.counters.unknownDatagrams &+= 1
      }
      return nil
    }
    var packet: ReceivedPacket?
    // RFC 5761 section 4: RTCP's packet types are where RTP has payload types 64 to 95 with the marker.
    let isControl = datagram.count > 1 && datagram[1] >= 192 && datagram[1] <= 223
    if isControl {
      guard let count = self.srtp?.unprotectControl(&datagram) ?? nil else { return nil }
      media.session.receiveControl(datagram.span.extracting(0..<count), now: now)
    } else {
      guard let count = self.srtp?.unprotect(&datagram) ?? nil else { return nil }
      packet = media.session.receive(datagram.span.extracting(0..<count), keeps: keeps, now: now)
    }
    self.core.agent.didReceiveData(from: remote, to: local, now: now)
    self.updateMediaDeadline()
    guard let packet, let transceiver = media.transceiver(ofLine: packet.line) else { return nil }
    return (transceiver, packet)
  }

  /// Writes the next packet of media and protects it where it lies.
  mutating func sealMedia(into writer: inout SpanWriter) -> Bool {
    guard self.core.isMediaReady, let media = self.core.media else { return false }
    let start = writer.count
    // A packet that found no room for its tag would be lost.
    // RTX adds two bytes to a packet.
    guard writer.remaining >= self.core.configuration.rtp.maximumPacketSize &+ 2 &+ SRTP.Session.tailroom else { return false }
    while let kind = media.session.pollTransmit(into: &writer, now: self.core.clock) {
      let count = writer.count &- start
      writer.skip(SRTP.Session.tailroom)
      var packet = writer.mutableBytes(in: start..<writer.count)
      let sealed: Int?
      switch kind {
      case .rtp: sealed = self.srtp?.protect(&packet, count: count) ?? nil
      case .rtcp: sealed = self.srtp?.protectControl(&packet, count: count) ?? nil
      }
      if let sealed {
        writer.rewind(to: start &+ sealed)
        return true
      }
      // One stream too many for SRTP, for one: those behind it go all the same.
      self.core.counters.sealFailures &+= 1
      writer.rewind(to: start)
    }
    self.updateMediaDeadline()
    return false
  }

  /// Says BYE for every stream of ours (RFC 3550 section 6.6).
  mutating func leaveMedia(now: Instant) {
    guard let media = self.core.media else { return }
    var index = 0
    while index < media.transceivers.count {
      media.session.removeLine(media.transceivers[index].line, now: now)
      index &+= 1
    }
  }

  mutating func updateMediaDeadline() {
    self.core.mediaDeadline = self.core.isMediaReady ? self.core.media?.session.nextDeadline ?? nil : nil
  }

  /// An event of the RTP session, in the terms of this layer.
  mutating func pollMediaEvent() -> Event? {
    guard let media = self.core.media else { return nil }
    while let event = media.session.pollEvent() {
      switch event {
      case .keyFrameRequested(let line):
        if let transceiver = media.transceiver(ofLine: line) { return .keyFrameRequested(transceiver) }
      case .streamAdded(let line, let ssrc, let codec):
        if let transceiver = media.transceiver(ofLine: line) { return .streamAdded(transceiver, ssrc: ssrc, codec) }
      case .streamRemoved(let line, let ssrc):
        if let transceiver = media.transceiver(ofLine: line) { return .streamRemoved(transceiver, ssrc: ssrc) }
      case .sourceChanged:
        self.noteNegotiationNeeded()
        if let event = self.core.events.popFirst() { return event }
      case .bandwidth(let bitsPerSecond):
        return .bandwidthEstimated(bitsPerSecond: bitsPerSecond)
      }
    }
    return nil
  }
}

extension FrameSendError {
  init(_ error: RTP.SendError) {
    switch error {
    case .wouldBlock: self = .wouldBlock
    case .malformed: self = .malformed
    case .notNegotiated: self = .notNegotiated
    case .tooLarge: self = .tooLarge
    }
  }
}

extension Media {
  /// Whether it exists and is not stopped.
  func has(_ transceiver: Transceiver) -> Bool {
    transceiver.index >= 0 && transceiver.index < self.transceivers.count
      && !self.transceivers[transceiver.index].isStopped
  }
}

/// Empty, or 1 to 64 characters of a token (RFC 8830 section 2).
private func isToken(_ bytes: [UInt8]) -> Bool {
  guard bytes.count <= 64 else { return false }
  for byte in bytes {
    switch byte {
    case 0x21, 0x23...0x27, 0x2a...0x2b, 0x2d...0x2e, 0x30...0x39, 0x41...0x5a, 0x5e...0x7e: continue
    default: return false
    }
  }
  return true
}
#endif
