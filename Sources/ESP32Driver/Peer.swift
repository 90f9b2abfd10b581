import Bytes
import CESPPeer
import Cryptography
import DataChannel
import RTP
import STUN
import Time
import WebRTC

/// What stands behind a handle: a `PeerConnection` with its sockets, and the application's callbacks.
///
/// One mutex guards it. Sends of other threads take it; the main loop holds it while it works, and neither while it waits nor while
/// it calls back: whatever is handed to a callback was moved into buffers that only the main loop touches. So a callback may
/// call any function of the interface, `close` included.
///
///     any thread ─→ perform ─→ PeerConnection ─→ transmit ─→ sockets
///     main loop  ─→ work    ─→ PeerConnection ─→ transmit ─→ sockets
///                └→ deliver ─→ notices, events, messages, frames ─→ callbacks
@safe
final class Peer {
  let mutex: OpaquePointer
  /// Held by whoever runs the main loop, from its beginning to its end.
  let turn: OpaquePointer
  let waiter: OpaquePointer
  let callbacks: Callbacks
  let settings: Settings
  let identity: Identity

  // MARK: The connection

  var role: ConnectionRole
  var servers: [Server]
  var connection: PeerConnection?
  var sockets: [Socket] = []
  /// Theirs, as the port wants them.
  var handles: [OpaquePointer?] = unsafe []
  var attempt = Attempt()
  var channels = ChannelList()
  var sentAudio = SendClock()
  var sentVideo = SendClock()
  var sentTransform: FrameTransform?
  var receivedTransform: FrameTransform?
  var audioStage = TransformStage()
  var videoStage = TransformStage()
  /// Names of candidates and servers that are being looked up.
  var names = NameList()
  /// What is to be told before anything else the connection has to tell.
  var notices = NoticeQueue()
  /// A datagram that comes or goes.
  var datagram: Buffer
  /// A datagram that the system had no room for.
  var blocked = BlockedDatagram()
  var counters = Counters()

  // MARK: The main loop's own

  /// What a callback is given lies here.
  var buffer: Buffer
  var receivedStage = TransformStage()

  // MARK: Life

  var isClosed = false
  var isLooping = false
  var loopThread: UInt = 0
  /// When the waiting main loop wakes up by itself; nil where it does not wait, or was woken.
  var wakesAt: Instant?
  /// While the main loop waits on sockets nobody closes them: those that are done with are closed when it is back.
  var isWaiting = false
  var retiredSockets: [Socket] = []
  /// Calls on their way that let go of the mutex.
  var users = 0

  struct Counters {
    var datagramsLost: UInt32 = 0
    var framesDropped: UInt32 = 0
  }

  private init(mutex: OpaquePointer, turn: OpaquePointer, waiter: OpaquePointer, callbacks: Callbacks, settings: Settings, identity: Identity) {
    unsafe self.mutex = mutex
    unsafe self.turn = turn
    unsafe self.waiter = waiter
    self.callbacks = callbacks
    self.settings = settings
    self.identity = identity
    self.role = settings.role
    self.servers = settings.servers
    self.datagram = Buffer(count: Self.datagramSize)
    self.buffer = Buffer(count: 2048)
  }

  /// What `PeerConnection.pollTransmit` needs at most, and what a path carries.
  static let datagramSize = 1500

  static func open(_ cfg: UnsafeMutablePointer<esp_peer_cfg_t>, _ opened: inout Peer?) -> Result {
    var settings = Settings()
    let result = unsafe settings.read(cfg)
    guard result == .none else { return result }
    guard let identity = SharedIdentity.take() else { return .noMemory }
    guard let mutex = unsafe port_mutex_create() else { return .noMemory }
    guard let turn = unsafe port_mutex_create() else {
      unsafe port_mutex_destroy(mutex)
      return .noMemory
    }
    guard let waiter = unsafe port_waiter_create() else {
      unsafe port_mutex_destroy(mutex)
      unsafe port_mutex_destroy(turn)
      return .noMemory
    }
    opened = unsafe Peer(
      mutex: mutex, turn: turn, waiter: waiter, callbacks: Callbacks(cfg.pointee), settings: settings, identity: identity)
    return .none
  }

