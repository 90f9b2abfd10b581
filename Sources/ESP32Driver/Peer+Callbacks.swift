import CESPPeer
import DataChannel
import RTP
import SCTP
import WebRTC

/// Calling the application, with the mutex free: nothing is touched here but what is the main loop's own.
extension Peer {
  /// False where a frame was dropped on the way.
  func callBack(_ delivery: Delivery) -> Bool {
    switch delivery {
    case .state(let state): _ = unsafe self.callbacks.state?(state, self.callbacks.context)
    case .description(let count): self.callBack(description: count)
    case .channel(let entry, let isOpen): self.callBack(channel: entry, isOpen: isOpen)
    case .data(let stream, let kind, let count): self.callBack(stream, kind, count)
    case .frame(let frame): return self.callBack(frame)
    }
    return true
  }

  private func callBack(description count: Int) {
    var message = unsafe esp_peer_msg_t(type: ESP_PEER_MSG_TYPE_SDP, data: self.buffer.bytes.baseAddress, size: CInt(count))
    _ = unsafe self.callbacks.message?(&message, self.callbacks.context)
  }

  private func callBack(channel entry: ChannelEntry, isOpen: Bool) {
    guard let callback = unsafe isOpen ? self.callbacks.channelOpen : self.callbacks.channelClose else { return }
    let label = unsafe UnsafeRawPointer(self.buffer.bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
    var info = unsafe esp_peer_data_channel_info_t(label: label, stream_id: entry.stream ?? .max)
    _ = unsafe callback(&info, self.callbacks.context)
  }

  private func callBack(_ stream: UInt16, _ kind: MessageKind, _ count: Int) {
    let type = kind == .string ? ESP_PEER_DATA_CHANNEL_STRING : ESP_PEER_DATA_CHANNEL_DATA
    var frame = unsafe esp_peer_data_frame_t(
      type: type, stream_id: stream, data: self.buffer.bytes.baseAddress, size: CInt(count))
    _ = unsafe self.callbacks.data?(&frame, self.callbacks.context)
  }

  // MARK: Frames

  private func callBack(_ frame: FrameDelivery) -> Bool {
    guard self.tellInfo(frame) else { return true }
    guard let transform = frame.transform else {
      unsafe self.hand(self.buffer.bytes.baseAddress, frame.count, frame)
      return true
    }
    self.receivedStage.take(unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: self.buffer.bytes[0..<frame.count])))
    guard self.receivedStage.apply(transform, frame.payloadType) else { return false }
    unsafe self.hand(self.receivedStage.output.baseAddress, self.receivedStage.count, frame)
    return true
  }

  private func hand(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ frame: FrameDelivery) {
    switch frame.format.kind {
    case .audio:
      var audio = unsafe esp_peer_audio_frame_t(pts: frame.milliseconds, data: bytes, size: CInt(count))
      _ = unsafe self.callbacks.audio?(&audio, self.callbacks.context)
    case .video:
      var video = unsafe esp_peer_video_frame_t(pts: frame.milliseconds, data: bytes, size: CInt(count))
      _ = unsafe self.callbacks.video?(&video, self.callbacks.context)
    }
  }

  /// Says what comes before the first frame of it does. False where the application has closed the peer on that.
  private func tellInfo(_ frame: FrameDelivery) -> Bool {
    guard frame.isFirst else { return true }
    switch frame.format.kind {
    case .audio:
      guard let callback = unsafe self.callbacks.audioInfo else { return true }
      var info = esp_peer_audio_stream_info_t()
      info.codec = esp_peer_audio_codec_t(frame.format)
      info.sample_rate = frame.format == .opus ? 48_000 : 8_000
      info.channel = self.settings.audio?.channels ?? 1
      _ = unsafe callback(&info, self.callbacks.context)
    case .video:
      guard let callback = unsafe self.callbacks.videoInfo else { return true }
      var info = esp_peer_video_stream_info_t()
      info.codec = frame.format == .jpeg ? ESP_PEER_VIDEO_CODEC_MJPEG : ESP_PEER_VIDEO_CODEC_H264
      info.width = CInt(frame.width)
      info.height = CInt(frame.height)
      _ = unsafe callback(&info, self.callbacks.context)
    }
    self.lock()
    let isOpen = !self.isClosed
    self.unlock()
    return isOpen
  }
}

extension esp_peer_audio_codec_t {
  init(_ format: CodecFormat) {
    switch format {
    case .pcma: self = ESP_PEER_AUDIO_CODEC_G711A
    case .pcmu: self = ESP_PEER_AUDIO_CODEC_G711U
    case .opus: self = ESP_PEER_AUDIO_CODEC_OPUS
    case .h264, .vp8, .jpeg: self = ESP_PEER_AUDIO_CODEC_NONE
    }
  }
}
