// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Every folder of Targets/ is one libFuzzer target; Fuzz/run builds and runs them.
let targets = try FileManager.default.contentsOfDirectory(atPath: Context.packageDirectory + "/Targets").sorted()
let modules = [
  "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", "SDP", "WebRTC", "Simulator",
]

let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "swift-rtc", path: "..", traits: [])],
  targets: targets.map { name in
    .executableTarget(
      name: name,
      dependencies: modules.map { .product(name: $0, package: "swift-rtc") },
      path: "Targets/" + name,
      swiftSettings: [.enableExperimentalFeature("Lifetimes"), .treatAllWarnings(as: .error), .unsafeFlags(["-parse-as-library"])])
  }
)
