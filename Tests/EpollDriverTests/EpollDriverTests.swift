import Bytes
import CLinux
import Cryptography
import DataChannel
import Foundation
import STUN
import Synchronization
import Testing
import Time
import WebRTC

@testable import EpollDriver

/// Collects what a peer told, and wakes whoever waits for it. Guarded by the driver's lock but for the semaphore.
final class Observer: PeerDelegate, @unchecked Sendable {
  var opened: [Channel] = []
  var messages: [[UInt8]] = []
  var states: [ConnectionState] = []
  let changed = DispatchSemaphore(value: 0)
  var onOpen: ((Peer, Channel) -> Void)?

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    if case .channelOpened(let channel, _) = event {
      self.opened.append(channel)
      self.onOpen?(peer, channel)
    }
    if case .connectionStateChanged(let state) = event { self.states.append(state) }
    self.changed.signal()
  }

  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {
    self.messages.append(arrayCopy(bytes))
    self.changed.signal()
  }

  /// Waits until `condition` holds, woken by whatever happens; false after `seconds` without it.
  func wait(_ driver: EpollDriver, seconds: Double = 20, until condition: (Observer) -> Bool) -> Bool {
    let end = DispatchTime.now() + seconds
    while !driver.locked({ condition(self) }) {
      if self.changed.wait(timeout: end) == .timedOut { return driver.locked { condition(self) } }
    }
    return true
  }
}

/// A driver on a thread of its own, and its end.
final class RunningDriver {
  let driver: EpollDriver
  private let ended = DispatchSemaphore(value: 0)

  init(sharesSockets: Bool = false) throws {
    var loopback = EpollDriver.Configuration()
    loopback.addresses = [IPAddress(127, 0, 0, 1)]
    loopback.sharesSockets = sharesSockets
    self.driver = try EpollDriver(configuration: loopback)
    let (driver, ended) = (self.driver, self.ended)
    Thread {
      driver.run()
      ended.signal()
    }.start()
  }

  func stop() {
    self.driver.stop()
    self.ended.wait()
  }
}

let identity: Identity = {
  var random = SeededRandom(seed: Entropy.seed())
  return try! Identity(random: &random)
}()

func exchangeDescriptions(_ offerer: Peer, _ answerer: Peer) throws {
  var text = [UInt8](repeating: 0, count: 8192)
  let offer = try offerer.perform { connection, now throws(PeerConnection.UsageError) in
    var writer = SpanWriter(text.mutableSpan)
    try connection.makeOffer(into: &writer, now: now)
    return writer.count
  }
  let answer = try answerer.perform { connection, now in
    try connection.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: now)
    var writer = SpanWriter(text.mutableSpan)
    try connection.makeAnswer(into: &writer, now: now)
    return writer.count
  }
  try offerer.perform { connection, now in
    try connection.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: now)
  }
}

@Suite struct EpollDriverTests {
  @Test func `many peers share one socket, and each gets its own messages`() throws {
    let running = try RunningDriver(), other = try RunningDriver(sharesSockets: true)
    defer {
      running.stop()
      other.stop()
    }
    let driver = running.driver
    var pairs: [(Peer, Peer, Observer, Observer)] = []
    for _ in 0..<20 {
      let (a, b) = (Observer(), Observer())
      let offerer = try driver.makePeer(configuration: .init(), identity: identity, delegate: a)
      let answerer = try other.driver.makePeer(configuration: .init(), identity: identity, delegate: b)
      _ = try offerer.perform { connection, now in
        try connection.openChannel(ChannelOptions(label: Array("x".utf8)), now: now)
      }
      try exchangeDescriptions(offerer, answerer)
      pairs.append((offerer, answerer, a, b))
    }
    for (number, (offerer, _, a, b)) in pairs.enumerated() {
      #expect(a.wait(driver) { !$0.opened.isEmpty })
      let channel = driver.locked { a.opened[0] }
      try offerer.perform { connection, now in
        try connection.send([UInt8(number)].span, kind: .binary, on: channel, now: now)
      }
      #expect(b.wait(other.driver) { $0.messages.count == 1 })
      #expect(other.driver.locked { b.messages } == [[UInt8(number)]])
    }
    #expect(driver.localAddresses.count == 20 && other.driver.localAddresses.count == 1)
    for (offerer, _, _, b) in pairs {
      offerer.close()
      #expect(b.wait(other.driver) { $0.states.last == .closed })
    }
  }

