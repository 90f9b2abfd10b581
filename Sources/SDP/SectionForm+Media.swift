#if Audio
import Bytes
import RTP

extension SectionForm {
  func writeMedia(_ media: OfferedMedia, isTagged: Bool, into writer: inout SpanWriter) {
    writer.put(media.capabilities.kind == .audio ? "m=audio " : "m=video ")
    writer.writeDecimal(UInt64(self.port))
    writer.put(" UDP/TLS/RTP/SAVPF")
    self.writeFormats(media.capabilities.codecs, into: &writer)
    self.writeTransport(mid: media.mid.span, into: &writer)
    self.writeDirection(media.direction, media.source, into: &writer)
    // RFC 8858: what we cannot do without, told so.
    writer.writeLine("a=rtcp-mux-only")
    if media.capabilities.reducedSize { writer.writeLine("a=rtcp-rsize") }
    writer.writeLine("a=extmap-allow-mixed")
    for name in HeaderExtension.allCases {
      let id = media.capabilities.extensions[name]
      if id != 0 { writer.writeExtension(name, id, .sendrecv) }
    }
    for codec in media.capabilities.codecs { writer.writeCodec(codec) }
    self.writeStream(media.direction, media.source, of: media.capabilities.codecs, into: &writer)
    self.writeCandidates(isTagged, into: &writer)
  }

  func writeMedia(
    _ media: NegotiatedMedia, answering section: MediaSection, of offer: SessionDescription, isTagged: Bool,
    into writer: inout SpanWriter
  ) {
    writer.put(media.parameters.kind == .audio ? "m=audio " : "m=video ")
    writer.writeDecimal(UInt64(self.port))
    writer.put(" ")
    writer.put(offer.bytes(in: section.protocolName))
    self.writeFormats(media.parameters.receiveCodecs, into: &writer)
    self.writeTransport(mid: offer.bytes(in: section.mid ?? TextRange(0..<0)), into: &writer)
    self.writeDirection(media.direction, media.source, into: &writer)
    if media.parameters.reducedSize { writer.writeLine("a=rtcp-rsize") }
    if media.allowsMixedExtensions { writer.writeLine("a=extmap-allow-mixed") }
    for mapping in media.extensions {
      if let name = mapping.name { writer.writeExtension(name, mapping.id, mapping.direction.reversed) }
    }
    for codec in media.parameters.receiveCodecs { writer.writeCodec(codec) }
    self.writeRIDs(media, into: &writer)
    self.writeStream(media.direction, media.source, of: media.parameters.sendCodecs, into: &writer)
    self.writeCandidates(isTagged, into: &writer)
  }

  private func writeFormats(_ codecs: [PayloadMapping], into writer: inout SpanWriter) {
    for codec in codecs {
      writer.put(" ")
      writer.writeDecimal(UInt64(codec.payloadType))
      guard let rtx = codec.rtxPayloadType else { continue }
      writer.put(" ")
      writer.writeDecimal(UInt64(rtx))
    }
    writer.endLine()
  }

  private func writeDirection(
    _ direction: MediaSection.Direction, _ source: LocalSource?, into writer: inout SpanWriter
  ) {
    writer.put("a=")
    writer.writeLine(direction.name)
    if let source, direction.sends {
      writer.put("a=msid:")
      writer.put(source)
      writer.endLine()
    }
    writer.writeLine("a=rtcp-mux")
  }

  /// RFC 5576. Peers that know mids could do without; older ones go by it. An RTX stream is none where no codec has one.
  private func writeStream(
    _ direction: MediaSection.Direction, _ source: LocalSource?, of codecs: [PayloadMapping],
    into writer: inout SpanWriter
  ) {
    guard direction.sends, let source, let stream = source.stream else { return }
    let rtx = codecs.contains { $0.rtxPayloadType != nil } ? stream.rtxSSRC : nil
    if let rtx {
      writer.put("a=ssrc-group:FID ")
      writer.writeDecimal(UInt64(stream.ssrc))
      writer.writeLine(" ", decimal: UInt64(rtx))
    }
    writer.writeSSRC(stream.ssrc, source)
    if let rtx { writer.writeSSRC(rtx, source) }
  }

  /// RFC 8851 section 4, RFC 8853 section 5.3.2: the encodings that the peer offered to send, all of them.
  private func writeRIDs(_ media: NegotiatedMedia, into writer: inout SpanWriter) {
    let rids = media.parameters.remoteRIDs
    guard !rids.isEmpty else { return }
    for rid in rids {
      writer.put("a=rid:")
      writer.put(rid.span)
      writer.writeLine(" recv")
    }
    guard media.takesSimulcast else { return }
    writer.put("a=simulcast:recv ")
    var isFirst = true
    for rid in rids {
      if !isFirst { writer.put(";") }
      writer.put(rid.span)
      isFirst = false
    }
    writer.endLine()
  }
}

extension SpanWriter {
  /// The value of `a=msid` (RFC 8830 section 2).
  @inline(never) @_lifetime(self: copy self)
  fileprivate mutating func put(_ source: LocalSource) {
    if source.streamID.isEmpty {
      self.put("-")
    } else {
      self.put(source.streamID.span)
    }
    self.put(" ")
    self.put(source.trackID.span)
  }

