/// What a stream carries (RFC 8866 section 5.14).
@frozen
public enum MediaKind: UInt8, Equatable, Sendable { case audio, video }

/// Whether this build carries video (the trait `Video`). One that does not leaves out what audio has no use for: requests for key frames,
/// H.264's profiles, and what a sender of video finds its rate by: transport-wide feedback, times of sending, REMB.
package var carriesVideo: Bool {
  #if Video
  true
  #else
  false
  #endif
}

/// The payload formats that the engine packetizes.
@frozen
public enum CodecFormat: UInt8, Equatable, Sendable, CaseIterable {
  /// RFC 3551 section 4.5.14.
  case pcmu
  case pcma
  /// RFC 7587.
  case opus
  /// RFC 6184.
  case h264
  /// RFC 7741.
  case vp8
  /// RFC 2435.
  case jpeg

  @inlinable public var kind: MediaKind {
    switch self {
    case .pcmu, .pcma, .opus: .audio
    case .h264, .vp8, .jpeg: .video
    }
  }

  /// RTP timestamp units a second. Opus counts at 48 kHz whatever it was sampled at (RFC 7587 section 4.1).
  @inlinable public var clockRate: UInt32 {
    switch self {
    case .pcmu, .pcma: 8_000
    case .opus: 48_000
    case .h264, .vp8, .jpeg: 90_000
    }
  }
}

/// The parameters of an H264 payload type (RFC 6184 section 8.1).
@frozen
public struct H264Parameters: Equatable, Sendable {
  /// profile_idc, profile-iop and level_idc in the low 24 bits. Constrained baseline, level 3.1 by default.
  public var profileLevelID: UInt32 = 0x42e01f
  /// 0: single NAL units only; 1: STAP-A and FU-A as well.
  public var packetizationMode: UInt8 = 1
  public var allowsLevelAsymmetry = true
  @inlinable public init() {}
}

/// The parameters of an Opus payload type (RFC 7587 section 6.1).
@frozen
public struct OpusParameters: Equatable, Sendable {
  public var prefersStereo = false
  public var usesInbandFEC = true
  public var usesDTX = false
  /// Bits a second; 0: not said.
  public var maximumAverageBitRate: UInt32 = 0
  @inlinable public init() {}
}

/// A payload format with its parameters.
@frozen
public struct Codec: Equatable, Sendable {
  public var format: CodecFormat
  /// Counts for `.h264` only.
  public var h264 = H264Parameters()
  /// Counts for `.opus` only.
  public var opus = OpusParameters()
  @inlinable public init(_ format: CodecFormat) { self.format = format }
  @inlinable public var kind: MediaKind { self.format.kind }
  @inlinable public var clockRate: UInt32 { self.format.clockRate }
}
