import ArgumentParser
import EpollDriver
import Foundation
import MediaFiles
import RTP
import Time
import WebRTC

/// The files that a command sends.
struct ClipOptions: ParsableArguments {
  @Option(help: "Video to send, over and over: H264 (Annex B), MJPEG, or VP8 in IVF.") var video: String?
  @Option(help: "Audio to send, over and over: Opus in Ogg, or G.711 in WAV.") var audio: String?
  @Option(help: "Frames a second of H264 and MJPEG files, which do not say: 1 to 240.") var frameRate = 30

  /// The audio clip first.
  func load() throws -> [MediaClip] {
    try [(self.audio, MediaKind.audio), (self.video, .video)].compactMap { path, kind in
      guard let path else { return nil }
      guard let bytes = FileManager.default.contents(atPath: path) else { throw ValidationError("cannot read \(path)") }
      let clip: MediaClip
      do throws(MediaFileError) { clip = try MediaClip(Array(bytes), framesPerSecond: self.frameRate) } catch {
        throw ValidationError("\(path): \(error.text)")
      }
      // A clip that takes no time would be sent infinitely often at once.
      guard clip.format.kind == kind, clip.duration > 0 else { throw ValidationError("\(path) is no \(kind) clip") }
      return clip
    }
  }
}

extension PeerConnection.Configuration {
  /// What peers of the tool have in common when there is media.
  ///
  /// - Parameter holdTime: how long a lost packet is waited for: what is stored or watched may come later and whole.
  static func media(on driver: EpollDriver, holdTime: Interval = .milliseconds(400)) -> Self {
    var configuration = Self()
    configuration.video.codecs += Self.baseline(of: configuration.video.codecs)
    configuration.rtp.audioReceiver.holdTime = holdTime
    configuration.rtp.videoReceiver.holdTime = holdTime
    // NTP counts from 1900 (RFC 3550 section 4).
    let epoch = Date().timeIntervalSince1970 + 2_208_988_800 - Double(driver.now.nanoseconds) / 1e9
    configuration.rtp.ntpOffset = UInt64(epoch) << 32 | UInt64(epoch.truncatingRemainder(dividingBy: 1) * 4_294_967_296)
    return configuration
  }

  /// H264 of the whole baseline profile besides its constrained subset: nothing is decoded here, and an offer that names no
  /// profile, as webrtcbin's may be, means this one (RFC 6184 section 8.1).
  private static func baseline(of codecs: [PayloadMapping]) -> [PayloadMapping] {
    codecs.filter { $0.codec.format == .h264 }.enumerated().map { index, constrained in
      var mapping = constrained
      mapping.payloadType = UInt8(107 + 2 * index)
      mapping.rtxPayloadType = mapping.payloadType + 1
      mapping.codec.h264.profileLevelID = 0x42_00_1f
      return mapping
    }
  }
}

extension CodecFormat {
  /// As descriptions call it.
  var name: String {
    switch self {
    case .pcmu: "PCMU"
    case .pcma: "PCMA"
    case .opus: "opus"
    case .h264: "H264"
    case .vp8: "VP8"
    case .jpeg: "JPEG"
    }
  }
}

extension MediaKind {
  var name: String { self == .audio ? "audio" : "video" }
}

extension MediaFileError {
  var text: String {
    switch self {
    case .truncated: "the file ends too early"
    case .notRecognized: "none of H264 (Annex B), MJPEG, IVF, Ogg and WAV"
    case .unsupported: "a codec, a layout or a rate that is not supported"
    case .malformed: "the file is damaged"
    case .tooLarge: "a frame is too large for the file"
    case .writeFailed: "the file cannot be written"
    }
  }
}
