import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time
import WebRTC

/// Two peers and the path between them on one virtual clock: the smallest world.
///
/// The owner calls the peers as it likes and then `run`, or `step` to look in between. All of it follows from the seed.
/// A class, because what holds two connections is too large for the compiler's checks of values that cannot be copied.
public final class PeerPair {
  public var offerer: PeerConnection
  public var answerer: PeerConnection
  public private(set) var now: Instant
  public var forward: Link
  public var backward: Link
  /// Called for every datagram that is sent, with the side that sent it: true for the offerer.
  public var onTransmit: ((Bool, Span<UInt8>) -> Void)?

  public static var offererAddress: TransportAddress { TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 1001) }
  public static var answererAddress: TransportAddress { TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 2002) }

  /// Two peers that know their own addresses, and nothing of each other.
  public init(
    seed: UInt64, condition: Link.Condition = .init(), offerer: PeerConnection.Configuration = .init(),
    answerer: PeerConnection.Configuration = .init(), identities: (Identity, Identity)
  ) throws(PeerConnection.UsageError) {
    var random = SeededRandom(seed: .init(seed))
    // Not at zero: a clock that starts anywhere must do.
    self.now = Instant(nanoseconds: 1_000_000_000)
    self.forward = Link(condition: condition, random: random.split())
    self.backward = Link(condition: condition, random: random.split())
    self.offerer = try PeerConnection(
      configuration: offerer, identity: identities.0, seed: .init(bytes: random.bytes()), now: self.now)
    self.answerer = try PeerConnection(
      configuration: answerer, identity: identities.1, seed: .init(bytes: random.bytes()), now: self.now)
    self.offerer.addLocalAddress(Self.offererAddress, preference: 65535, now: self.now)
    self.answerer.addLocalAddress(Self.answererAddress, preference: 65535, now: self.now)
    self.offerer.localAddressesComplete(now: self.now)
    self.answerer.localAddressesComplete(now: self.now)
  }

  /// One offer and its answer, without delay.
  public func signal() throws(PeerConnection.DescriptionError) {
    var text = [UInt8](repeating: 0, count: 32_768)
    let offer = try describe(&text) { writer throws(PeerConnection.UsageError) in
      try self.offerer.makeOffer(into: &writer, now: self.now)
    }
    try self.answerer.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: self.now)
    let answer = try describe(&text) { writer throws(PeerConnection.UsageError) in
      try self.answerer.makeAnswer(into: &writer, now: self.now)
    }
    try self.offerer.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: self.now)
  }

  /// Sends what waits, then goes to the next thing that happens; false when nothing will.
  @discardableResult
  public func step() -> Bool {
    self.transmit()
    guard let next = self.nextInstant else { return false }
    self.now = max(next, self.now)
    while let flight = self.forward.receive(now: self.now) {
      var bytes = flight.bytes
      var datagram = bytes.mutableSpan
      self.answerer.receive(
        &datagram, from: flight.path.source, to: flight.path.destination, now: self.now)
    }
    while let flight = self.backward.receive(now: self.now) {
      var bytes = flight.bytes
      var datagram = bytes.mutableSpan
      self.offerer.receive(&datagram, from: flight.path.source, to: flight.path.destination, now: self.now)
    }
    if let deadline = self.offerer.nextDeadline, deadline <= self.now { self.offerer.advance(to: self.now) }
    if let deadline = self.answerer.nextDeadline, deadline <= self.now { self.answerer.advance(to: self.now) }
    return true
  }

  /// Steps until `deadline`, or until nothing more will happen.
  public func run(until deadline: Instant) {
    while true {
      self.transmit()
      guard let next = self.nextInstant, next <= deadline, self.step() else { break }
    }
    self.now = max(self.now, deadline)
  }

  /// When the next thing happens, unless something is waiting to be sent; nil: never.
  public var nextInstant: Instant? {
    var next = Instant.distantFuture
    if let instant = self.offerer.nextDeadline, instant < next { next = instant }
    if let instant = self.answerer.nextDeadline, instant < next { next = instant }
    if let instant = self.forward.nextArrival, instant < next { next = instant }
    if let instant = self.backward.nextArrival, instant < next { next = instant }
    return next == .distantFuture ? nil : next
  }

  /// Puts everything that both peers have to send on its way.
  public func transmit() {
    var buffer = [UInt8](repeating: 0, count: 1500)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let path = self.offerer.pollTransmit(into: &writer) else { break }
      let count = writer.count
      self.onTransmit?(true, buffer.span.extracting(0..<count))
      self.forward.send(buffer.span.extracting(0..<count), on: path, now: self.now)
    }
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let path = self.answerer.pollTransmit(into: &writer) else { break }
      let count = writer.count
      self.onTransmit?(false, buffer.span.extracting(0..<count))
      self.backward.send(buffer.span.extracting(0..<count), on: path, now: self.now)
    }
  }

  /// Both peers' forks on forks of both links.
  public func fork() throws(DTLS.UsageError) -> PeerPair { try PeerPair(forking: self) }

  private init(forking other: PeerPair) throws(DTLS.UsageError) {
    self.now = other.now
    self.forward = other.forward
    self.backward = other.backward
    self.offerer = try other.offerer.fork()
    self.answerer = try other.answerer.fork()
  }
}

private func describe(
  _ text: inout [UInt8], _ body: (inout SpanWriter) throws(PeerConnection.UsageError) -> Void
) throws(PeerConnection.DescriptionError) -> Int {
  var writer = SpanWriter(text.mutableSpan)
  do throws(PeerConnection.UsageError) { try body(&writer) } catch { throw .usage(error) }
  return writer.count
}
