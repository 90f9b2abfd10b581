import CESPPeer
import DTLS
import DataChannel
import RTP
import SDP
import Time
import WebRTC

/// Which side makes the offer.
enum ConnectionRole: UInt8 {
  case controlling, controlled

  init?(_ role: esp_peer_role_t) {
    switch role {
    case ESP_PEER_ROLE_CONTROLLING: self = .controlling
    case ESP_PEER_ROLE_CONTROLLED: self = .controlled
    default: return nil
    }
  }
}

/// What an application asks of a peer, read out of C's structures once, at `open`.
struct Settings {
  var role = ConnectionRole.controlling
  var servers: [Server] = []
  /// Nil: none of that kind.
  var audio: MediaSettings?
  var video: MediaSettings?
  var reconnects = true
  var hasDataChannels = false
  var opensChannel = true
  var keepsRole = false
  var usesV6 = false
  /// Between requests for key frames; nil: only where one is needed.
  var keyFrameInterval: Interval?
  /// What an unsent message of the channel that opens by itself may wait.
  var channelLifetime = Interval.milliseconds(5000)
  var loopWait = Interval.milliseconds(10)
  var maximumCandidates = 16
  /// A device's bounds are small; those that an application may set are set by `apply`.
  #if hasFeature(Embedded)
  var connection = PeerConnection.Configuration.minimal
  #else
  var connection = PeerConnection.Configuration()
  #endif

  struct MediaSettings {
    var format: CodecFormat
    var direction: MediaDirection
    /// What the application's frames are of.
    var sampleRate: UInt32
    var channels: UInt8
  }

  /// Longer than any device lives.
  static let never = Interval(nanoseconds: 1 &<< 62)

  /// The result of `open` where something is wrong with `cfg`.
  mutating func read(_ cfg: UnsafeMutablePointer<esp_peer_cfg_t>) -> Result {
    let cfg = unsafe cfg.pointee
    guard let role = ConnectionRole(unsafe cfg.role) else { return .invalidArgument }
    self.role = role
    switch unsafe cfg.ice_trans_policy {
    case ESP_PEER_ICE_TRANS_POLICY_ALL: break
    case ESP_PEER_ICE_TRANS_POLICY_RELAY: return .notSupported
    default: return .invalidArgument
    }
    var result = unsafe Server.parse(cfg.server_lists, count: Int(cfg.server_num), into: &self.servers)
    guard result == .none else { return result }
    unsafe self.reconnects = !cfg.no_auto_reconnect
    unsafe self.hasDataChannels = cfg.enable_data_channel
    unsafe self.opensChannel = cfg.enable_data_channel && !cfg.manual_ch_create
    self.connection.offersDataChannels = self.hasDataChannels
    self.connection.acceptsDataChannels = self.hasDataChannels
    self.connection.receivesOfferedMedia = false
    result = unsafe self.readMedia(cfg)
    guard result == .none else { return result }
    return unsafe self.readExtra(cfg.extra_cfg, size: cfg.extra_size)
  }

  private mutating func readMedia(_ cfg: esp_peer_cfg_t) -> Result {
    guard let audioDirection = unsafe MediaDirection(cfg.audio_dir), let videoDirection = unsafe MediaDirection(cfg.video_dir)
    else { return .invalidArgument }
    let audioFormat: CodecFormat?
    switch unsafe cfg.audio_info.codec {
    case ESP_PEER_AUDIO_CODEC_NONE: audioFormat = nil
    case ESP_PEER_AUDIO_CODEC_G711A: audioFormat = .pcma
    case ESP_PEER_AUDIO_CODEC_G711U: audioFormat = .pcmu
    case ESP_PEER_AUDIO_CODEC_OPUS: audioFormat = .opus
    default: return .invalidArgument
    }
    let videoFormat: CodecFormat?
    switch unsafe cfg.video_info.codec {
    case ESP_PEER_VIDEO_CODEC_NONE: videoFormat = nil
    case ESP_PEER_VIDEO_CODEC_H264: videoFormat = .h264
    case ESP_PEER_VIDEO_CODEC_MJPEG: videoFormat = .jpeg
    default: return .invalidArgument
    }
    if let format = audioFormat, audioDirection != .inactive {
      let isOpus = format == .opus
      self.audio = unsafe MediaSettings(
        format: format, direction: audioDirection,
        sampleRate: cfg.audio_info.sample_rate == 0 ? (isOpus ? 48_000 : 8_000) : cfg.audio_info.sample_rate,
        channels: max(cfg.audio_info.channel, 1))
      self.connection.audio = self.connection.audio.limited(to: [format])
      guard !self.connection.audio.codecs.isEmpty else { return .notSupported }
      if isOpus, unsafe cfg.audio_info.channel > 1 { self.connection.audio.codecs[0].codec.opus.prefersStereo = true }
    }
    if let format = videoFormat, videoDirection != .inactive {
      self.video = MediaSettings(format: format, direction: videoDirection, sampleRate: 90_000, channels: 1)
      self.connection.video = self.connection.video.limited(to: [format])
      guard !self.connection.video.codecs.isEmpty else { return .notSupported }
    }
    return .none
  }

  private mutating func readExtra(_ pointer: UnsafeMutableRawPointer?, size: CInt) -> Result {
    var extra = esp_peer_default_cfg_t()
    if let pointer = unsafe pointer {
      guard size >= CInt(MemoryLayout<esp_peer_default_cfg_t>.size) else { return .invalidArgument }
      unsafe extra = pointer.loadUnaligned(as: esp_peer_default_cfg_t.self)
      unsafe self.readOwn(unsafe pointer, size: size)
    }
    guard !extra.tcp_support, !extra.ice_use_lite_mode else { return .notSupported }
    self.apply(extra)
    return .none
  }

  private mutating func readOwn(_ pointer: UnsafeMutableRawPointer, size: CInt) {
    guard unsafe size == CInt(MemoryLayout<swift_peer_cfg_t>.size) else { return }
    let own = unsafe pointer.loadUnaligned(as: swift_peer_cfg_t.self)
    guard unsafe own.magic == 0x5357_5031 else { return }
    switch unsafe own.main_loop_wait {
    case 0: break
    case 0xffff: self.loopWait = .zero
    case let wait: self.loopWait = .milliseconds(UInt32(wait))
    }
    if let resolve = unsafe own.resolve { unsafe self.resolver = Resolver(resolve: resolve, context: own.resolve_ctx) }
  }

  /// Nil: the port's.
  var resolver: Resolver?
}

extension MediaDirection {
  init?(_ direction: esp_peer_media_dir_t) {
    switch direction {
    case ESP_PEER_MEDIA_DIR_NONE: self = .inactive
    case ESP_PEER_MEDIA_DIR_SEND_ONLY: self = .sendonly
    case ESP_PEER_MEDIA_DIR_RECV_ONLY: self = .recvonly
    case ESP_PEER_MEDIA_DIR_SEND_RECV: self = .sendrecv
    default: return nil
    }
  }
}
