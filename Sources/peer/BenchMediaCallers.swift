import Bytes
import CLinux
import Cryptography
import EpollDriver
import Foundation
import RTP
import STUN
import Time
import WebRTC

/// The far ends of many calls on one thread, as cheap as they can be: each speaks every 20 ms, and of what comes back only ICE and
/// DTLS are looked at.
final class Callers {
  private final class Caller {
    var connection: PeerConnection
    let descriptor: CInt
    let address: TransportAddress

    init(_ connection: consuming PeerConnection, _ descriptor: CInt, _ address: TransportAddress) {
      self.connection = connection
      self.descriptor = descriptor
      self.address = address
    }
    deinit { close(self.descriptor) }
  }

  private static let groups = 20
  private var callers: [Caller] = []
  private let batch: OpaquePointer
  private var packet = pattern(7, size: 160)
  private var turn = 0

  init(_ capacity: Int) throws {
    guard let batch = clinux_batch_create(32, 2048) else { throw Failure("out of memory") }
    self.batch = batch
    self.callers.reserveCapacity(capacity)
    // Opus, one frame of 20 ms (RFC 6716 section 3.1).
    self.packet[0] = 0x78
  }

  deinit { clinux_batch_destroy(self.batch) }

  var now: Instant { Instant(nanoseconds: clinux_monotonic_nanoseconds()) }
  var count: Int { self.callers.count }
  var connectedCount: Int { self.callers.count { $0.connection.connectionState == .connected } }

  /// One call more: both descriptions are exchanged.
  func add(calling driver: EpollDriver, _ delegate: any PeerDelegate, _ identities: (Identity, Identity)) throws {
    var bound = clinux_address(TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0))
    let descriptor = clinux_udp_open(&bound, 64 << 10)
    guard descriptor >= 0 else { throw Failure("cannot open a UDP socket") }
    let address = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: bound.port)
    var configuration = PeerConnection.Configuration()
    configuration.offersDataChannels = false
    let now = self.now
    let caller = Caller(
      try PeerConnection(configuration: configuration, identity: identities.0, seed: Entropy.seed(), now: now), descriptor,
      address)
    caller.connection.addLocalAddress(address, preference: 65535, now: now)
    caller.connection.localAddressesComplete(now: now)
    try caller.connection.addTransceiver(.audio, .init(formats: [.opus]), now: now)
    let offer = try description { writer throws(PeerConnection.UsageError) in
      try caller.connection.makeOffer(into: &writer, now: now)
    }
    let answerer = try driver.makePeer(configuration: configuration, identity: identities.1, delegate: delegate)
    let answer = try answerer.perform { connection, now in
      try connection.addTransceiver(.audio, .init(formats: [.opus]), now: now)
      try connection.setRemoteDescription(.offer, Array(offer.utf8).span, now: now)
      return try description { writer throws(PeerConnection.UsageError) in
        try connection.makeAnswer(into: &writer, now: now)
      }
    }
    try caller.connection.setRemoteDescription(.answer, Array(answer.utf8).span, now: now)
    self.callers.append(caller)
  }

  func serveAll() {
    for caller in self.callers { self.serve(caller) }
    usleep(200)
  }

  /// A packet every 20 ms on each call, the calls spread evenly over that time.
  func talk(for time: Interval) {
    var due = self.now
    let end = due + time
    while due < end {
      let timestamp = UInt32(truncatingIfNeeded: self.turn / Self.groups * 960)
      for index in stride(from: self.turn % Self.groups, to: self.callers.count, by: Self.groups) {
        let caller = self.callers[index]
        let size = 80 + (self.turn &* 37 &+ index &* 11) % 81
        do throws(FrameSendError) {
          try caller.connection.sendFrame(
            self.packet.span.extracting(0..<size), FrameTiming(timestamp: timestamp), on: Transceiver(index: 0), now: due)
        } catch {}
        self.serve(caller)
      }
      self.turn += 1
      due = due + .milliseconds(1)
      let now = self.now
      if due > now {
        usleep(UInt32((due - now).nanoseconds / 1000))
      } else if now - due > .milliseconds(20) {
        // What a busy machine does not send in time it does not send in a burst.
        due = now
      }
    }
  }

  private func serve(_ caller: Caller) {
    let now = self.now
    let received = clinux_receive(caller.descriptor, self.batch)
    for index in 0..<max(received, 0) {
      let bytes = UnsafeMutableBufferPointer(
        start: clinux_batch_bytes(self.batch, index), count: Int(clinux_batch_length(self.batch, index)))
      guard bytes.count > 0, bytes[0] < 128 else { continue }
      let source = clinux_batch_address(self.batch, index)
      var datagram = MutableSpan(_unsafeElements: bytes)
      caller.connection.receive(
        &datagram, from: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: source.port), to: caller.address, now: now)
    }
    if let deadline = caller.connection.nextDeadline, deadline <= now { caller.connection.advance(to: now) }
    var slots: Int32 = 0
    while slots < 32 {
      let bytes = UnsafeMutableBufferPointer(start: clinux_batch_bytes(self.batch, slots), count: 2048)
      var writer = SpanWriter(MutableSpan(_unsafeElements: bytes))
      guard let path = caller.connection.pollTransmit(into: &writer) else { break }
      clinux_batch_set(self.batch, slots, Int32(writer.count), clinux_address(path.destination))
      slots += 1
    }
    if slots > 0 { _ = clinux_send(caller.descriptor, self.batch, 0, slots) }
    while caller.connection.pollEvent() != nil {}
  }
}

extension clinux_address {
  /// For IPv4.
  fileprivate init(_ address: TransportAddress) {
    self.init()
    self.port = address.port
    self.family = 4
    withUnsafeMutableBytes(of: &self.ip) { bytes in for i in 0..<4 { bytes[i] = address.ip[12 + i] } }
  }
}
