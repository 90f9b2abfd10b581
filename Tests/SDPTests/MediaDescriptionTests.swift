import Bytes
import Foundation
import RTP
import SDP
import Testing

/// What is read from a media section, line by line.
@Suite struct MediaDescriptionTests {
  func described(_ line: String, _ attributes: String...) throws -> MediaDescription {
    try #require(MediaDescription(try media(line, attributes.joined(separator: "\n")), section: 0))
  }

  func codec(_ rtpmap: String, _ fmtp: String? = nil, kind: String = "video") throws -> Codec? {
    let attributes = "a=rtpmap:96 \(rtpmap)" + (fmtp.map { "\na=fmtp:96 \($0)" } ?? "")
    let format = try described("m=\(kind) 9 UDP/TLS/RTP/SAVPF 96", attributes).formats[0]
    if case .codec(let codec) = format.encoding { return codec }
    return nil
  }

  @Test func `static payload types need no rtpmap, in their own medium`() throws {
    let audio = try described("m=audio 9 UDP/TLS/RTP/SAVPF 0 8 26 3")
    #expect(audio.formats.map(\.encoding) == [.codec(Codec(.pcmu)), .codec(Codec(.pcma)), .other, .other])
    let video = try described("m=video 9 UDP/TLS/RTP/SAVPF 0 8 26")
    #expect(video.formats.map(\.encoding) == [.other, .other, .codec(Codec(.jpeg))])
    let other = try described("m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=rtpmap:0 G722/8000")
    #expect(other.formats.map(\.encoding) == [.other])
  }

  @Test func `a codec is its name, in any case, and its clock rate`() throws {
    #expect(try codec("vp8/90000")?.format == .vp8 && codec("VP8/90000")?.format == .vp8)
    #expect(try codec("VP8/48000") == nil && codec("VP8") == nil && codec("VP8/x") == nil && codec("/90000") == nil && codec("") == nil)
    #expect(try codec("OPUS/48000/2", kind: "audio")?.format == .opus && codec("opus/48000", kind: "audio")?.format == .opus)
    #expect(try codec("opus/48000/2") == nil && codec("VP8/90000", kind: "audio") == nil)
    #expect(try codec("PCMU/8000/1", kind: "audio")?.format == .pcmu && codec("PCMU/8000/2", kind: "audio") == nil)
    #expect(try codec("PCMA/16000", kind: "audio") == nil && codec("H264/90000")?.format == .h264 && codec("JPEG/90000")?.format == .jpeg)
  }

  @Test func `formats without use are there, and harmless`() throws {
    let audio = try described(
      "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 13 110", "a=rtpmap:111 opus/48000/2", "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111",
      "a=rtpmap:9 G722/8000", "a=rtpmap:13 CN/8000", "a=rtpmap:110 telephone-event/48000")
    #expect(audio.formats.map(\.payloadType) == [111, 63, 9, 13, 110])
    #expect(audio.formats.dropFirst().allSatisfy { $0.encoding == .other })
  }