  @Test func `several threads send on one peer at once, and all of it arrives`() throws {
    let running = try RunningDriver()
    defer { running.stop() }
    let driver = running.driver
    let (a, b) = (Observer(), Observer())
    let offerer = try driver.makePeer(configuration: .init(), identity: identity, delegate: a)
    let answerer = try driver.makePeer(configuration: .init(), identity: identity, delegate: b)
    _ = try offerer.perform { connection, now in
      try connection.openChannel(ChannelOptions(label: Array("x".utf8)), now: now)
    }
    try exchangeDescriptions(offerer, answerer)
    try #require(a.wait(driver) { !$0.opened.isEmpty })
    let channel = driver.locked { a.opened[0] }
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for number in 0..<50 {
        _ = try? offerer.perform { connection, now in
          try connection.send([UInt8(thread), UInt8(number)].span, kind: .binary, on: channel, now: now)
        }
      }
    }
    #expect(b.wait(driver) { $0.messages.count == 200 })
    for thread in 0..<4 {
      let numbers = driver.locked { b.messages.filter { $0[0] == UInt8(thread) }.map { Int($0[1]) } }
      #expect(numbers == Array(0..<50), "each thread's messages keep their order")
    }
  }

  @Test func `a peer that does not read slows its sender down, and nothing is lost`() throws {
    let running = try RunningDriver()
    defer { running.stop() }
    let driver = running.driver
    let (a, b) = (Observer(), Observer())
    let offerer = try driver.makePeer(configuration: .init(), identity: identity, delegate: a)
    let answerer = try driver.makePeer(configuration: .init(), identity: identity, delegate: b)
    _ = try offerer.perform { connection, now in
      try connection.openChannel(ChannelOptions(label: Array("x".utf8)), now: now)
    }
    try exchangeDescriptions(offerer, answerer)
    try #require(a.wait(driver) { !$0.opened.isEmpty })
    answerer.perform { _, _ in answerer.isReading = false }
    let channel = driver.locked { a.opened[0] }
    var accepted = 0
    let message = [UInt8](repeating: 5, count: 60_000)
    while (try? offerer.perform({ connection, now in try connection.send(message.span, kind: .binary, on: channel, now: now) })) != nil {
      accepted += 1
      try #require(accepted < 1000, "the window closes on a peer that does not read")
    }
    #expect(accepted > 0)
    answerer.isReading = true
    #expect(b.wait(driver) { $0.messages.count == accepted })
    #expect(driver.locked { b.messages.allSatisfy { $0 == message } })
  }

  @Test func `stopping the driver tells the other side`() throws {
    let here = try RunningDriver(), there = try RunningDriver()
    defer { there.stop() }
    let (a, b) = (Observer(), Observer())
    let offerer = try here.driver.makePeer(configuration: .init(), identity: identity, delegate: a)
    let answerer = try there.driver.makePeer(configuration: .init(), identity: identity, delegate: b)
    _ = try offerer.perform { connection, now in
      try connection.openChannel(ChannelOptions(label: Array("x".utf8)), now: now)
    }
    try exchangeDescriptions(offerer, answerer)
    try #require(a.wait(here.driver) { !$0.opened.isEmpty })
    here.stop()
    #expect(b.wait(there.driver) { $0.states.last == .closed })
    #expect(here.driver.peerCount == 0)
  }

  @Test func `a recording is for its owner's eyes, even where the file was there before`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    let made = FileManager.default.createFile(
      atPath: path, contents: Data("old".utf8), attributes: [.posixPermissions: 0o644])
    #expect(made)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try RecordingFile(path: path)
    file.close()
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(attributes[.size] as? Int == 0)
  }

  @Test func `an address that is not this machine's cannot be listened on`() {
    var configuration = EpollDriver.Configuration()
    configuration.addresses = [IPAddress(203, 0, 113, 77)]
    #expect(throws: EpollDriver.OpenError.system(EADDRNOTAVAIL)) { try EpollDriver(configuration: configuration) }
  }
}

