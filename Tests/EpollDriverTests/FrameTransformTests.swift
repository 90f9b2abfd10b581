import Bytes
import Foundation
import RTP
import Synchronization
import Testing
import Time
import WebRTC

@testable import EpollDriver

/// Sets every byte to a mark, and does what it is told to on the way.
private final class Marker: FrameTransform, @unchecked Sendable {
  let mark: UInt8
  var onTransform: (() -> Void)?
  init(_ mark: UInt8) { self.mark = mark }

  func maximumSize(of size: Int) -> Int { size }
  func transform(_ frame: Span<UInt8>, _ info: FrameTransformInfo, into writer: inout SpanWriter) -> Bool {
    for _ in 0..<frame.count { writer.write(self.mark) }
    self.onTransform?()
    return true
  }
}

/// Collects frames. Guarded by the driver's lock but for the semaphore.
private final class FrameObserver: PeerDelegate, @unchecked Sendable {
  var frames: [[UInt8]] = []
  var isConnected = false
  var onFrame: ((Peer) -> Void)?
  let changed = DispatchSemaphore(value: 0)

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    if event == .connectionStateChanged(.connected) { self.isConnected = true }
    self.changed.signal()
  }
  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {}
  func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>) {
    self.frames.append(arrayCopy(bytes))
    self.onFrame?(peer)
    self.changed.signal()
  }

  func wait(_ driver: EpollDriver, until condition: (FrameObserver) -> Bool) -> Bool {
    let end = DispatchTime.now() + 20
    while !driver.locked({ condition(self) }) {
      if self.changed.wait(timeout: end) == .timedOut { return driver.locked { condition(self) } }
    }
    return true
  }
}

@Suite struct FrameTransformTests {
  /// A peer that sends PCMU to another, connected.
  private func withCall(_ body: (EpollDriver, Peer, Transceiver, Peer, FrameObserver) throws -> Void) throws {
    let running = try RunningDriver()
    defer { running.stop() }
    let (sending, receiving) = (FrameObserver(), FrameObserver())
    let a = try running.driver.makePeer(configuration: .init(), identity: identity, delegate: sending)
    let b = try running.driver.makePeer(configuration: .init(), identity: identity, delegate: receiving)
    let audio = try a.perform { connection, now throws(PeerConnection.UsageError) in
      try connection.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcmu]), now: now)
    }
    try exchangeDescriptions(a, b)
    #expect(sending.wait(running.driver) { $0.isConnected } && receiving.wait(running.driver) { $0.isConnected })
    try body(running.driver, a, audio, b, receiving)
  }

  private func send(_ count: Int, from peer: Peer, on audio: Transceiver) throws {
    for number in 0..<count {
      let samples = [UInt8](repeating: 1, count: 160)
      try peer.sendFrame(samples.span, FrameTiming(timestamp: UInt32(number * 160)), on: audio)
    }
  }

  @Test func `a transform that is changed from within a delegate's call stays changed`() throws {
    try self.withCall { driver, a, audio, b, observer in
      b.setFrameTransform(Marker(9), for: .received)
      driver.locked { observer.onFrame = { $0.setFrameTransform(Marker(7), for: .received) } }
      try self.send(10, from: a, on: audio)
      #expect(observer.wait(driver) { $0.frames.count == 10 })
      let marks = driver.locked { observer.frames.map { $0[0] } }
      #expect(marks == [9] + [UInt8](repeating: 7, count: 9))
    }
  }

  @Test func `what is sent from within a transform is transformed as well`() throws {
    try self.withCall { driver, a, audio, _, observer in
      let marker = Marker(5)
      marker.onTransform = { [weak marker] in
        marker?.onTransform = nil
        try? self.send(1, from: a, on: audio)
      }
      a.setFrameTransform(marker, for: .sent)
      try self.send(1, from: a, on: audio)
      #expect(observer.wait(driver) { $0.frames.count == 2 })
      let marks = driver.locked { observer.frames.map { $0[0] } }
      #expect(marks == [5, 5])
    }
  }
}
