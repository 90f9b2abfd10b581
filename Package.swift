// swift-tools-version: 6.2
import Foundation
import PackageDescription

let embedded = Context.environment["EMBEDDED"] == "1"

/// The engine: sans-I/O, no dependency but the standard library and the C shims, also built as Embedded Swift.
let engine: [SwiftSetting] =
  [
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
  ] + (embedded ? [.enableExperimentalFeature("Embedded")] : [])

/// Drivers, the tool, the tests, and what stands beside them and not below. Drivers, the tool and SwarmWorkers may know sockets, clocks,
/// files and processes; Swarm and SessionViews know no more than the engine. No engine module imports any of them.
let host: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// A module that a peer for data channels alone does without.
func media(_ name: String) -> Target.Dependency { .target(name: name, condition: .when(traits: ["Audio"])) }

/// Engine modules in the order in which they may import each other.
let engineModules: [(name: String, dependencies: [Target.Dependency])] = [
  ("Bytes", []),
  ("Time", ["Bytes"]),
  ("Cryptography", ["Bytes", "Time", "CCrypto"]),
  ("STUN", ["Bytes", "Time", "Cryptography"]),
  ("ICE", ["Bytes", "Time", "Cryptography", "STUN"]),
  ("DTLS", ["Bytes", "Time", "Cryptography"]),
  ("SCTP", ["Bytes", "Time", "Cryptography"]),
  ("DataChannel", ["Bytes", "Time", "SCTP"]),
  ("RTP", ["Bytes", "Time"]),
  ("SRTP", ["Bytes", "CSRTP"]),
  ("SDP", ["Bytes", media("RTP")]),
  (
    "WebRTC",
    [
      "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", media("RTP"), media("SRTP"), "SDP",
    ]
  ),
  (
    "Simulator",
    [
      "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", "RTP", "SRTP", "SDP", "WebRTC",
    ]
  ),
]

/// Independent implementations that the tests of a module run against.
let oracles = ["Cryptography": ["CMbedTLSPeer"], "DTLS": ["CMbedTLSPeer"], "SCTP": ["CUsrsctpPeer"]]

/// The fuzz targets as modules, for the tests that run what once failed under them; Fuzz/ is a package of its own.
let fuzzTargets = try FileManager.default.contentsOfDirectory(atPath: Context.packageDirectory + "/Fuzz/Targets").sorted()

let anyModule: [Target.Dependency] = engineModules.map { .byName(name: $0.name) } + ["MediaFiles", "SessionViews"]
let fuzzModules: [Target] = fuzzTargets.map {
  .target(name: $0, dependencies: anyModule, path: "Fuzz/Targets/" + $0, swiftSettings: host)
}

let package = Package(
  name: "swift-rtc",
  products: engineModules.map { .library(name: $0.name, targets: [$0.name]) } + [
    .library(name: "MediaFiles", targets: ["MediaFiles"]),
    .library(name: "EpollDriver", targets: ["EpollDriver"]),
    .library(name: "SessionViews", targets: ["SessionViews"]),
    .library(name: "Swarm", targets: ["Swarm"]),
    .library(name: "SwarmWorkers", targets: ["SwarmWorkers"]),
    .library(name: "ESPPeer", type: .dynamic, targets: ["CESPPeer", "CESPPeerPOSIX", "ESP32Driver"]),
    .executable(name: "peer", targets: ["peer"]),
  ],
  traits: [
    .trait(name: "Tool", description: "The command-line tool and the packages that it needs."),
    .trait(name: "Audio", description: "RTP, SRTP and audio. Without it a peer has data channels alone, and rejects media."),
    .trait(
      name: "Video", description: "The payload formats of video. Without it a device carries audio and data alone.",
      enabledTraits: ["Audio"]),
    .default(enabledTraits: ["Tool", "Audio", "Video"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: engineModules.map {
    .target(name: $0.name, dependencies: $0.dependencies, swiftSettings: engine)
  } + [
    .target(
      name: "CCrypto",
      linkerSettings: [.linkedLibrary("mbedcrypto", .when(platforms: [.linux]))]),
    .target(name: "CSRTP", dependencies: ["CCrypto"], linkerSettings: [.linkedLibrary("srtp2", .when(platforms: [.linux]))]),
    .target(name: "CLinux"),
    .target(name: "MediaFiles", dependencies: ["Bytes", "RTP"], swiftSettings: host),
    .target(
      name: "Swarm",
      dependencies: [
        "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", "RTP", "SRTP", "SDP", "WebRTC",
        "Simulator",
      ],
      swiftSettings: host),
    .target(name: "SwarmWorkers", dependencies: ["Swarm"], swiftSettings: host),
    .target(
      name: "SessionViews",
      dependencies: [
        "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", "RTP", "SRTP", "SDP", "WebRTC",
        "Simulator",
      ],
      swiftSettings: host),
    .target(name: "CAllocations"),
    .target(name: "CESPPeer"),
    .target(name: "CESPPeerPOSIX", dependencies: ["CESPPeer"]),
    .target(
      name: "ESP32Driver",
      dependencies: [
        "Bytes", "Time", "Cryptography", "STUN", "ICE", "DTLS", "SCTP", "DataChannel", "RTP", "SDP", "WebRTC", "CESPPeer",
      ],
      // C for targets that SwiftPM does not know.
      exclude: ["firmware", "idf", "ports"],
      swiftSettings: engine),
    .target(name: "EpollDriver", dependencies: ["WebRTC", "Simulator", "CLinux"], swiftSettings: host),
    .executableTarget(
      name: "peer",
      dependencies: [
        "EpollDriver", "WebRTC", "Simulator", "Swarm", "SwarmWorkers", "SessionViews", "MediaFiles", "CAllocations", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tool"])),
        .product(name: "FlyingFox", package: "FlyingFox", condition: .when(traits: ["Tool"])),
      ],
      swiftSettings: host),
  ]
    + fuzzModules
    + engineModules.filter { $0.name != "WebRTC" }.map {
      .testTarget(
        name: $0.name + "Tests",
        dependencies: [.byName(name: $0.name)] + (oracles[$0.name] ?? []).map { .byName(name: $0) },
        swiftSettings: host)
    } + [
      .testTarget(name: "BehaviourTests", dependencies: ["WebRTC", "Simulator", "MediaFiles"], swiftSettings: host),
      .testTarget(name: "SessionViewsTests", dependencies: ["SessionViews", "Simulator"], swiftSettings: host),
      .testTarget(name: "EpollDriverTests", dependencies: ["EpollDriver"], swiftSettings: host),
      .testTarget(name: "FuzzTests", dependencies: fuzzTargets.map { .byName(name: $0) }, swiftSettings: host),
      .testTarget(name: "SwarmTests", dependencies: ["Swarm", "SwarmWorkers", "WebRTC", "Simulator"], swiftSettings: host),
      .testTarget(name: "MediaFilesTests", dependencies: ["MediaFiles"], swiftSettings: host),
      .testTarget(
        name: "ESP32DriverTests", dependencies: ["ESP32Driver", "CESPPeer", "CESPPeerPOSIX", "CAllocations"], swiftSettings: host),
      .target(
        name: "CMbedTLSPeer", path: "Tests/Support/CMbedTLSPeer",
        linkerSettings: [.linkedLibrary("mbedtls"), .linkedLibrary("mbedx509"), .linkedLibrary("mbedcrypto")]),
      .target(
        name: "CUsrsctpPeer", path: "Tests/Support/CUsrsctpPeer", linkerSettings: [.linkedLibrary("usrsctp")]),
    ],
  cLanguageStandard: .c11
)
