import Bytes
import Cryptography
import DataChannel
import Foundation
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct RecordingTests {
  /// How many numbers a value holds, by reflection.
  static func leaves(_ value: Any) -> Int {
    let children = Mirror(reflecting: value).children
    if value is [Any] || children.isEmpty { return 1 }
    if let interval = value as? Interval { return interval.nanoseconds >= 0 ? 1 : 0 }
    return children.reduce(0) { $0 + Self.leaves($1.value) }
  }

  @Test func `every field of the configuration is recorded and comes back`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.ice.stunServers = []
    configuration.dtls.srtpProfiles = []
    configuration.dtls.cipherSuites = []
    configuration.dtls.groups = []
    configuration.audio.codecs = []
    configuration.video.codecs = []
    var counter = FieldCounter()
    configuration.visit(&counter)
    // The DTLS role is not recorded: the exchange of descriptions decides it.
    #expect(counter.count == Self.leaves(configuration) - 1)
  }

  struct FieldCounter: FieldVisitor {
    var count = 0
    mutating func visit(_ value: inout UInt64) { self.count += 1 }
    mutating func hasMore(isNeeded: Bool) -> Bool { true }
  }

  @Test func `a field that older recordings lack is written where it differs from what they mean`() throws {
    var random = SeededRandom(seed: .init(9))
    let identity = try Identity(random: &random)
    let usual = StartRecord(configuration: .init(), identity: identity, seed: .init(1)).encoded()
    var configuration = PeerConnection.Configuration()
    configuration.ice.gatheringTimeout = .milliseconds(123)
    configuration.acceptsDataChannels = false
    let changed = StartRecord(configuration: configuration, identity: identity, seed: .init(1)).encoded()
    #expect(changed.count > usual.count && changed.starts(with: usual))
    let first = try StartRecord(decoding: usual.span).configuration
    #expect(first.ice.gatheringTimeout == .milliseconds(500) && first.acceptsDataChannels)
    let second = try StartRecord(decoding: changed.span).configuration
    #expect(second.ice.gatheringTimeout == .milliseconds(123) && !second.acceptsDataChannels)
  }

  /// A whole session of a recorded offerer with a peer that is not recorded; gives the recording.
  static func record() throws -> [UInt8] {
    var random = SeededRandom(seed: .init(9))
    let (mine, theirs) = (try Identity(random: &random), try Identity(random: &random))
    var now = Instant(nanoseconds: 5_000_000_000)
    let (here, there) = (PeerPair.offererAddress, PeerPair.answererAddress)
    var recorded = try RecordingPeerConnection(
      configuration: .init(), identity: mine, seed: .init(1), isRecording: true, now: now)
    var other = try PeerConnection(configuration: .init(), identity: theirs, seed: .init(2), now: now)
    recorded.addLocalAddress(here, preference: 65535, now: now)
    other.addLocalAddress(there, preference: 65535, now: now)
    recorded.localAddressesComplete(now: now)
    other.localAddressesComplete(now: now)
    let channel = try recorded.openChannel(ChannelOptions(label: Array("tape".utf8)), now: now)
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try recorded.makeOffer(into: &writer, now: now)
    let offer = writer.count
    try other.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: now)
    writer = SpanWriter(text.mutableSpan)
    try other.makeAnswer(into: &writer, now: now)
    let answer = writer.count
    // A refusal is part of a session, too.
    #expect(throws: PeerConnection.DescriptionError.self) {
      try recorded.setRemoteDescription(.answer, Array("nonsense".utf8).span, now: now)
    }
    try recorded.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: now)
    var recording: [UInt8] = []
    var sent = 0, received = 0
    for _ in 0..<2000 {
      now = now + .milliseconds(5)
      var buffer = [UInt8](repeating: 0, count: 1500)
      recorded.advance(to: now)
      other.advance(to: now)
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        guard recorded.pollTransmit(into: &writer) != nil else { break }
        let count = writer.count
        var bytes = buffer.mutableSpan
        var datagram = bytes._mutatingExtracting(0..<count)
        other.receive(&datagram, from: here, to: there, now: now)
      }
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        guard other.pollTransmit(into: &writer) != nil else { break }
        let count = writer.count
        var bytes = buffer.mutableSpan
        var datagram = bytes._mutatingExtracting(0..<count)
        recorded.receive(&datagram, from: there, to: here, now: now)
      }
      while let event = recorded.pollEvent() {
        guard case .channelOpened = event else { continue }
        for size in [0, 10, 30_000] {
          try recorded.send([UInt8](repeating: 7, count: size).span, kind: .binary, on: channel, now: now)
          sent += 1
        }
      }
      var sink = [UInt8](repeating: 0, count: 40_000)
      var sinkWriter = SpanWriter(sink.mutableSpan)
      if let message = other.receiveMessage(into: &sinkWriter) {
        try other.send(sink.span.extracting(0..<message.size), kind: .string, on: message.channel, now: now)
      }
      var echoWriter = SpanWriter(sink.mutableSpan)
      if recorded.receiveMessage(into: &echoWriter) != nil { received += 1 }
      while other.pollEvent() != nil {}
      recorded.drainRecording { recording += arrayCopy($0) }
      if sent == 3, received == 3 { break }
    }
    try #require(received == 3)
    recorded.close(now: now)
    var buffer = [UInt8](repeating: 0, count: 1500)
    var last = SpanWriter(buffer.mutableSpan)
    _ = recorded.pollTransmit(into: &last)
    recorded.drainRecording { recording += arrayCopy($0) }
    return recording
  }

  /// Runs a recording to its end; how many datagrams were compared.
  static func replay(_ recording: [UInt8]) throws(Replayer.Failure) -> (datagrams: Int, events: Int, isTruncated: Bool) {
    var replayer = try Replayer(recording)
    while try replayer.step() != nil {}
    return (replayer.datagramsCompared, replayer.eventsCompared, replayer.isTruncated)
  }

  @Test func `a recorded session gives the same bytes and events when it is replayed`() throws {
    let result = try Self.replay(try Self.record())
    #expect(result.datagrams > 30 && result.events > 8 && !result.isTruncated)
  }

  @Test func `a recording that was cut off is good up to there`() throws {
    let recording = try Self.record()
    for length in stride(from: recording.count - 1, to: recording.count / 2, by: -997) {
      _ = try Self.replay(Array(recording.prefix(length)))
    }
    let cut = try Self.replay(Array(recording.dropLast()))
    #expect(cut.isTruncated)
  }

  @Test func `an output that differs is found`() throws {
    var recording = try Self.record()
    // The very last record is a datagram of the session's end; its last byte is of the alert's tag or the abort's.
    recording[recording.count - 1] ^= 1
    #expect(throws: Replayer.Failure.self) { try Self.replay(recording) }
  }

  @Test(arguments: ["chromium", "chromium-media", "firefox", "aiortc"])
  func `sessions that a release build recorded with real peers replay byte for byte in this build`(name: String) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Vectors/sessions/\(name).rtcrec")
    let replayed = try Self.replay([UInt8](Data(contentsOf: url)))
    #expect(!replayed.isTruncated)
  }

  @Test func `what is no recording is refused`() {
    #expect(throws: Replayer.Failure.notARecording) { try Self.replay([]) }
    #expect(throws: Replayer.Failure.notARecording) { try Self.replay(Array("RTCREC".utf8) + [9, 0]) }
    #expect(throws: Replayer.Failure.self) { try Self.replay(Array("RTCREC".utf8) + [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 1, 2, 3]) }
  }

  @Test func `a recording damaged anywhere ends in an error or an end, never in a trap`() throws {
    let recording = try Self.record()
    for position in stride(from: 0, to: recording.count, by: 1009) {
      var damaged = recording
      damaged[position] ^= 0xff
      _ = try? Self.replay(damaged)
    }
  }
}