  @inline(never) @_lifetime(self: copy self)
  fileprivate mutating func writeSSRC(_ ssrc: UInt32, _ source: LocalSource) {
    self.put("a=ssrc:")
    self.writeDecimal(UInt64(ssrc))
    self.writeLine(" cname:", source.cname.span)
    // Not in RFC 8830, yet where GStreamer and older peers look for it.
    self.put("a=ssrc:")
    self.writeDecimal(UInt64(ssrc))
    self.put(" msid:")
    self.put(source)
    self.endLine()
  }

  @inline(never) @_lifetime(self: copy self)
  fileprivate mutating func writeExtension(_ name: HeaderExtension, _ id: UInt8, _ direction: MediaSection.Direction) {
    self.put("a=extmap:")
    self.writeDecimal(UInt64(id))
    if direction != .sendrecv {
      self.put("/")
      self.put(direction.name)
    }
    self.put(" ")
    self.writeLine(name.uri)
  }

  @inline(never) @_lifetime(self: copy self)
  fileprivate mutating func writeCodec(_ mapping: PayloadMapping) {
    let payloadType = UInt64(mapping.payloadType)
    self.put("a=rtpmap:")
    self.writeDecimal(payloadType)
    self.put(" ")
    self.writeLine(mapping.codec.format.rtpmap)
    self.writeFeedback(payloadType, mapping.remb, "goog-remb")
    self.writeFeedback(payloadType, mapping.transportCC, "transport-cc")
    self.writeFeedback(payloadType, mapping.fir, "ccm fir")
    self.writeFeedback(payloadType, mapping.nack, "nack")
    self.writeFeedback(payloadType, mapping.pli, "nack pli")
    switch mapping.codec.format {
    case .opus: self.writeFormat(payloadType, mapping.codec.opus)
    case .h264: if carriesVideo { self.writeFormat(payloadType, mapping.codec.h264) }
    case .pcmu, .pcma, .vp8, .jpeg: break
    }
    guard let rtx = mapping.rtxPayloadType else { return }
    self.put("a=rtpmap:")
    self.writeDecimal(UInt64(rtx))
    self.put(" rtx/")
    self.writeDecimal(UInt64(mapping.codec.clockRate))
    self.endLine()
    self.put("a=fmtp:")
    self.writeDecimal(UInt64(rtx))
    self.writeLine(" apt=", decimal: payloadType)
  }

  @inline(never) @_lifetime(self: copy self)
  private mutating func writeFeedback(_ payloadType: UInt64, _ isUsed: Bool, _ text: StaticString) {
    guard isUsed else { return }
    self.put("a=rtcp-fb:")
    self.writeDecimal(payloadType)
    self.put(" ")
    self.writeLine(text)
  }

  /// RFC 7587 section 6.1.
  @inline(never) @_lifetime(self: copy self)
  private mutating func writeFormat(_ payloadType: UInt64, _ opus: OpusParameters) {
    self.put("a=fmtp:")
    self.writeDecimal(payloadType)
    self.put(" minptime=10")
    if opus.usesInbandFEC { self.put(";useinbandfec=1") }
    if opus.usesDTX { self.put(";usedtx=1") }
    if opus.prefersStereo { self.put(";stereo=1") }
    if opus.maximumAverageBitRate != 0 {
      self.put(";maxaveragebitrate=")
      self.writeDecimal(UInt64(opus.maximumAverageBitRate))
    }
    self.endLine()
  }

  /// RFC 6184 section 8.2.1.
  @inline(never) @_lifetime(self: copy self)
  private mutating func writeFormat(_ payloadType: UInt64, _ h264: H264Parameters) {
    self.put("a=fmtp:")
    self.writeDecimal(payloadType)
    self.put(h264.allowsLevelAsymmetry ? " level-asymmetry-allowed=1;packetization-mode=" : " packetization-mode=")
    self.writeDecimal(UInt64(h264.packetizationMode))
    self.put(";profile-level-id=")
    var shift: UInt32 = 24
    while shift > 0 {
      shift &-= 4
      let digit = UInt8(truncatingIfNeeded: h264.profileLevelID &>> shift & 15)
      self.write(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
    }
    self.endLine()
  }
}

extension CodecFormat {
  /// What follows the payload type in `a=rtpmap`.
  var rtpmap: StaticString {
    switch self {
    case .pcmu: "PCMU/8000"
    case .pcma: "PCMA/8000"
    case .opus: "opus/48000/2"
    case .h264: "H264/90000"
    case .vp8: "VP8/90000"
    case .jpeg: "JPEG/90000"
    }
  }
}

extension HeaderExtension {
  var uri: StaticString {
    switch self {
    case .mid: "urn:ietf:params:rtp-hdrext:sdes:mid"
    case .rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    case .repairedRID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
    case .absoluteSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    case .transportSequence: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    case .audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    case .absoluteCaptureTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
    }
  }
}
#endif
