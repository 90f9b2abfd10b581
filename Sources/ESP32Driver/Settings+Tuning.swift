import CESPPeer
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import Time
import WebRTC

extension Settings {
  /// Applies the default implementation's own fields, in which 0 means the default.
  mutating func apply(_ extra: esp_peer_default_cfg_t) {
    self.keepsRole = extra.keep_role
    self.usesV6 = extra.ipv6_support
    self.applyICE(extra)
    self.applyChannels(extra.data_ch_cfg)
    self.applyMedia(extra.rtp_cfg)
  }

  private mutating func applyICE(_ extra: esp_peer_default_cfg_t) {
    self.connection.ice.gatheringTimeout = .milliseconds(
      UInt32(extra.agent_recv_timeout == 0 ? 100 : min(max(extra.agent_recv_timeout, 10), 10_000)))
    self.maximumCandidates = extra.max_candidates == 0 ? 16 : Int(extra.max_candidates)
    self.connection.ice.maximumCandidates = self.maximumCandidates
    // A check every six seconds; its answers are the only sign of life that counts.
    self.connection.ice.consentInterval = .seconds(6)
    switch extra.alive_binding_retries {
    case 0: self.connection.ice.consentTimeout = .seconds(30)
    case 0xff: self.connection.ice.consentTimeout = Self.never
    case let retries: self.connection.ice.consentTimeout = .seconds(6) * UInt64(retries)
    }
  }

  private mutating func applyChannels(_ extra: esp_peer_default_data_ch_cfg_t) {
    let receive = Int(clamping: extra.recv_cache_size == 0 ? 102_400 : extra.recv_cache_size)
    let send = Int(clamping: extra.send_cache_size == 0 ? 102_400 : extra.send_cache_size)
    let window = min(max(receive, 1500), 1 &<< 29)
    self.connection.channels.association.receiveWindow = window
    self.connection.channels.association.maximumMessageSize = min(window, 262_144)
    self.connection.channels.association.sendBufferLimit = min(max(send, 1500), 1 &<< 29)
    self.channelLifetime = .milliseconds(UInt32(extra.cache_timeout == 0 ? 5000 : extra.cache_timeout))
  }

  private mutating func applyMedia(_ extra: esp_peer_default_rtp_cfg_t) {
    self.apply(extra.audio_recv_jitter, bytes: 102_400, to: &self.connection.rtp.audioReceiver)
    self.apply(extra.video_recv_jitter, bytes: 409_600, to: &self.connection.rtp.videoReceiver)
    if extra.video_recv_jitter.pli_send_interval > 0 {
      self.keyFrameInterval = .milliseconds(UInt32(extra.video_recv_jitter.pli_send_interval))
    }
    let packets = min(max(Int(clamping: extra.send_queue_num == 0 ? 256 : extra.send_queue_num), 4), 16_384)
    let least = 4 &* self.connection.rtp.maximumPacketSize
    let bytes = min(max(Int(clamping: extra.send_pool_size == 0 ? 409_600 : extra.send_pool_size), least), 1 &<< 30)
    self.connection.rtp.videoStore.bytes = bytes
    self.connection.rtp.videoStore.packets = packets
    self.connection.rtp.audioStore.bytes = min(bytes, self.connection.rtp.audioStore.bytes)
    self.connection.rtp.audioStore.packets = min(packets, self.connection.rtp.audioStore.packets)
    self.connection.rtp.maximumRepeats = UInt8(clamping: extra.max_resend_count == 0 ? 3 : extra.max_resend_count)
  }

  private func apply(
    _ extra: esp_peer_default_jitter_cfg_t, bytes: UInt32, to receiver: inout Receiver.Configuration
  ) {
    receiver.holdTime = .milliseconds(UInt32(extra.cache_timeout == 0 ? 100 : min(extra.cache_timeout, 60_000)))
    receiver.firstNACKDelay = .milliseconds(UInt32(extra.resend_delay == 0 ? 20 : min(extra.resend_delay, 60_000)))
    receiver.maximumBytes = min(max(Int(clamping: extra.cache_size == 0 ? bytes : extra.cache_size), 2048), 1 &<< 28)
  }

  /// The process's preference holds for handshakes that begin after it was set.
  static func applyCiphers(to configuration: inout DTLS.Connection.Configuration) {
    switch swift_peer_cipher_preference() {
    case CInt(bitPattern: ESP_PEER_DTLS_CIPHER_AES_GCM.rawValue):
      configuration.cipherSuites = [.ecdheECDSAWithAES128GCM, .ecdheRSAWithAES128GCM]
    case CInt(bitPattern: ESP_PEER_DTLS_CIPHER_CHACHA.rawValue):
      configuration.cipherSuites = [
        .ecdheECDSAWithChaCha20Poly1305, .ecdheRSAWithChaCha20Poly1305, .ecdheECDSAWithAES128GCM, .ecdheRSAWithAES128GCM,
      ]
    default: configuration.cipherSuites = CipherSuite.all
    }
  }
}
