import Bytes
import DataChannel
import ICE
import RTP
import SDP
import Simulator
import Time
import WebRTC

/// A session as text: a line for every datagram's parts, call, event, message and frame, with its time.
///
/// What was encrypted is told by its headers; keys, passwords and what users sent are not shown.
public struct Trace {
  private let sessions: [RecordedSession]

  public init(_ sessions: [RecordedSession]) { self.sessions = sessions }

  /// Gives the lines one after another, those of several peers in the order of time.
  public func write(_ line: (String) -> Void) {
    let origin = self.sessions.map { $0.start }.min() ?? .zero
    let decoders = self.sessions.map { DecoderBox($0) }
    for (index, item) in self.merged() {
      let session = self.sessions[index]
      let name = self.sessions.count > 1 ? visible(session.name) + "  " : ""
      let time = Self.time(session.items[item].time - origin)
      for text in session.items[item].texts(session, &decoders[index].decoder) { line(time + "  " + name + text) }
    }
    for session in self.sessions {
      if let problem = session.problem { line("\(visible(session.name)): \(problem)") }
    }
  }

  private static func time(_ elapsed: Interval) -> String {
    let microseconds = elapsed.nanoseconds / 1000 + (elapsed.nanoseconds % 1000 >= 500 ? 1 : 0)
    let places = String(microseconds % 1_000_000 + 1_000_000).dropFirst()
    let text = String(microseconds / 1_000_000) + "." + places
    return String(repeating: " ", count: max(12 - text.count, 0)) + text
  }

  /// All items in the order of time; the order of recording settles what happened at one time.
  private func merged() -> [(session: Int, item: Int)] {
    var order: [(session: Int, item: Int)] = []
    for (index, session) in self.sessions.enumerated() { order += session.items.indices.map { (index, $0) } }
    guard self.sessions.count > 1 else { return order }
    let times = self.sessions.map { $0.items.map { $0.time } }
    return order.sorted { a, b in
      let (first, second) = (times[a.session][a.item], times[b.session][b.item])
      return first == second ? (a.session, a.item) < (b.session, b.item) : first < second
    }
  }
}

/// Arrays hold no values that cannot be copied.
private final class DecoderBox {
  var decoder: Decoder
  init(_ session: RecordedSession) { self.decoder = Decoder(session) }
}

extension SessionItem {
  fileprivate func texts(_ session: RecordedSession, _ decoder: inout Decoder) -> [String] {
    switch self.what {
    case .datagram(let range, let direction, let source, let destination):
      let arrow = direction == .incoming ? "<-" : "->"
      let path = direction == .incoming ? "\(source.text) to \(destination.text)" : "\(destination.text) from \(source.text)"
      let parts: [String]
      switch decoder.decode(range, direction) {
      case .stun(let facts): parts = [facts.text]
      case .records(let records): parts = records.isEmpty ? ["DTLS, malformed"] : records.flatMap { $0.texts }
      case .media(let facts): parts = facts.texts
      case .unknown: parts = ["of no protocol spoken here"]
      }
      return ["\(arrow) \(path), \(plural(range.count, "byte"))"] + parts.map { "\(arrow)   \($0)" }
    case .call(let call, let isRefused):
      return ["   call " + call.text(session.bytes) + (isRefused ? ": refused" : "")]
    case .event(let event, let detail):
      return ["   event " + event.text + (detail.isEmpty ? "" : " " + detail)]
    }
  }
}

