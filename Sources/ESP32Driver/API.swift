import Bytes
import CESPPeer
import DataChannel
import RTP
import SCTP
import STUN
import Time
import WebRTC

// The functions of the table in CESPPeer/implementation.c. Here arguments are looked at, and nothing else is done: what a peer is
// given is well-formed.

/// A result of a function of the interface.
typealias Result = CInt

extension Result {
  static var none: CInt { ESP_PEER_ERR_NONE.rawValue }
  static var invalidArgument: CInt { ESP_PEER_ERR_INVALID_ARG.rawValue }
  static var noMemory: CInt { ESP_PEER_ERR_NO_MEM.rawValue }
  static var wrongState: CInt { ESP_PEER_ERR_WRONG_STATE.rawValue }
  static var notSupported: CInt { ESP_PEER_ERR_NOT_SUPPORT.rawValue }
  static var notExists: CInt { ESP_PEER_ERR_NOT_EXISTS.rawValue }
  static var failed: CInt { ESP_PEER_ERR_FAIL.rawValue }
  static var overLimited: CInt { ESP_PEER_ERR_OVER_LIMITED.rawValue }
  static var badData: CInt { ESP_PEER_ERR_BAD_DATA.rawValue }
  static var wouldBlock: CInt { ESP_PEER_ERR_WOULD_BLOCK.rawValue }
}

/// The peer behind a handle, kept alive meanwhile.
private func peer(_ handle: esp_peer_handle_t?) -> Peer? {
  guard let handle = unsafe handle else { return nil }
  return unsafe Unmanaged<Peer>.fromOpaque(handle).takeUnretainedValue()
}

@c(swift_peer_open)
public func swiftPeerOpen(
  _ cfg: UnsafeMutablePointer<esp_peer_cfg_t>?, _ handle: UnsafeMutablePointer<esp_peer_handle_t?>?
) -> CInt {
  guard let cfg = unsafe cfg, let handle = unsafe handle else { return .invalidArgument }
  var opened: Peer?
  let result = unsafe Peer.open(cfg, &opened)
  guard let opened else { return result }
  unsafe handle.pointee = Unmanaged.passRetained(opened).toOpaque()
  return result
}

@c(swift_peer_new_connection)
public func swiftPeerNewConnection(_ handle: esp_peer_handle_t?) -> CInt {
  guard let peer = unsafe peer(handle) else { return .invalidArgument }
  return peer.perform { $0.connect() }
}

@c(swift_peer_update_ice_info)
public func swiftPeerUpdateICEInfo(
  _ handle: esp_peer_handle_t?, _ role: esp_peer_role_t, _ servers: UnsafeMutablePointer<esp_peer_ice_server_cfg_t>?,
  _ count: CInt
) -> CInt {
  guard let peer = unsafe peer(handle), let role = ConnectionRole(role), count >= 0 else { return .invalidArgument }
  return peer.perform { peer in
    var list: [Server] = []
    let result = unsafe Server.parse(servers, count: Int(count), into: &list)
    guard result == .none else { return result }
    peer.role = role
    peer.servers = list
    return .none
  }
}

@c(swift_peer_send_msg)
public func swiftPeerSendMessage(_ handle: esp_peer_handle_t?, _ message: UnsafeMutablePointer<esp_peer_msg_t>?) -> CInt {
  guard let peer = unsafe peer(handle), let message = unsafe message else { return .invalidArgument }
  guard let text = unsafe span(message.pointee.data, message.pointee.size) else { return .invalidArgument }
  switch unsafe message.pointee.type {
  case ESP_PEER_MSG_TYPE_SDP: return peer.takeDescription(text)
  case ESP_PEER_MSG_TYPE_CANDIDATE: return peer.takeCandidates(text)
  default: return .invalidArgument
  }
}

@c(swift_peer_send_video)
public func swiftPeerSendVideo(
  _ handle: esp_peer_handle_t?, _ frame: UnsafeMutablePointer<esp_peer_video_frame_t>?
) -> CInt {
  guard let peer = unsafe peer(handle), let frame = unsafe frame else { return .invalidArgument }
  guard let bytes = unsafe span(frame.pointee.data, frame.pointee.size), bytes.count > 0 else { return .invalidArgument }
  return unsafe peer.sendFrame(.video, bytes, milliseconds: frame.pointee.pts)
}

@c(swift_peer_send_audio)
public func swiftPeerSendAudio(
  _ handle: esp_peer_handle_t?, _ frame: UnsafeMutablePointer<esp_peer_audio_frame_t>?
) -> CInt {
  guard let peer = unsafe peer(handle), let frame = unsafe frame else { return .invalidArgument }
  guard let bytes = unsafe span(frame.pointee.data, frame.pointee.size), bytes.count > 0 else { return .invalidArgument }
  return unsafe peer.sendFrame(.audio, bytes, milliseconds: frame.pointee.pts)
}

@c(swift_peer_send_data)
public func swiftPeerSendData(_ handle: esp_peer_handle_t?, _ frame: UnsafeMutablePointer<esp_peer_data_frame_t>?) -> CInt {
  guard let peer = unsafe peer(handle), let frame = unsafe frame else { return .invalidArgument }
  guard let bytes = unsafe span(frame.pointee.data, frame.pointee.size) else { return .invalidArgument }
  switch unsafe frame.pointee.type {
  case ESP_PEER_DATA_CHANNEL_DATA: return unsafe peer.sendData(bytes, kind: .binary, stream: frame.pointee.stream_id)
  case ESP_PEER_DATA_CHANNEL_STRING: return unsafe peer.sendData(bytes, kind: .string, stream: frame.pointee.stream_id)
  default: return .invalidArgument
  }
}

