import Bytes
import DataChannel
import MediaFiles
import RTP
import Testing
import Time
import WebRTC

/// A profile for small devices talks to itself, and to peers that have everything.
@Suite struct MinimalTests {
  @Test(arguments: [false, true], [false, true])
  func `a minimal peer exchanges messages and audio with any other`(isOfferer: Bool, isOtherMinimal: Bool) throws {
    let other = isOtherMinimal ? PeerConnection.Configuration.minimal : .init()
    var call = try Call(
      condition: .network(loss: 1, delay: 20), offerer: isOfferer ? .minimal : other, answerer: isOfferer ? other : .minimal)
    let clip = try clip("pcma.wav")
    let mine = try call.pair.offerer.addTransceiver(.audio, .init(formats: [.pcma]), now: call.now)
    let theirs = try call.pair.answerer.addTransceiver(.audio, now: call.now)
    let channel = try call.pair.offerer.openChannel(options("small"), now: call.now)
    try call.connect()
    call.play(clip, on: mine, of: .offerer)
    call.play(clip, on: theirs, of: .answerer)
    call.run(for: .milliseconds(500))
    let message = pattern(1, size: 4096)
    for _ in 0..<10 {
      try call.pair.offerer.send(message.span, kind: .binary, on: channel, now: call.now)
      call.run(for: .milliseconds(400))
      #expect(call.pair.answerer.nextMessageSize == 4096)
      var buffer = [UInt8](repeating: 0, count: 4096)
      var writer = SpanWriter(buffer.mutableSpan)
      _ = call.pair.answerer.receiveMessage(into: &writer)
      #expect(buffer == message)
    }
    #expect(call.answererFrames.count > 150 && call.offererFrames.count > 150)
  }

  @Test func `a message larger than a minimal peer takes is refused where it would be sent`() throws {
    var call = try Call(answerer: .minimal)
    let channel = try call.pair.offerer.openChannel(options("large"), now: call.now)
    try call.connect()
    call.run(for: .milliseconds(200))
    let message = pattern(1, size: 4097)
    #expect(throws: DataChannels.SendError.messageTooLarge) {
      try call.pair.offerer.send(message.span, kind: .binary, on: channel, now: call.now)
    }
  }
}
