/// The header extensions that the engine reads and writes (RFC 8285).
public enum HeaderExtension: UInt8, Equatable, Sendable, CaseIterable {
  /// urn:ietf:params:rtp-hdrext:sdes:mid (RFC 9143).
  case mid
  /// urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id (RFC 8852).
  case rid
  /// urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id (RFC 8852).
  case repairedRID
  /// http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time.
  case absoluteSendTime
  /// http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01.
  case transportSequence
  /// urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464).
  case audioLevel
  /// http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time.
  case absoluteCaptureTime
}

/// The ids that a session's `a=extmap` lines gave to header extensions: 1 to 255, 15 being reserved in the one-byte form; 0: not
/// negotiated.
public struct HeaderExtensionMap: Equatable, Sendable {
  public var mid: UInt8 = 0
  public var rid: UInt8 = 0
  public var repairedRID: UInt8 = 0
  public var absoluteSendTime: UInt8 = 0
  public var transportSequence: UInt8 = 0
  public var audioLevel: UInt8 = 0
  public var absoluteCaptureTime: UInt8 = 0

  public init() {}

  public subscript(_ name: HeaderExtension) -> UInt8 {
    get {
      switch name {
      case .mid: self.mid
      case .rid: self.rid
      case .repairedRID: self.repairedRID
      case .absoluteSendTime: self.absoluteSendTime
      case .transportSequence: self.transportSequence
      case .audioLevel: self.audioLevel
      case .absoluteCaptureTime: self.absoluteCaptureTime
      }
    }
    set {
      switch name {
      case .mid: self.mid = newValue
      case .rid: self.rid = newValue
      case .repairedRID: self.repairedRID = newValue
      case .absoluteSendTime: self.absoluteSendTime = newValue
      case .transportSequence: self.transportSequence = newValue
      case .audioLevel: self.audioLevel = newValue
      case .absoluteCaptureTime: self.absoluteCaptureTime = newValue
      }
    }
  }
}