@Suite struct RoutingTests {
  @Test func `an ICE restart gives a peer a new name on the shared socket`() throws {
    let running = try RunningDriver(sharesSockets: true)
    defer { running.stop() }
    let peer = try running.driver.makePeer(configuration: .init(), identity: identity, delegate: nil)
    let before = running.driver.locked { peer.localUfrag }
    try peer.perform { connection, now in try connection.restartICE(now: now) }
    let (after, known) = running.driver.locked { (peer.connection.connection.localUfrag, peer.localUfrag) }
    #expect(after != before && known == after)
  }

  @Test func `peers behind one address take turns without leaving anything behind, and one that moves on is followed`() throws {
    let running = try RunningDriver(sharesSockets: true)
    defer { running.stop() }
    let driver = running.driver
    let first = try driver.makePeer(configuration: .init(), identity: identity, delegate: nil)
    let second = try driver.makePeer(configuration: .init(), identity: identity, delegate: nil)
    func route(_ port: UInt16) -> Route {
      Route(socket: 3, remote: TransportAddress(ip: IPAddress(10, 0, 0, 1), port: port))
    }
    let datagram: [UInt8] = [22]
    driver.locked {
      var routes = Routes()
      for _ in 0..<100 {
        routes.learn(route(1), for: first)
        routes.learn(route(1), for: second)
      }
      #expect(first.routes.isEmpty && second.routes.count == 1)
      for port in 1...200 { routes.learn(route(UInt16(port)), for: first) }
      #expect(first.routes.count == Routes.maximumRoutesPerPeer && second.routes.isEmpty)
      let (newest, oldest) = (routes.peer(for: datagram.span, on: route(200)), routes.peer(for: datagram.span, on: route(1)))
      #expect(newest === first && oldest == nil)
      routes.remove(first)
      let none = routes.peer(for: datagram.span, on: route(200))
      #expect(none == nil)
    }
  }

  @Test func `what waits for a socket that closes is dropped, and does not hold up the others`() throws {
    let batch = try #require(clinux_batch_create(8, 100))
    defer { clinux_batch_destroy(batch) }
    var outgoing = Outgoing(batch: batch)
    for descriptor: Int32 in [5, 6, 6, 5, 7] { outgoing.append(to: descriptor) }
    outgoing.isBlocked = true
    #expect(outgoing.discard(from: 5) == 2)
    #expect(!outgoing.isBlocked)
    let run = outgoing.nextRun
    #expect(run?.descriptor == 6 && run?.end == 3)
    outgoing.first = 3
    let last = outgoing.nextRun
    #expect(last?.descriptor == 7 && outgoing.first == 4)
    outgoing.first = 5
    let none = outgoing.nextRun == nil
    #expect(none && outgoing.end == 0)
  }

  @Test func `a peer may be called after its driver is gone`() throws {
    var running: RunningDriver? = try RunningDriver()
    let peer = try #require(try running?.driver.makePeer(configuration: .init(), identity: identity, delegate: nil))
    running?.stop()
    running = nil
    peer.close()
    #expect(peer.perform { connection, _ in connection.connection.connectionState } == .closed)
  }

  @Test func `a batch of nothing counts as a batch of one`() throws {
    var configuration = EpollDriver.Configuration()
    configuration.addresses = [IPAddress(127, 0, 0, 1)]
    configuration.batchSize = 0
    let driver = try EpollDriver(configuration: configuration)
    #expect(driver.localAddresses.count == 1)
  }
}

@Suite struct DeadlineHeapTests {
  @Test func `the earliest deadline comes first through changes and removals`() throws {
    let running = try RunningDriver()
    defer { running.stop() }
    let driver = running.driver
    let peers = try (0..<30).map { _ in
      try driver.makePeer(configuration: .init(), identity: identity, delegate: nil)
    }
    // The driver's own heap is left alone: these peers are taken out of it first.
    driver.locked {
      for peer in peers { driver.remove(peer) }
      var heap = DeadlineHeap()
      var random = SeededRandom(seed: .init(3))
      var expected: [Int: UInt64] = [:]
      for _ in 0..<2000 {
        let index = Int(random.next(below: 30))
        if random.next(below: 4) == 0 {
          heap.update(peers[index], to: nil)
          expected[index] = nil
        } else {
          let deadline = UInt64(random.next(below: 1000))
          heap.update(peers[index], to: Instant(nanoseconds: deadline))
          expected[index] = deadline
        }
        #expect(heap.earliest?.nanoseconds == expected.values.min())
      }
      for peer in peers { heap.remove(peer) }
      #expect(heap.earliest == nil)
    }
  }
}