@c(swift_peer_create_data_channel)
public func swiftPeerCreateDataChannel(
  _ handle: esp_peer_handle_t?, _ cfg: UnsafeMutablePointer<esp_peer_data_channel_cfg_t>?
) -> CInt {
  guard let peer = unsafe peer(handle), let cfg = unsafe cfg, unsafe cfg.pointee.label != nil else { return .invalidArgument }
  let reliability: DataChannels.Reliability
  switch unsafe cfg.pointee.type {
  case ESP_PEER_DATA_CHANNEL_RELIABLE: reliability = .reliable
  case ESP_PEER_DATA_CHANNEL_PARTIAL_RELIABLE_TIMEOUT:
    reliability = unsafe .maxLifetime(.milliseconds(UInt32(cfg.pointee.max_packet_lifetime)))
  case ESP_PEER_DATA_CHANNEL_PARTIAL_RELIABLE_RETX:
    reliability = unsafe .maxRetransmits(cfg.pointee.max_retransmit_count)
  default: return .invalidArgument
  }
  return peer.perform { peer in
    var options = unsafe ChannelOptions(label: text(cfg.pointee.label))
    options.ordered = unsafe cfg.pointee.ordered
    options.reliability = reliability
    return peer.openChannel(options)
  }
}

@c(swift_peer_close_data_channel)
public func swiftPeerCloseDataChannel(_ handle: esp_peer_handle_t?, _ label: UnsafePointer<CChar>?) -> CInt {
  guard let peer = unsafe peer(handle), let label = unsafe label else { return .invalidArgument }
  return peer.perform { unsafe $0.closeChannel(text(label)) }
}

@c(swift_peer_main_loop)
public func swiftPeerMainLoop(_ handle: esp_peer_handle_t?) -> CInt {
  guard let peer = unsafe peer(handle) else { return .invalidArgument }
  return peer.run()
}

@c(swift_peer_disconnect)
public func swiftPeerDisconnect(_ handle: esp_peer_handle_t?) -> CInt {
  guard let peer = unsafe peer(handle) else { return .invalidArgument }
  return peer.perform { $0.disconnect() }
}

@c(swift_peer_query)
public func swiftPeerQuery(_ handle: esp_peer_handle_t?) {
  guard let peer = unsafe peer(handle) else { return }
  peer.log()
}

@c(swift_peer_close)
public func swiftPeerClose(_ handle: esp_peer_handle_t?) -> CInt {
  guard let peer = unsafe peer(handle) else { return .invalidArgument }
  return peer.close()
}

@c(swift_peer_set_rtp_transformer)
public func swiftPeerSetRTPTransformer(
  _ handle: esp_peer_handle_t?, _ role: esp_peer_rtp_transform_role_t,
  _ callbacks: UnsafeMutablePointer<esp_peer_rtp_transform_cb_t>?, _ context: UnsafeMutableRawPointer?
) -> CInt {
  guard let peer = unsafe peer(handle) else { return .invalidArgument }
  var transform: FrameTransform?
  if let callbacks = unsafe callbacks {
    guard let size = unsafe callbacks.pointee.get_encoded_size, let run = unsafe callbacks.pointee.transform else {
      return .invalidArgument
    }
    transform = unsafe FrameTransform(size: size, run: run, context: context)
  }
  switch role {
  case ESP_PEER_RTP_TRANSFORM_ROLE_SENDER: return peer.perform { $0.sentTransform = transform; return .none }
  case ESP_PEER_RTP_TRANSFORM_ROLE_RECEIVER: return peer.perform { $0.receivedTransform = transform; return .none }
  default: return .invalidArgument
  }
}

@c(swift_peer_get_paired_addr)
public func swiftPeerGetPairedAddress(_ handle: esp_peer_handle_t?, _ address: UnsafeMutablePointer<esp_peer_addr_t>?) -> CInt {
  guard let peer = unsafe peer(handle), let address = unsafe address else { return .invalidArgument }
  var paired: TransportAddress?
  let result = peer.perform { peer in
    paired = peer.pairedAddress
    return paired == nil ? .wrongState : .none
  }
  if let paired { unsafe address.pointee = esp_peer_addr_t(paired) }
  return result
}

@c(swift_peer_pre_generate_cert)
public func swiftPeerPreGenerateCertificate() -> CInt {
  SharedIdentity.take() == nil ? .failed : .none
}

@c(swift_peer_set_dtls_cipher_pref)
public func swiftPeerSetCipherPreference(_ preference: CInt) -> CInt {
  guard preference >= 0, preference <= CInt(bitPattern: ESP_PEER_DTLS_CIPHER_CHACHA.rawValue) else { return -1 }
  swift_peer_set_cipher_preference(preference)
  return 0
}

/// The bytes behind a pointer, which may be NULL where there are none; nil for what makes no sense.
@_lifetime(immortal)
private func span(_ pointer: UnsafeMutablePointer<UInt8>?, _ size: CInt) -> Span<UInt8>? {
  guard size >= 0 else { return nil }
  guard let pointer = unsafe pointer else { return size == 0 ? Span() : nil }
  let span = unsafe Span(_unsafeStart: pointer, count: Int(size))
  return unsafe _overrideLifetime(span, borrowing: ())
}

/// A string of C's, without its end.
private func text(_ pointer: UnsafePointer<CChar>) -> [UInt8] {
  var result: [UInt8] = []
  var index = 0
  while unsafe pointer[index] != 0 {
    unsafe result.append(UInt8(bitPattern: pointer[index]))
    index &+= 1
  }
  return result
}
