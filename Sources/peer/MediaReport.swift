import EpollDriver
import Foundation
import RTP
import Time
import WebRTC

/// The numbers of one transceiver, both ways, by their W3C names; times in seconds.
struct MediaReport {
  var kind = MediaKind.audio
  var mid = ""
  var direction = "none"
  var codec: CodecFormat?
  var outbound = OutboundStatistics()
  var remoteInbound = RemoteInboundStatistics()
  /// The sums over its streams, of which the newest's jitter.
  var inbound = InboundStatistics()

  /// Of all transceivers that take part. `received` tells what has come on them.
  static func all(_ connection: borrowing PeerConnection, received: [Transceiver: CodecFormat]) -> [MediaReport] {
    var reports: [MediaReport] = []
    for transceiver in (0..<connection.transceiverCount).map(Transceiver.init) {
      guard let info = connection.transceiverInfo(transceiver), let direction = info.currentDirection, !info.isStopped else {
        continue
      }
      var report = MediaReport()
      report.kind = info.kind
      report.mid = String(decoding: info.mid, as: UTF8.self)
      report.direction = "\(direction)"
      report.codec = info.sendCodec?.format ?? received[transceiver]
      if let statistics = connection.mediaStatistics(of: transceiver) {
        report.outbound = statistics.outbound
        report.remoteInbound = statistics.remoteInbound
      }
      for stream in connection.receivedStreams(of: transceiver) { report.add(stream.inbound) }
      if report.remoteInbound.roundTripTime == nil { report.remoteInbound.roundTripTime = connection.mediaRoundTripTime }
      reports.append(report)
    }
    return reports
  }

  private mutating func add(_ other: InboundStatistics) {
    self.inbound.packetsReceived += other.packetsReceived
    self.inbound.bytesReceived += other.bytesReceived
    self.inbound.packetsLost += other.packetsLost
    self.inbound.jitter = other.jitter
    self.inbound.retransmittedPacketsReceived += other.retransmittedPacketsReceived
    self.inbound.packetsRepaired += other.packetsRepaired
    self.inbound.packetsGivenUp += other.packetsGivenUp
    self.inbound.framesReceived += other.framesReceived
    self.inbound.keyFramesReceived += other.keyFramesReceived
    self.inbound.framesDropped += other.framesDropped
    self.inbound.nackCount += other.nackCount
    self.inbound.keyFrameRequests += other.keyFrameRequests
  }

  var sends: Bool { self.outbound.packetsSent > 0 || self.direction.hasPrefix("send") }
  var receives: Bool { self.inbound.packetsReceived > 0 || self.direction.hasSuffix("recv") || self.direction == "recvonly" }
  var roundTrip: Double? { self.remoteInbound.roundTripTime.map { Double($0.nanoseconds) / 1e9 } }
  var jitter: Double { Double(self.inbound.jitter) / Double(self.codec?.clockRate ?? 90_000) }
  var remoteJitter: Double { Double(self.remoteInbound.jitter) / Double(self.codec?.clockRate ?? 90_000) }

  var object: [String: Any] {
    var object: [String: Any] = [
      "kind": self.kind.name, "mid": self.mid, "direction": self.direction, "codec": self.codec?.name ?? "",
      "packetsReceived": self.inbound.packetsReceived, "bytesReceived": self.inbound.bytesReceived,
      "packetsLost": self.inbound.packetsLost, "jitter": rounded(self.jitter, 6),
      "framesReceived": self.inbound.framesReceived, "keyFramesReceived": self.inbound.keyFramesReceived,
      "framesDropped": self.inbound.framesDropped,
      "retransmittedPacketsReceived": self.inbound.retransmittedPacketsReceived,
      "packetsRepaired": self.inbound.packetsRepaired, "packetsGivenUp": self.inbound.packetsGivenUp,
      "nackSent": self.inbound.nackCount, "pliSent": self.inbound.keyFrameRequests,
      "packetsSent": self.outbound.packetsSent, "bytesSent": self.outbound.bytesSent,
      "framesSent": self.outbound.framesSent, "keyFramesSent": self.outbound.keyFramesSent,
      "framesRefused": self.outbound.framesRefused,
      "retransmittedPacketsSent": self.outbound.retransmittedPacketsSent,
      "nackReceived": self.outbound.nackCount, "pliReceived": self.outbound.pliCount + self.outbound.firCount,
      "remotePacketsLost": self.remoteInbound.packetsLost, "remoteJitter": rounded(self.remoteJitter, 6),
    ]
    if let roundTrip { object["roundTripTime"] = rounded(roundTrip, 6) }
    return object
  }

  /// For people: a name and a line for each direction.
  var rows: [(String, String)] {
    var rows: [(String, String)] = []
    let name = self.codec?.name ?? "no codec"
    let isVideo = self.kind == .video
    if self.receives {
      let frames = isVideo ? ", \(self.inbound.framesReceived) frames (\(self.inbound.keyFramesReceived) key)" : ""
      rows.append(
        (
          "\(self.kind.name) in",
          "\(name), \(self.inbound.packetsReceived) packets, \(byteText(self.inbound.bytesReceived))\(frames), "
            + "\(self.inbound.packetsLost) lost, jitter \(rounded(self.jitter * 1000, 1)) ms, "
            + "\(self.inbound.nackCount) NACK, \(self.inbound.keyFrameRequests) PLI"
        ))
    }
    if self.sends {
      let frames = isVideo ? ", \(self.outbound.framesSent) frames (\(self.outbound.keyFramesSent) key)" : ""
      let roundTrip = self.roundTrip.map { ", round trip \(rounded($0 * 1000, 1)) ms" } ?? ""
      rows.append(
        (
          "\(self.kind.name) out",
          "\(name), \(self.outbound.packetsSent) packets, \(byteText(self.outbound.bytesSent))\(frames), "
            + "\(self.remoteInbound.packetsLost) lost, \(self.outbound.nackCount) NACK, "
            + "\(self.outbound.pliCount + self.outbound.firCount) PLI\(roundTrip)"
        ))
    }
    return rows
  }
}

func byteText(_ count: UInt64) -> String {
  switch count {
  case ..<1000: "\(count) B"
  case ..<1_000_000: "\(rounded(Double(count) / 1e3, 1)) kB"
  default: "\(rounded(Double(count) / 1e6)) MB"
  }
}
