// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// The folders of Targets/, each a libFuzzer target; Fuzz/run builds and runs them. The main package has them as modules, too, whose
/// tests run what once failed.
let targets = try FileManager.default.contentsOfDirectory(atPath: Context.packageDirectory + "/Targets").sorted()
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
      swiftSettings: [
        .enableExperimentalFeature("Lifetimes"), .treatAllWarnings(as: .error), .define("FUZZING"),
        .unsafeFlags(["-parse-as-library"]),
      ])
  }
)