  @Test func `Opus parameters are taken where they make sense`() throws {
    func opus(_ fmtp: String?) throws -> OpusParameters { try #require(try codec("opus/48000/2", fmtp, kind: "audio")).opus }
    let none = try opus(nil)
    #expect(!none.usesInbandFEC && !none.usesDTX && !none.prefersStereo && none.maximumAverageBitRate == 0)
    let all = try opus("minptime=10; useinbandfec=1 ;USEDTX=1;stereo = 1;maxaveragebitrate=20000;x")
    #expect(all.usesInbandFEC && all.usesDTX && all.prefersStereo && all.maximumAverageBitRate == 20_000)
    let odd = try opus("useinbandfec=yes;usedtx;stereo=;maxaveragebitrate=99999999999999999999;;=")
    #expect(!odd.usesInbandFEC && !odd.usesDTX && !odd.prefersStereo && odd.maximumAverageBitRate == .max)
  }

  @Test func `H264 parameters have the RFC's defaults, and senseless ones make no codec`() throws {
    let none = try #require(try codec("H264/90000")).h264
    #expect(none.profileLevelID == 0x42000a && none.packetizationMode == 0 && !none.allowsLevelAsymmetry)
    let all = try #require(try codec("H264/90000", "profile-level-id=42E01F; packetization-mode=1; level-asymmetry-allowed=1")).h264
    #expect(all == H264Parameters())
    for bad in ["profile-level-id=42e01", "profile-level-id=42e01g", "profile-level-id=", "packetization-mode=2", "packetization-mode=x", "packetization-mode="] {
      #expect(try codec("H264/90000", bad) == nil)
    }
  }

  static let levels: [(String, String, String, Bool, Bool)] = [
    // Ours, the offer's, what we answer, whether each allows asymmetry.
    ("42e01f", "42e01f", "42e01f", true, true), ("42e01f", "42c015", "42c01f", true, true),
    ("42e01f", "42e034", "42e01f", true, false), ("42e01f", "42e00a", "42e00a", true, false), ("42e01f", "42e034", "42e01f", false, true),
  ]

  @Test(arguments: levels.indices) func `H264 is answered with the offer's profile, and the level by RFC 6184 section 8_2_2`(_ index: Int) throws {
    let (own, offered, answered, ownAsymmetry, theirAsymmetry) = Self.levels[index]
    var capabilities = MediaCapabilities.video.limited(to: [.h264])
    capabilities.codecs[0].codec.h264.profileLevelID = UInt32(own, radix: 16)!
    capabilities.codecs[0].codec.h264.allowsLevelAsymmetry = ownAsymmetry
    let line = try described(
      "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 H264/90000",
      "a=fmtp:96 profile-level-id=\(offered);packetization-mode=1" + (theirAsymmetry ? ";level-asymmetry-allowed=1" : ""))
    let result = try #require(MediaNegotiation.answer(line, capabilities: capabilities, direction: .sendrecv)).parameters
    #expect(result.receiveCodecs[0].codec.h264.profileLevelID == UInt32(answered, radix: 16)!)
    let sent = ownAsymmetry && theirAsymmetry ? offered : answered
    #expect(result.sendCodecs[0].codec.h264.profileLevelID == UInt32(sent, radix: 16)!)
  }

  @Test func `H264 of another profile or packetization mode is another codec`() throws {
    for fmtp in ["profile-level-id=42001f;packetization-mode=1", "profile-level-id=42e01f", "profile-level-id=640032;packetization-mode=1"] {
      let line = try described("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 \(fmtp)")
      var one = MediaCapabilities.video.limited(to: [.h264])
      one.codecs.removeLast()
      #expect(MediaNegotiation.answer(line, capabilities: one, direction: .sendrecv) == nil)
    }
  }

  @Test func `RTX belongs to the payload type that it names, whatever the order of lines`() throws {
    let line = try described(
      "m=video 9 UDP/TLS/RTP/SAVPF 97 99 98 96", "a=fmtp:97 apt=96", "a=fmtp:99 rtx-time=3000;apt=98", "a=rtpmap:98 VP8/90000",
      "a=rtpmap:97 rtx/90000", "a=rtpmap:99 RTX/90000", "a=rtpmap:96 VP8/90000")
    let media = try #require(MediaNegotiation.answer(line, capabilities: .video, direction: .sendrecv)).parameters
    #expect(list(media.sendCodecs) == ["98:vp8/99", "96:vp8/97"])
    let odd = try described(
      "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98", "a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=rtpmap:98 rtx/90000", "a=fmtp:98 apt=300")
    #expect(odd.formats.map(\.encoding) == [.codec(Codec(.vp8)), .other, .other])
    #expect(list(try #require(MediaNegotiation.answer(odd, capabilities: .video, direction: .sendrecv)).parameters.sendCodecs) == ["96:vp8"])
  }

  @Test func `feedback may be for all formats, for absent ones, or of no known kind`() throws {
    let line = try described(
      "m=video 9 UDP/TLS/RTP/SAVPF 96 98", "a=rtcp-fb:* nack", "a=rtcp-fb:98 ccm fir", "a=rtcp-fb:98 nack pli", "a=rtcp-fb:77 nack",
      "a=rtcp-fb:96 nack sli", "a=rtcp-fb:96 ccm tmmbr", "a=rtcp-fb:96 trr-int 100", "a=rtcp-fb:96", "a=rtcp-fb:", "a=rtcp-fb:200 nack",
      "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:98 transport-cc")
    #expect(line.formats[0].feedback == [.nack, .remb] && line.formats[1].feedback == [.nack, .fir, .pli, .transportCC])
  }

  @Test func `payload types that are none, twice there or like RTCP's are passed over`() throws {
    let line = try described("m=audio 9 UDP/TLS/RTP/SAVPF 0 x 128 300 -1 0 72 8 64 95 99999999999999999999", "a=rtpmap:72 opus/48000/2")
    #expect(line.formats.map(\.payloadType) == [0, 8])
    #expect(try described("m=audio 9 UDP/TLS/RTP/SAVPF *").formats.isEmpty)
  }

  @Test func `extension ids beyond 14 are taken where forms may be mixed`() throws {
    let mid = "urn:ietf:params:rtp-hdrext:sdes:mid", level = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    func map(_ attributes: String...) throws -> HeaderExtensionMap {
      let line = try described("m=audio 9 UDP/TLS/RTP/SAVPF 0", attributes.joined(separator: "\n"))
      return try #require(MediaNegotiation.answer(line, capabilities: .audio, direction: .sendrecv)).parameters.extensions
    }
    #expect(try map("a=extmap:14 \(mid)").mid == 14)
    #expect(try map("a=extmap:16 \(mid)").mid == 0 && map("a=extmap:16 \(mid)", "a=extmap-allow-mixed").mid == 16)
    #expect(try map("a=extmap:255 \(mid)", "a=extmap-allow-mixed").mid == 255)
    for id in ["0", "15", "256", "4096", "x", ""] { #expect(try map("a=extmap:\(id) \(mid)", "a=extmap-allow-mixed").mid == 0) }
    // One id for two: the first; one extension with two ids: the first.
    let twice = try map("a=extmap:3 \(mid)", "a=extmap:3 \(level)", "a=extmap:4 \(mid)", "a=extmap:5 \(level)")
    #expect(twice.mid == 3 && twice.audioLevel == 5)
    #expect(try map("a=extmap:3/sendonly \(mid)").mid == 0 && map("a=extmap:3/recvonly \(mid)").mid == 3)
    #expect(try map("a=extmap:3/inactive \(mid)").mid == 0 && map("a=extmap:3/both \(mid)").mid == 0)
    #expect(try map("a=extmap:3 urn:x", "a=extmap:4").mid == 0 && map("a=extmap:3 \(level) vad=on").audioLevel == 3)
    #expect(try map("a=sendonly", "a=extmap:3/sendonly \(mid)").mid == 3)
  }

  @Test func `extensions of the session hold for every section`() throws {
    let text = string(try media("m=audio 9 UDP/TLS/RTP/SAVPF 0").text)
      .replacingOccurrences(of: "v=0\r\n", with: "v=0\r\na=extmap-allow-mixed\r\na=extmap:200 urn:ietf:params:rtp-hdrext:sdes:mid\r\n")
    let line = try #require(MediaDescription(try parse([UInt8](text.utf8)), section: 0))
    #expect(try #require(MediaNegotiation.answer(line, capabilities: .audio, direction: .sendrecv)).parameters.extensions.mid == 200)
  }

  @Test func `a track may be of several streams, of none, or nameless`() throws {
    func names(_ attributes: String...) throws -> [String] {
      let line = try described("m=audio 9 UDP/TLS/RTP/SAVPF 0", attributes.joined(separator: "\n"))
      return line.streamIDs.map { string($0) } + ["/" + string(line.trackID)]
    }
    #expect(try names("a=msid:a t", "a=msid:b t", "a=msid:a t") == ["a", "b", "/t"])
    #expect(try names("a=msid:- t") == ["/t"] && names("a=msid:a") == ["a", "/"] && names("a=msid:") == ["/"] && names("a=x") == ["/"])
    #expect(try names("a=ssrc:1 msid:old track", "a=msid:new t") == ["new", "/t"] && names("a=ssrc:1 msid:old track") == ["old", "/track"])
  }

  @Test func `streams are those announced, without what repairs them`() throws {
    func streams(_ attributes: String...) throws -> [String] {
      try described("m=video 9 UDP/TLS/RTP/SAVPF 96", attributes.joined(separator: "\n")).streams
        .map { "\($0.ssrc)" + ($0.rtxSSRC.map { "/\($0)" } ?? "") }
    }
    #expect(try streams("a=ssrc:1 cname:x", "a=ssrc:2 cname:x", "a=ssrc-group:FID 1 2") == ["1/2"])
    #expect(try streams("a=ssrc-group:FID 1 2", "a=ssrc:3 cname:x") == ["1/2", "3"])
    #expect(try streams("a=ssrc:1 cname:x", "a=ssrc:4 cname:x", "a=ssrc-group:FEC-FR 1 4", "a=ssrc-group:SIM 1 2 3") == ["1"])
    #expect(try streams("a=ssrc-group:FID 1 1", "a=ssrc-group:FID 1 2", "a=ssrc-group:FID 2 3", "a=ssrc-group:FID 5 1") == ["1/2"])
    #expect(try streams("a=ssrc:4294967295", "a=ssrc:4294967296 cname:x", "a=ssrc:x", "a=ssrc:", "a=ssrc-group:FID 1", "a=ssrc-group:") == ["4294967295"])
  }

  @Test func `rids count if they are sent, simulcast if its rids do`() throws {
    func rids(_ attributes: String...) throws -> [String] {
      let line = try described(
        "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        attributes.joined(separator: "\n"))
      return try #require(MediaNegotiation.answer(line, capabilities: .video, direction: .sendrecv)).parameters.remoteRIDs.map { string($0) }
    }
    #expect(try rids("a=rid:a send", "a=rid:b send pt=96;max-width=9", "a=rid:c recv", "a=rid:d", "a=rid:e! send", "a=rid:a send") == ["a", "b"])
    #expect(try rids("a=rid:a send", "a=rid:b send", "a=rid:c send", "a=simulcast:recv x send ~b;a,c") == ["b", "a"])
    #expect(try rids("a=rid:a send", "a=simulcast:send a;x;;,a;~") == ["a"])
    #expect(try rids("a=simulcast:send a", "a=rid:b recv").isEmpty && rids("a=rid:a send", "a=simulcast:send").count == 1)
  }

  @Test func `lines of no matter are passed over`() throws {
    let line = try described(
      "m=audio 9 UDP/TLS/RTP/SAVPF 0", "b=AS:100", "i=title", "k=x", "a=ptime:20", "a=maxptime:60", "a=rtcp:9 IN IP4 0.0.0.0",
      "a=rtcp-xr:rcvr-rtt=all", "a=rtcp-rsize", "a=rtpmap", "a=fmtp", "a=rtpmap:", "a=fmtp:0", "a=rtpmap:300 x/1", "a=fmtp:99999999999999999999 x")
    #expect(line.reducedSize && line.formats.map(\.encoding) == [.codec(Codec(.pcmu))])
  }

  @Test func `floods are cut off`() throws {
    func flood(_ count: Int, _ line: (Int) -> String) -> String { (0..<count).map(line).joined(separator: "\n") }
    let ssrcs = try described("m=video 9 UDP/TLS/RTP/SAVPF 96", flood(480) { "a=ssrc:\($0) cname:x" })
    #expect(ssrcs.streams.count == 32)
    let groups = try described("m=video 9 UDP/TLS/RTP/SAVPF 96", flood(480) { "a=ssrc-group:FID \($0 * 2) \($0 * 2 + 1)" })
    #expect(groups.streams.count == 32 && groups.streams.allSatisfy { $0.rtxSSRC == $0.ssrc + 1 })
    let rids = try described("m=video 9 UDP/TLS/RTP/SAVPF 96", flood(480) { "a=rid:r\($0) send" }, "a=simulcast:send " + (0..<480).map { "r\($0)" }.joined(separator: ";"))
    #expect(rids.rids.count == 16 && rids.simulcast.count == 16)
    let names = try described("m=video 9 UDP/TLS/RTP/SAVPF 96", flood(480) { "a=msid:s\($0) t" })
    #expect(names.streamIDs.count == 8)
    let long = String(repeating: "a", count: 256)
    let tooLong = try described("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=msid:\(long) \(long)", "a=ssrc:1 cname:\(long)", "a=rid:\(long) send")
    #expect(tooLong.streamIDs.isEmpty && tooLong.trackID.isEmpty && tooLong.cname.isEmpty && tooLong.rids.isEmpty)
    let formats = try described("m=video 9 UDP/TLS/RTP/SAVPF " + (0..<1500).map { "\($0 % 200)" }.joined(separator: " "), flood(480) { "a=extmap:\($0) urn:x" })
    #expect(formats.formats.count == 96)
  }
}
