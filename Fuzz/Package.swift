// swift-tools-version: 6.2
import PackageDescription

/// The folders of Targets/, each a libFuzzer target; Fuzz/run builds and runs them.
let targets = [
  "CallFuzz",
  "CandidateFuzz",
  "CertificateFuzz",
  "DCEPFuzz",
  "DTLSConnectionFuzz",
  "DTLSHandshakeFuzz",
  "DTLSRecordFuzz",
  "H264PayloadFuzz",
  "ICEAgentFuzz",
  "JPEGPayloadFuzz",
  "MJPEGChannelFuzz",
  "MediaFilesFuzz",
  "OpusPayloadFuzz",
  "PeerConnectionFuzz",
  "RecordingFuzz",
  "RTCPFuzz",
  "RTPPacketFuzz",
  "RTPReceiverFuzz",
  "RTPSessionFuzz",
  "SCTPAssociationFuzz",
  "SCTPPacketFuzz",
  "SDPFuzz",
  "SRTPFuzz",
  "SessionViewsFuzz",
  "STUNFuzz",
  "SpanCursorFuzz",
  "TURNServerFuzz",
  "VP8PayloadFuzz",
]
let modules = [
  "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", "RTP", "SRTP", "SDP", "WebRTC", "Simulator",
  "MediaFiles", "SessionViews",
]

let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "swift-rtc", path: "..", traits: ["Video"])],
  targets: targets.map { name in
    .executableTarget(
      name: name,
      dependencies: modules.map { .product(name: $0, package: "swift-rtc") },
      path: "Targets/" + name,
      swiftSettings: [.enableExperimentalFeature("Lifetimes"), .treatAllWarnings(as: .error), .unsafeFlags(["-parse-as-library"])])
  }
)