extension RecordedCall {
  func text(_ bytes: [UInt8]) -> String {
    switch self {
    case .addLocalAddress(let address, _): return "addLocalAddress \(address.text)"
    case .removeLocalAddress(let address): return "removeLocalAddress \(address.text)"
    case .localAddressesComplete: return "localAddressesComplete"
    case .makeDescription(let kind, let text):
      return (kind == .offer ? "makeOffer" : "makeAnswer") + (text.map { ": " + summary(of: bytes[$0]) } ?? "")
    case .setRemoteDescription(let kind, let text): return "setRemoteDescription \(kind): " + summary(of: bytes[text])
    case .addRemoteCandidate(let text): return "addRemoteCandidate \(quoted(Array(bytes[text])))"
    case .addRemoteFragment(let text): return "addRemoteFragment, \(plural(text.count, "byte"))"
    case .remoteCandidatesComplete: return "remoteCandidatesComplete"
    case .restartICE: return "restartICE"
    case .receive, .advance, .pollTransmit, .pollEvent: return ""
    case .receiveMessage(let channel, let kind, let size):
      return "receiveMessage: \(kind) of \(plural(size, "byte")) on channel \(channel?.index ?? 0)"
    case .openChannel(let options, let channel):
      return "openChannel \(quoted(options.label))" + (channel.map { ": channel \($0.index)" } ?? "")
    case .send(let channel, let kind, let size):
      return "send \(kind) of \(plural(size, "byte")) on channel \(channel.index)"
    case .closeChannel(let channel): return "closeChannel \(channel.index)"
    case .setBufferedAmountLowThreshold(let channel, let bytes):
      return "setBufferedAmountLowThreshold \(bytes) of channel \(channel.index)"
    case .close: return "close"
    case .addTransceiver(let kind, let options, let transceiver):
      return "addTransceiver \(kind) \(options.direction.name)" + (transceiver.map { ": transceiver \($0.index)" } ?? "")
    case .setDirection(let transceiver, let direction): return "setDirection \(direction.name) of transceiver \(transceiver.index)"
    case .stopTransceiver(let transceiver): return "stopTransceiver \(transceiver.index)"
    case .sendFrame(let transceiver, let timing, let size):
      return "sendFrame of \(plural(size, "byte")), time \(timing.timestamp), on transceiver \(transceiver.index)"
    case .sendPacket(let transceiver, let timing, _, let size):
      return "sendPacket of \(plural(size, "byte")), time \(timing.timestamp), on transceiver \(transceiver.index)"
    case .receiveFrame(let transceiver, let timestamp, let isKeyFrame, let size):
      return "receive\(isKeyFrame ? " key" : "") frame of \(plural(size, "byte")), time \(timestamp), on transceiver \(transceiver?.index ?? 0)"
    case .requestKeyFrame(let transceiver): return "requestKeyFrame of transceiver \(transceiver.index)"
    }
  }
}

extension MediaDirection {
  var name: String { self.sends ? self.receives ? "sendrecv" : "sendonly" : self.receives ? "recvonly" : "inactive" }
}

/// A description's sections; its password is not to be shown.
private func summary(of description: ArraySlice<UInt8>) -> String {
  let lines = description.split(whereSeparator: { $0 == 0x0D || $0 == 0x0A })
  let sections = lines.filter { $0.starts(with: "m=".utf8) }.prefix(16).map { line in
    visible(String(decoding: line.dropFirst(2).prefix { $0 != 0x20 }.prefix(20), as: UTF8.self))
  }
  let candidates = lines.filter { $0.starts(with: "a=candidate:".utf8) }.count
  return "\(plural(description.count, "byte")), " + (sections.isEmpty ? "no section" : sections.joined(separator: " "))
    + ", \(plural(candidates, "candidate"))"
}

extension PeerConnection.Event {
  var text: String {
    switch self {
    case .connectionStateChanged(let state): return "connection \(state)"
    case .phaseChanged(let phase): return "phase \(phase)"
    case .iceStateChanged(let state): return "ICE \(state)"
    case .signalingStateChanged(let state): return "signalling \(state)"
    case .localCandidate(let candidate): return "local candidate \(candidate.kind) \(candidate.address.text)"
    case .gatheringComplete: return "gathering complete"
    case .selectedPairChanged(let local, let remote): return "selected pair \(local.text) to \(remote.text)"
    case .failed(let reason): return "failed: \(reason.text)"
    case .dataChannelsConnected: return "data channels connected"
    case .channelOpened(let channel, let remote): return "channel \(channel.index) opened" + (remote ? " by the peer" : "")
    case .channelClosed(let channel): return "channel \(channel.index) closed"
    case .bufferedAmountLow(let channel): return "channel \(channel.index) has little left to send"
    case .writable: return "writable"
    case .negotiationNeeded: return "negotiation needed"
    case .trackAdded(let transceiver): return "track added to transceiver \(transceiver.index)"
    case .trackRemoved(let transceiver): return "track removed from transceiver \(transceiver.index)"
    case .streamAdded(let transceiver, let ssrc, let codec):
      return "stream \(ssrcText(ssrc)) of \(codec.format) added to transceiver \(transceiver.index)"
    case .streamRemoved(let transceiver, let ssrc):
      return "stream \(ssrcText(ssrc)) removed from transceiver \(transceiver.index)"
    case .keyFrameRequested(let transceiver): return "the peer asks transceiver \(transceiver.index) for a key frame"
    case .bandwidthEstimated(let bitsPerSecond): return "the peer estimates \(bitsPerSecond) bit/s"
    }
  }
}

extension FailureReason {
  var text: String {
    switch self {
    case .ice: "no candidate pair works"
    case .srtp: "no memory for SRTP"
    case .dtls(.timedOut): "the DTLS handshake took too long"
    case .dtls(.fingerprintMismatch): "the certificate is not the one that was announced"
    case .dtls(.peerAlert(let alert)): "the peer sent the DTLS alert \(alert.name)"
    case .dtls(.peerFault(let alert)): "the peer's handshake was at fault (\(alert.name))"
    case .dtls(.outOfMemory): "no memory for DTLS"
    case .sctp(let reason): "SCTP ended: \(reason)"
    }
  }
}
