#if Audio
import RTP

/// Finds what two sides have in common about a media section (RFC 3264 section 6, RFC 8829 sections 5.10 and 5.11).
///
/// Payload types: each side says with which numbers it wants to be sent to. An answer keeps the offer's, so both directions use
/// the same, unless the answerer chose its own.
public enum MediaNegotiation {
  /// Our answer to a section of the peer's offer. `direction` is what we would like; what comes out is no more than the offer
  /// leaves room for (RFC 3264 section 6.1). Codecs keep the offer's order. Nil: none in common, and the section is to be
  /// rejected.
  public static func answer(
    _ offer: MediaDescription, capabilities: MediaCapabilities, direction: MediaSection.Direction
  ) -> NegotiatedMedia? {
    guard offer.kind == capabilities.kind else { return nil }
    let direction = direction.limited(to: offer.direction.reversed)
    var result = NegotiatedMedia(parameters: LineParameters(kind: offer.kind), direction: direction, remote: offer)
    for format in offer.formats {
      guard case .codec(let offered) = format.encoding, let (ours, settled) = capabilities.match(offered) else { continue }
      var mapping = PayloadMapping(payloadType: format.payloadType, codec: settled.send)
      if ours.rtxPayloadType != nil { mapping.rtxPayloadType = offer.rtx(of: format.payloadType) }
      mapping.takeFeedback(of: ours, limitedTo: format.feedback)
      result.parameters.sendCodecs.append(mapping)
      mapping.codec = settled.receive
      result.parameters.receiveCodecs.append(mapping)
    }
    guard !result.parameters.sendCodecs.isEmpty else { return nil }
    result.takeExtensions(of: offer, limitedTo: capabilities.extensions, isAnswer: false)
    result.parameters.reducedSize = offer.reducedSize && capabilities.reducedSize
    result.takeRIDs(of: offer, receivesSimulcast: capabilities.receivesSimulcast)
    return result
  }

  /// What the peer's answer leaves of a section that we offered. Nil: no codec of ours, and the section is as good as rejected.
  ///
  /// We send what the answer lists, and take whatever we offered: browsers keep sending the offer's first codec even where
  /// the answer has another order.
  public static func settle(_ answer: MediaDescription, offered: OfferedMedia) -> NegotiatedMedia? {
    let capabilities = offered.capabilities
    guard answer.kind == capabilities.kind else { return nil }
    let direction = offered.direction.limited(to: answer.direction.reversed)
    var result = NegotiatedMedia(parameters: LineParameters(kind: answer.kind), direction: direction, remote: answer)
    result.parameters.receiveCodecs = capabilities.codecs
    for format in answer.formats {
      guard case .codec(let theirs) = format.encoding,
        let index = capabilities.place(answered: theirs, as: format.payloadType),
        let settled = theirs.settle(ours: capabilities.codecs[index].codec)
      else { continue }
      let ours = capabilities.codecs[index]
      var mapping = PayloadMapping(payloadType: format.payloadType, codec: settled.send)
      if ours.rtxPayloadType != nil { mapping.rtxPayloadType = answer.rtx(of: format.payloadType) }
      mapping.takeFeedback(of: ours, limitedTo: format.feedback)
      result.parameters.sendCodecs.append(mapping)
      mapping.payloadType = ours.payloadType
      mapping.codec = settled.receive
      if mapping.rtxPayloadType != nil { mapping.rtxPayloadType = ours.rtxPayloadType }
      result.parameters.receiveCodecs[index] = mapping
    }
    guard !result.parameters.sendCodecs.isEmpty else { return nil }
    result.takeExtensions(of: answer, limitedTo: capabilities.extensions, isAnswer: true)
    result.parameters.reducedSize = answer.reducedSize && capabilities.reducedSize
    result.source = offered.source
    return result
  }
}

extension NegotiatedMedia {
  fileprivate init(
    parameters: LineParameters, direction: MediaSection.Direction, remote: MediaDescription
  ) {
    self.parameters = parameters
    self.direction = direction
    self.parameters.mid = remote.mid
    self.parameters.sends = direction.sends
    self.parameters.receives = direction.receives
    // Firefox announces streams in sections that send nothing, too.
    guard direction.receives else { return }
    self.parameters.remoteStreams = remote.streams
    self.remoteStreamIDs = remote.streamIDs
    self.remoteTrackID = remote.trackID
    self.remoteCNAME = remote.cname
  }

  /// RFC 8285 sections 6 and 7. An extension that the peer only sends is left out where we would send it as well; rids are
  /// never ours to send. Ids beyond the one-byte form are left out unless both forms may be mixed.
  fileprivate mutating func takeExtensions(
    of remote: MediaDescription, limitedTo ours: HeaderExtensionMap, isAnswer: Bool
  ) {
    self.allowsMixedExtensions = remote.allowsMixedExtensions
    for mapping in remote.extensions {
      guard let name = mapping.name, ours[name] != 0, !isAnswer || ours[name] == mapping.id else { continue }
      guard mapping.id < 15 || remote.allowsMixedExtensions else { continue }
      switch mapping.direction {
      case .sendrecv, .recvonly: break
      case .sendonly: guard !self.direction.sends || name == .rid || name == .repairedRID else { continue }
      case .inactive: continue
      }
      self.parameters.extensions[name] = mapping.id
      self.extensions.append(mapping)
    }
  }

  /// RFC 8853 section 5.3.2. Streams are told apart by the header extension, so without it there are none.
  fileprivate mutating func takeRIDs(of offer: MediaDescription, receivesSimulcast: Bool) {
    guard self.direction.receives, self.parameters.extensions.rid != 0 else { return }
    if !offer.simulcast.isEmpty {
      guard receivesSimulcast else { return }
      self.takesSimulcast = true
      self.parameters.remoteRIDs = offer.simulcast
    } else {
      for rid in offer.rids where rid.isSent { self.parameters.remoteRIDs.append(rid.id) }
    }
  }
}

extension MediaCapabilities {
  /// The first codec of ours that the peer's can be.
  fileprivate func match(_ theirs: Codec) -> (PayloadMapping, (send: Codec, receive: Codec))? {
    for ours in self.codecs {
      if let settled = theirs.settle(ours: ours.codec) { return (ours, settled) }
    }
    return nil
  }

  /// Which of our codecs an answer means: that of the same number where it can be, else the first that can.
  fileprivate func place(answered theirs: Codec, as payloadType: UInt8) -> Int? {
    self.codecs.firstIndex { $0.payloadType == payloadType && theirs.settle(ours: $0.codec) != nil }
      ?? self.codecs.firstIndex { theirs.settle(ours: $0.codec) != nil }
  }
}

extension MediaDescription {
  /// The payload type that repairs another.
  fileprivate func rtx(of payloadType: UInt8) -> UInt8? {
    self.formats.first { $0.encoding == .rtx(apt: payloadType) }?.payloadType
  }
}

extension PayloadMapping {
  fileprivate mutating func takeFeedback(of ours: PayloadMapping, limitedTo theirs: MediaDescription.Feedback) {
    self.nack = ours.nack && theirs.contains(.nack)
    self.pli = ours.pli && theirs.contains(.pli)
    self.fir = ours.fir && theirs.contains(.fir)
    self.remb = ours.remb && theirs.contains(.remb)
    self.transportCC = ours.transportCC && theirs.contains(.transportCC)
  }
}
#endif
