#if Audio
import RTP

/// What we send and take in a media section.
///
/// The identifiers in it are those that an offer of ours gives; an answer uses the offer's. `BundleIdentifiers` makes them
/// fit a session in which others are in use already.
public struct MediaCapabilities: Equatable, Sendable {
  public var kind: MediaKind
  /// The preferred first. Each with its payload type, that of its RTX stream if loss is to be repaired so, and the feedback
  /// that we send and heed.
  public var codecs: [PayloadMapping]
  /// With an id each, 1 to 14; 0: not used.
  public var extensions = HeaderExtensionMap()
  /// RTCP packets need not be compound (RFC 5506).
  public var reducedSize = true
  /// An offer to send several encodings at once (RFC 8853) is taken up; otherwise the peer sends one of them.
  public var receivesSimulcast = true

  public init(kind: MediaKind, codecs: [PayloadMapping] = []) {
    self.kind = kind
    self.codecs = codecs
  }

  /// All audio formats, with the payload types and extension ids that others use as well.
  public static var audio: MediaCapabilities {
    var result = MediaCapabilities(
      kind: .audio,
      codecs: [
        Self.audioCodec(.opus, 111), Self.audioCodec(.pcmu, 0), Self.audioCodec(.pcma, 8),
      ])
    result.extensions = Self.commonExtensions
    result.extensions.audioLevel = 1
    return result
  }

  /// All video formats: VP8, H264 of constrained baseline profile in both packetization modes, and JPEG. None without the package
  /// trait `Video`.
  public static var video: MediaCapabilities {
    #if Video
    var single = Codec(.h264)
    single.h264.packetizationMode = 0
    var result = MediaCapabilities(
      kind: .video,
      codecs: [
        Self.videoCodec(Codec(.vp8), 96, rtx: 97), Self.videoCodec(Codec(.h264), 102, rtx: 103),
        Self.videoCodec(single, 104, rtx: 105), Self.videoCodec(Codec(.jpeg), 26, rtx: 106),
      ])
    result.extensions = Self.commonExtensions
    result.extensions.rid = 10
    result.extensions.repairedRID = 11
    return result
    #else
    return MediaCapabilities(kind: .video)
    #endif
  }

  /// Leaves only codecs of these formats, in this order.
  public func limited(to formats: [CodecFormat]) -> MediaCapabilities {
    var result = self
    result.codecs = []
    for format in formats {
      for codec in self.codecs where codec.codec.format == format { result.codecs.append(codec) }
    }
    return result
  }

  private static var commonExtensions: HeaderExtensionMap {
    var map = HeaderExtensionMap()
    if carriesVideo {
      map.absoluteSendTime = 2
      map.transportSequence = 3
    }
    map.mid = 4
    map.absoluteCaptureTime = 5
    return map
  }

  private static func audioCodec(_ format: CodecFormat, _ payloadType: UInt8) -> PayloadMapping {
    var result = PayloadMapping(payloadType: payloadType, codec: Codec(format))
    result.transportCC = carriesVideo
    return result
  }

  #if Video
  private static func videoCodec(_ codec: Codec, _ payloadType: UInt8, rtx: UInt8) -> PayloadMapping {
    var result = PayloadMapping(payloadType: payloadType, codec: codec)
    result.rtxPayloadType = rtx
    result.nack = true
    result.pli = true
    result.fir = true
    result.remb = true
    result.transportCC = true
    return result
  }
  #endif
}
#endif