  deinit {
    self.datagram.free()
    self.buffer.free()
    self.audioStage.free()
    self.videoStage.free()
    self.receivedStage.free()
    for socket in self.sockets + self.retiredSockets { socket.close() }
    unsafe port_waiter_destroy(self.waiter)
    unsafe port_mutex_destroy(self.turn)
    unsafe port_mutex_destroy(self.mutex)
  }

  var now: Instant { Instant(nanoseconds: port_now()) }

  // MARK: The mutex

  func lock() { unsafe port_mutex_lock(self.mutex) }
  func unlock() { unsafe port_mutex_unlock(self.mutex) }

  /// Lets go of the mutex for what a user's function does, or for a wait; `resume` takes it again.
  func suspend() {
    self.users &+= 1
    self.unlock()
  }

  func resume() {
    self.lock()
    self.users &-= 1
  }

  /// Ends a call that holds the mutex. The last one of a peer that was closed ends the peer as well.
  func leave() {
    let isLast = self.isClosed && self.users == 0
    self.unlock()
    if isLast { unsafe Unmanaged.passUnretained(self).release() }
  }

  /// Takes the mutex for a call; false where there is nothing to call any more.
  func enter() -> Bool {
    self.lock()
    if !self.isClosed { return true }
    self.unlock()
    return false
  }

  /// Runs `body` with the mutex held, then sends what it has made the connection say.
  func perform(_ body: (Peer) -> Result) -> Result {
    guard self.enter() else { return .wrongState }
    let result = body(self)
    self.transmit()
    self.wake()
    self.leave()
    return result
  }

  /// Has a waiting main loop look again.
  func wake() {
    guard self.wakesAt != nil else { return }
    self.wakesAt = nil
    unsafe port_waiter_wake(self.waiter)
  }

  /// As `wake`, where what was sent has to be looked after sooner than the main loop knows of.
  func wakeIfDue() {
    if let wakesAt = self.wakesAt, self.nextDeadline < wakesAt { self.wake() }
  }

  // MARK: The end

  func close() -> Result {
    self.lock()
    guard !self.isClosed else {
      self.unlock()
      return .wrongState
    }
    self.endConnection()
    self.isClosed = true
    // No callback may run once this has returned: but the one that this is called from.
    if self.isLooping, self.loopThread != UInt(port_thread()) {
      unsafe port_waiter_wake(self.waiter)
      self.suspend()
      unsafe port_mutex_lock(self.turn)
      unsafe port_mutex_unlock(self.turn)
      self.resume()
    }
    self.leave()
    return .none
  }
}

/// The application's functions.
@safe
struct Callbacks {
  let context: UnsafeMutableRawPointer?
  let state: (@convention(c) (esp_peer_state_t, UnsafeMutableRawPointer?) -> CInt)?
  let message: (@convention(c) (UnsafeMutablePointer<esp_peer_msg_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let videoInfo: (@convention(c) (UnsafeMutablePointer<esp_peer_video_stream_info_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let audioInfo: (@convention(c) (UnsafeMutablePointer<esp_peer_audio_stream_info_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let audio: (@convention(c) (UnsafeMutablePointer<esp_peer_audio_frame_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let video: (@convention(c) (UnsafeMutablePointer<esp_peer_video_frame_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let channelOpen: (@convention(c) (UnsafeMutablePointer<esp_peer_data_channel_info_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let data: (@convention(c) (UnsafeMutablePointer<esp_peer_data_frame_t>?, UnsafeMutableRawPointer?) -> CInt)?
  let channelClose: (@convention(c) (UnsafeMutablePointer<esp_peer_data_channel_info_t>?, UnsafeMutableRawPointer?) -> CInt)?

  init(_ cfg: esp_peer_cfg_t) {
    unsafe self.context = cfg.ctx
    unsafe self.state = cfg.on_state
    unsafe self.message = cfg.on_msg
    unsafe self.videoInfo = cfg.on_video_info
    unsafe self.audioInfo = cfg.on_audio_info
    unsafe self.audio = cfg.on_audio_data
    unsafe self.video = cfg.on_video_data
    unsafe self.channelOpen = cfg.on_channel_open
    unsafe self.data = cfg.on_data
    unsafe self.channelClose = cfg.on_channel_close
  }
}
