import DTLS
import ICE
import Time
import WebRTC

/// The session in words and a few numbers.
extension Timeline {
  struct Verdict {
    var tone: Tone
    var headline: String
    var text: String
  }

  struct Card {
    var label: String
    var value: String
    var detail: String
  }

  var verdict: Verdict {
    let length = durationText(self.session.end - self.session.start)
    let final = self.session.final
    if let failure = final.failure {
      return Verdict(tone: .bad, headline: "Failed", text: "\(failure.text). The recording is of \(length).")
    }
    guard let connected = self.connected else {
      let text = self.checks.isEmpty ? "No connectivity check was sent or received." : "\(plural(self.checks.count, "check")), \(self.checksUnanswered) of ours without an answer."
      return Verdict(tone: .warn, headline: "Never connected", text: "\(text) The recording is of \(length).")
    }
    let setUp = connected - (self.signallingStarted ?? self.session.start)
    let end: String
    switch final.connectionState {
    case .closed: end = "Closed by \(self.closedBy == .incoming ? "the peer" : "this side") \(durationText(self.session.end - connected)) later."
    case .disconnected: end = "The path was lost, and had not come back when the recording ends."
    case .connected: end = "Still connected when the recording ends, \(durationText(self.session.end - connected)) later."
    default: end = "The recording is of \(length)."
    }
    let tone: Tone = final.connectionState == .disconnected || self.session.failure != nil ? .warn : .good
    return Verdict(tone: tone, headline: "Connected in \(durationText(setUp))", text: end)
  }

  var cards: [Card] {
    var cards = [self.setUpCard]
    if let pair = self.session.samples.lastPair {
      cards.append(
        Card(
          label: "Path", value: "\(pair.localKind) ↔ \(pair.remoteKind)", detail: "\(pair.local.text) ↔ \(pair.remote.text)"))
    } else {
      cards.append(Card(label: "Path", value: "none", detail: "no pair of candidates was selected"))
    }
    if let secrets = self.session.secrets {
      let srtp = secrets.srtpProfile.map { ", SRTP \($0.name)" } ?? ""
      cards.append(
        Card(label: "Security", value: "DTLS \(secrets.role)", detail: secrets.cipherSuite.name + srtp))
    }
    if !self.roundTrips.isEmpty {
      let sorted = self.roundTrips.map { $0.1 }.sorted()
      cards.append(
        Card(
          label: "Round trip", value: "\(decimal(sorted[sorted.count / 2], places: 1)) ms",
          detail: "STUN: \(decimal(sorted[0], places: 1)) to \(decimal(sorted[sorted.count - 1], places: 1)) ms"))
    }
    guard let statistics = self.session.final.statistics else { return cards }
    let counters = statistics.counters
    cards.append(
      Card(
        label: "Traffic", value: "\(bytesText(counters.bytesReceived)) in · \(bytesText(counters.bytesSent)) out",
        detail: "\(plural(counters.datagramsReceived, "datagram")) in, \(counters.datagramsSent) out"))
    if statistics.sctp.packetsReceived > 0 {
      let sctp = statistics.sctp
      cards.append(
        Card(
          label: "Messages", value: "\(sctp.messagesReceived) in · \(sctp.messagesSent) out",
          detail: "\(bytesText(sctp.bytesReceived)) in, \(bytesText(sctp.bytesSent)) out, \(plural(sctp.retransmissions, "chunk")) sent again"))
    }
    if !self.traffic.isEmpty { cards.append(self.mediaCard) }
    return cards
  }

  private var setUpCard: Card {
    guard let connected = self.connected else {
      return Card(label: "Set-up", value: "–", detail: "the connection never stood")
    }
    let start = self.signallingStarted ?? self.session.start
    var steps: [String] = []
    if let iceConnected { steps.append("ICE \(durationText(iceConnected - start))") }
    if let dtlsConnected { steps.append("DTLS +\(durationText(dtlsConnected - (self.iceConnected ?? start)))") }
    if let channelsConnected { steps.append("channels +\(durationText(channelsConnected - (self.dtlsConnected ?? start)))") }
    if let firstMedia { steps.append("media +\(durationText(firstMedia - (self.dtlsConnected ?? start)))") }
    return Card(label: "Set-up", value: durationText(connected - start), detail: steps.joined(separator: ", "))
  }

  private var mediaCard: Card {
    let incoming = self.traffic.count { $0.direction == .incoming }
    var inbound: [UInt32: (lost: Int64, repaired: UInt64)] = [:]
    for sample in self.session.samples.samples {
      for each in sample.inbound { inbound[each.stream.ssrc] = (each.stream.inbound.packetsLost, each.stream.inbound.packetsRepaired) }
    }
    let lost = inbound.values.reduce(0) { $0 &+ max($1.lost, 0) }
    let repaired = inbound.values.reduce(0) { $0 &+ $1.repaired }
    return Card(
      label: "Media", value: "\(plural(incoming, "stream")) in · \(self.traffic.count - incoming) out",
      detail: "\(plural(lost, "packet")) missed, \(repaired) repaired; NACK \(self.counts.negativeAcknowledgementsIn) in \(self.counts.negativeAcknowledgementsOut) out, PLI \(self.counts.keyFrameRequestsIn) in \(self.counts.keyFrameRequestsOut) out")
  }

  private func kind(of ssrc: UInt32) -> String {
    for sample in self.session.samples.samples.reversed() {
      guard let outbound = sample.outbound.first(where: { $0.line.outbound.ssrc == ssrc }) else { continue }
      guard self.session.final.transceivers.indices.contains(outbound.transceiver) else { break }
      return self.session.final.transceivers[outbound.transceiver].kind == .audio ? "Audio" : "Video"
    }
    return "Media"
  }

  /// Those with something in them, from top to bottom.
  var lanes: [Lane] {
    var lanes = [self.connection, self.signalling, self.gathering, self.ice, self.pair, self.dtls, self.sctp]
    lanes += self.channels.map { $0.lane } + self.streams.map { $0.lane }
    for stream in self.traffic where stream.direction == .outgoing {
      guard lanes.count < 4 * Self.laneLimit else { break }
      var lane = Lane("\(self.kind(of: stream.ssrc)) sent")
      lane.spans = [LaneSpan(from: stream.first, to: stream.last, label: ssrcText(stream.ssrc) + (stream.mid.isEmpty ? "" : ", mid \(quoted(stream.mid))"), tone: .b)]
      lanes.append(lane)
    }
    return lanes.filter { !$0.spans.isEmpty }
  }
}

extension SRTPProfile {
  var name: String {
    switch self {
    case .aes128CMHMACSHA1_80: "AES128-CM-SHA1-80"
    case .aeadAES128GCM: "AES128-GCM"
    case .aeadAES256GCM: "AES256-GCM"
    }
  }
}
