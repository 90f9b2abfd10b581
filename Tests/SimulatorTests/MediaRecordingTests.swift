import Bytes
import Cryptography
import RTP
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct MediaRecordingTests {
  /// A recorded peer that exchanges PCMU with one that is not recorded, and what is wrong with calls on the way.
  private static func record(
    _ delivery: Receiver.Delivery
  ) throws -> (recording: [UInt8], sent: Int, received: Int) {
    var random = SeededRandom(seed: .init(11))
    let (mine, theirs) = (try Identity(random: &random), try Identity(random: &random))
    var now = Instant(nanoseconds: 5_000_000_000)
    let (here, there) = (PeerPair.offererAddress, PeerPair.answererAddress)
    var configuration = PeerConnection.Configuration()
    configuration.rtp.audioReceiver.delivery = delivery
    var recorded = try RecordingPeerConnection(
      configuration: configuration, identity: mine, seed: .init(1), isRecording: true, now: now)
    var other = try PeerConnection(configuration: .init(), identity: theirs, seed: .init(2), now: now)
    recorded.addLocalAddress(here, preference: 65535, now: now)
    other.addLocalAddress(there, preference: 65535, now: now)
    let audio = try recorded.addTransceiver(.audio, .init(formats: [.pcmu]), now: now)
    let back = try other.addTransceiver(.audio, .init(formats: [.pcmu]), now: now)
    let none = Transceiver(index: -1), missing = Transceiver(index: .max)
    let samples = [UInt8](repeating: 0x55, count: 160)
    for wrong in [none, missing] {
      try? recorded.setDirection(.inactive, of: wrong)
      try? recorded.stopTransceiver(wrong, now: now)
      try? recorded.sendFrame(samples.span, FrameTiming(timestamp: 0), on: wrong, now: now)
      recorded.requestKeyFrame(of: wrong, now: now)
    }
    var text = [UInt8](repeating: 0, count: 16_384)
    var writer = SpanWriter(text.mutableSpan)
    try recorded.makeOffer(into: &writer, now: now)
    let offer = writer.count
    try other.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: now)
    writer = SpanWriter(text.mutableSpan)
    try other.makeAnswer(into: &writer, now: now)
    let answer = writer.count
    try recorded.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: now)
    var (recording, sent, received) = ([] as [UInt8], 0, 0)
    for round in 0..<300 {
      now = now + .milliseconds(20)
      recorded.advance(to: now)
      other.advance(to: now)
      let timing = FrameTiming(timestamp: UInt32(round * 160))
      if (try? recorded.sendFrame(samples.span, timing, on: audio, now: now)) != nil { sent += 1 }
      try? other.sendFrame(samples.span, timing, on: back, now: now)
      if round == 200 {
        try recorded.setDirection(.recvonly, of: audio)
        recorded.requestKeyFrame(of: audio, now: now)
      }
      var buffer = [UInt8](repeating: 0, count: 1500)
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
        if recorded.receive(&datagram, from: there, to: here, now: now) != nil { received += 1 }
      }
      while recorded.pollEvent() != nil {}
      // One that is too small first: the frame stays.
      var small = [UInt8](repeating: 0, count: 10)
      var smallWriter = SpanWriter(small.mutableSpan)
      #expect(recorded.receiveFrame(into: &smallWriter) == nil)
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        guard recorded.receiveFrame(into: &writer) != nil || recorded.receivePacket(into: &writer) != nil else { break }
        received += 1
      }
      recorded.drainRecording { recording += arrayCopy($0) }
    }
    try recorded.stopTransceiver(audio, now: now)
    recorded.close(now: now)
    var buffer = [UInt8](repeating: 0, count: 1500)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard recorded.pollTransmit(into: &writer) != nil else { break }
    }
    recorded.drainRecording { recording += arrayCopy($0) }
    return (recording, sent, received)
  }

  @Test(arguments: [Receiver.Delivery.frames, .packets, .inPlace])
  func `a recorded call gives the same packets, frames and refusals when it is replayed`(
    delivery: Receiver.Delivery
  ) throws {
    let (recording, sent, received) = try Self.record(delivery)
    #expect(sent > 200 && received > 200)
    var replayer = try Replayer(recording)
    while try replayer.step() != nil {}
    #expect(replayer.datagramsCompared > sent && !replayer.isTruncated)
  }
}
