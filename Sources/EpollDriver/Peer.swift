import Bytes
import DataChannel
import RTP
import STUN
import Simulator
import Time
import WebRTC

/// What a peer tells its owner. Called on the driver's thread, or on the one that closes the peer, with the driver's lock
/// held: any call on any peer is allowed from within, but waiting there for another thread is not.
public protocol PeerDelegate: AnyObject {
  func peer(_ peer: Peer, didReceive event: PeerConnection.Event)
  /// `bytes` are the driver's own and only borrowed.
  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>)
  /// A whole frame, in the order of its stream. Nothing is done with it by default.
  func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>)
  /// A payload as it came, of a receiver whose `delivery` is `.packets` or `.inPlace`. Nothing is done with it by default.
  func peer(_ peer: Peer, didReceive packet: ReceivedPacket, on transceiver: Transceiver, payload: Span<UInt8>)
}

extension PeerDelegate {
  public func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>) {}
  public func peer(_ peer: Peer, didReceive packet: ReceivedPacket, on transceiver: Transceiver, payload: Span<UInt8>) {}
}

/// A peer connection in the hands of a driver. All methods may be called from any thread, also when it is over. Peers and
/// driver keep each other alive until `close`, or until the driver stops.
public final class Peer: @unchecked Sendable {
  let driver: EpollDriver
  weak var delegate: PeerDelegate?
  var connection: RecordingPeerConnection
  var recording: RecordingFile?
  /// Whether messages are delivered. While it is false they wait, and the window closes on their sender.
  public var isReading: Bool {
    get { self.driver.locked { self.delivers } }
    set {
      self.driver.locked {
        self.delivers = newValue
        if newValue { self.driver.markDirty(self) }
      }
    }
  }
  var delivers = true
  /// The connection's configuration says so: looking there for every packet costs a visit to cold memory.
  let deliversPackets: Bool
  var sentTransform: FrameTransform?
  var receivedTransform: FrameTransform?
  var sentFrames = TransformStage()
  var receivedFrames = TransformStage()
  /// Where the driver's heap keeps this peer; -1 where it waits for nothing.
  var heapIndex = -1
  /// Whether the driver has it on its list of peers to serve.
  var isDirty = false
  /// Whether the driver is serving it right now.
  var isServed = false
  var isRemoved = false
  /// Paths on which datagrams without a user name are taken to be this peer's.
  var routes: [Route] = []
  /// The name that the driver's routes know it by.
  var localUfrag: [UInt8] = []

  init(driver: EpollDriver, connection: consuming RecordingPeerConnection, recording: RecordingFile?) {
    self.driver = driver
    self.deliversPackets = connection.connection.deliversPackets
    self.connection = connection
    self.recording = recording
  }

  /// The driver's clock.
  public var now: Instant { self.driver.now }

  public func setDelegate(_ delegate: PeerDelegate?) {
    self.driver.locked { self.delegate = delegate }
  }

  /// Runs `body` on the connection, then serves it: whatever it has to send is sent, also where `body` throws. Within
  /// `body` no other call on this peer is allowed.
  @discardableResult
  public func perform<Result: ~Copyable, Failure: Error>(
    _ body: (inout RecordingPeerConnection, Instant) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    self.driver.lock()
    defer {
      self.driver.didChange(self)
      self.driver.unlock()
    }
    return try body(&self.connection, self.driver.now)
  }

  /// Closes the connection, tells the other side, and takes the peer from the driver.
  public func close() {
    self.driver.locked {
      guard !self.isRemoved else { return }
      self.connection.close(now: self.driver.now)
      self.driver.serve(self)
      self.driver.flush()
      self.driver.remove(self)
    }
  }
}
