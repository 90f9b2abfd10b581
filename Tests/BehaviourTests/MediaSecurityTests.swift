import Bytes
import MediaFiles
import RTP
import Simulator
import STUN
import Testing
import Time
import WebRTC

@Suite struct MediaSecurityTests {
  /// A call with audio one way, and every datagram of the sender's that carries media.
  private func tappedCall() throws -> (Call, Tap) {
    var call = try Call()
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcmu]), now: call.now)
    try call.connect()
    let tap = Tap()
    call.pair.onTransmit = { fromOfferer, bytes in
      if fromOfferer, bytes.count > 0, (128...191).contains(bytes[0]) { tap.datagrams.append(arrayCopy(bytes)) }
    }
    call.play(try clip("pcmu.wav"), on: audio, of: .offerer)
    call.run(for: .milliseconds(500))
    return (call, tap)
  }

  final class Tap { var datagrams: [[UInt8]] = [] }

  private func inject(_ bytes: [UInt8], into call: Call) {
    var bytes = bytes
    var span = bytes.mutableSpan
    call.pair.answerer.receive(
      &span, from: PeerPair.offererAddress, to: PeerPair.answererAddress, now: call.now)
  }

  @Test func `a packet that was replayed or changed reaches nobody`() throws {
    var (call, tap) = try tappedCall()
    let count = call.answererFrames.count
    #expect(count >= 20 && tap.datagrams.count >= count)
    call.sources = []
    call.run(for: .milliseconds(100))
    let settled = call.answererFrames.count
    var injected: UInt64 = 0
    for datagram in tap.datagrams {
      inject(datagram, into: call)
      injected += 1
      for index in stride(from: 0, to: datagram.count, by: 7) {
        var changed = datagram
        // The first byte's upper bits tell the protocols apart.
        changed[index] ^= index == 0 ? 0x01 : 0x40
        inject(changed, into: call)
        injected += 1
      }
      inject(Array(datagram.prefix(datagram.count / 2)), into: call)
      injected += 1
    }
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count == settled)
    let statistics = call.pair.answerer.statistics.srtp
    let srtp = try #require(statistics)
    // A number that was seen already is a replay, whatever else is wrong with the packet.
    #expect(srtp.replays >= UInt64(count))
    #expect(srtp.replays + srtp.authenticationFailures + srtp.malformed == injected)
  }

  @Test func `media in the clear, or from an address that ICE knows nothing of, is counted and dropped`() throws {
    var (call, tap) = try tappedCall()
    let count = call.answererFrames.count
    let before = call.pair.answerer.statistics
    var clear: [UInt8] = [0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]
    clear += pattern(1, size: 160)
    inject(clear, into: call)
    var genuine = try #require(tap.datagrams.last)
    var span = genuine.mutableSpan
    call.pair.answerer.receive(
      &span, from: TransportAddress(ip: IPAddress(10, 9, 9, 9), port: 9), to: PeerPair.answererAddress, now: call.now)
    call.drain()
    let after = call.pair.answerer.statistics
    #expect(call.answererFrames.count == count)
    #expect(after.srtp?.authenticationFailures == (before.srtp?.authenticationFailures ?? 0) + 1)
    #expect(after.counters.unacceptedDatagrams == before.counters.unacceptedDatagrams + 1)
  }

  @Test func `no packet of one key is sent twice with different contents under one number`() throws {
    var call = try MediaRepairTests.call(seed: 3, condition: .network(loss: 10, delay: 20))
    let tap = Tap()
    call.pair.onTransmit = { fromOfferer, bytes in
      if fromOfferer, bytes.count > 12, (128...191).contains(bytes[0]), !(192...223).contains(bytes[1]) {
        tap.datagrams.append(arrayCopy(bytes))
      }
    }
    call.run(for: .seconds(3))
    var seen: [[UInt8]: [UInt8]] = [:]
    for datagram in tap.datagrams {
      // SSRC and sequence number: with the roll-over counter, which does not turn here, they are the nonce.
      let number = Array(datagram[8..<12]) + Array(datagram[2..<4])
      if let other = seen[number] { #expect(other == datagram) }
      seen[number] = datagram
    }
    #expect(seen.count > 120)
  }

  @Test func `a fork of a call goes on byte for byte as the call does`() throws {
    let (original, _) = try tappedCall()
    let fork = try original.pair.fork()
    let clip = try clip("pcmu.wav")
    func outputs(_ pair: PeerPair) throws -> [[UInt8]] {
      let tap = Tap()
      pair.onTransmit = { _, bytes in tap.datagrams.append(arrayCopy(bytes)) }
      for index in 0..<40 {
        try pair.offerer.sendFrame(
          clip.frame(at: index), FrameTiming(timestamp: UInt32(100_000 + 160 * index)), on: Transceiver(index: 0),
          now: pair.now)
        pair.run(until: pair.now + .milliseconds(20))
      }
      return tap.datagrams
    }
    let (first, second) = (try outputs(original.pair), try outputs(fork))
    #expect(first.count >= 40)
    let isSame = first == second
    #expect(isSame)
  }

  @Test func `media that comes ahead of the end of the handshake is kept`() throws {
    // Reordering lets the first packets overtake the last flight now and then: no seed may lose any.
    for seed: UInt64 in 1...10 {
      var call = try Call(seed: seed, condition: .network(loss: 0, delay: 5, jitter: 30))
      let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcmu]), now: call.now)
      try call.pair.signal()
      let up = call.run(for: .seconds(10)) { $0.pair.offerer.connectionState == .connected }
      try #require(up)
      call.play(try clip("pcmu.wav"), on: audio, of: .offerer)
      call.run(for: .seconds(1))
      let first = try #require(call.answererFrames.first)
      #expect(first.info.mediaTime == 0 && !call.answererFrames.contains { $0.info.followsLoss }, "seed \(seed)")
      #expect(call.answererFrames.count >= 46, "seed \(seed)")
    }
  }
}
