import Bytes
import Foundation
import RTP
import SDP
import Testing

@Suite struct MediaOfferTests {
  @Test func `an offer of audio, video and data is written exactly so`() throws {
    var audio = MediaCapabilities.audio.limited(to: [.opus, .pcma])
    audio.codecs[0].codec.opus.usesDTX = true
    audio.codecs[0].codec.opus.prefersStereo = true
    audio.codecs[0].codec.opus.maximumAverageBitRate = 64_000
    audio.extensions = HeaderExtensionMap()
    audio.extensions.mid = 4
    let video = MediaCapabilities.video.limited(to: [.h264, .jpeg])
    var local = someLocal()
    local.candidates = [bytes("1 1 udp 2130706431 192.0.2.1 4000 typ host")]
    local.endOfCandidates = true
    let text = try offer(
      [
        .offered(OfferedMedia(mid: bytes("a"), direction: .sendrecv, capabilities: audio, source: someSource(1))),
        .offered(OfferedMedia(mid: bytes("v"), direction: .sendonly, capabilities: video, source: someSource(2, rtx: true))),
        .data(mid: bytes("d")),
      ], local: local)
    let transport = [
      "a=ice-ufrag:aB3+", "a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-options:trickle ice2",
      "a=fingerprint:sha-256 00:07:0E:15:1C:23:2A:31:38:3F:46:4D:54:5B:62:69:70:77:7E:85:8C:93:9A:A1:A8:AF:B6:BD:C4:CB:D2:D9",
      "a=setup:actpass",
    ]
    func format(_ number: Int, _ name: String, _ parameters: String?, rtx: Int) -> [String] {
      ["a=rtpmap:\(number) \(name)/90000"]
        + ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"].map { "a=rtcp-fb:\(number) \($0)" }
        + (parameters.map { ["a=fmtp:\(number) \($0)"] } ?? [])
        + ["a=rtpmap:\(rtx) rtx/90000", "a=fmtp:\(rtx) apt=\(number)"]
    }
    let h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
    var expected = ["v=0", "o=- 1234 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE a v d"]
    expected += ["m=audio 4000 UDP/TLS/RTP/SAVPF 111 8", "c=IN IP4 192.0.2.1", "a=mid:a"] + transport
    expected += ["a=sendrecv", "a=msid:stream track1", "a=rtcp-mux", "a=rtcp-mux-only", "a=rtcp-rsize", "a=extmap-allow-mixed"]
    expected += ["a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc"]
    expected += ["a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=1;maxaveragebitrate=64000", "a=rtpmap:8 PCMA/8000"]
    expected += ["a=rtcp-fb:8 transport-cc", "a=ssrc:1001 cname:name", "a=ssrc:1001 msid:stream track1"]
    expected += ["a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host", "a=end-of-candidates"]
    expected += ["m=video 4000 UDP/TLS/RTP/SAVPF 102 103 104 105 26 106", "c=IN IP4 192.0.2.1", "a=mid:v"] + transport
    expected += ["a=sendonly", "a=msid:stream track2", "a=rtcp-mux", "a=rtcp-mux-only", "a=rtcp-rsize", "a=extmap-allow-mixed"]
    expected += ["a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"]
    expected += ["a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"]
    expected += ["a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"]
    expected += ["a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"]
    expected += ["a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"]
    expected += format(102, "H264", h264, rtx: 103)
    expected += format(104, "H264", h264.replacingOccurrences(of: "mode=1", with: "mode=0"), rtx: 105)
    expected += format(26, "JPEG", nil, rtx: 106)
    expected += ["a=ssrc-group:FID 1002 2002", "a=ssrc:1002 cname:name", "a=ssrc:1002 msid:stream track2"]
    expected += ["a=ssrc:2002 cname:name", "a=ssrc:2002 msid:stream track2"]
    expected += ["m=application 4000 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 192.0.2.1", "a=mid:d"] + transport
    expected += ["a=sctp-port:5000", "a=max-message-size:262144"]
    #expect(string(text.text) == expected.map { $0 + "\r\n" }.joined())
  }

  @Test func `what is not sent is not named`() throws {
    for direction in [MediaSection.Direction.recvonly, .inactive] {
      let text = try offer([.offered(OfferedMedia(mid: bytes("0"), direction: direction, capabilities: .video, source: someSource(1, rtx: true)))])
      #expect(lines(text, "a=msid", "a=ssrc").isEmpty)
    }
    var source = someSource(1)
    source.streamID = []
    source.stream = nil
    let text = try offer([.offered(OfferedMedia(mid: bytes("0"), direction: .sendonly, capabilities: .audio, source: source))])
    #expect(lines(text, "a=msid", "a=ssrc") == ["a=msid:- track1"])
  }

  @Test func `an RTX stream is not announced where no codec has one`() throws {
    var video = MediaCapabilities.video
    for index in video.codecs.indices { video.codecs[index].rtxPayloadType = nil }
    let text = try offer([.offered(OfferedMedia(mid: bytes("0"), direction: .sendonly, capabilities: video, source: someSource(1, rtx: true)))])
    #expect(lines(text, "a=ssrc") == ["a=ssrc:1001 cname:name", "a=ssrc:1001 msid:stream track1"])
  }

  @Test func `an offer of ours reads back as what was put in`() throws {
    let offer = try offer(ourSections)
    let audio = try #require(MediaDescription(offer, section: 0))
    #expect(audio.kind == .audio && audio.direction == .sendrecv && audio.mid == bytes("0") && audio.allowsMixedExtensions)
    #expect(audio.formats.map(\.payloadType) == [111, 0, 8] && audio.reducedSize)
    #expect(audio.streams == [AnnouncedStream(ssrc: 1000)] && audio.cname == bytes("name"))
    #expect(audio.streamIDs == [bytes("stream")] && audio.trackID == bytes("track0"))
    let video = try #require(MediaDescription(offer, section: 1))
    #expect(video.formats.map(\.payloadType) == [96, 97, 102, 103, 104, 105, 26, 106])
    #expect(video.formats[3].encoding == .rtx(apt: 102) && video.formats[6].encoding == .codec(Codec(.jpeg)))
    #expect(video.formats[2].feedback == [.nack, .pli, .fir, .remb, .transportCC] && video.formats[3].feedback == [])
    #expect(video.streams == [AnnouncedStream(ssrc: 1001, rtxSSRC: 2001)])
    #expect(try RemoteParameters(offer: offer).dataSection == 3)
  }

  static let settled: [(String, [String], [String], [String])] = [
    ("chromium-media-answer", ["111:opus", "0:pcmu", "8:pcma"], ["96:vp8/97", "102:h264/103", "104:h264/105"], ["sendrecv", "sendonly", "inactive"]),
    ("chromium-h264-first-answer", ["111:opus", "0:pcmu", "8:pcma"], ["102:h264/103", "104:h264/105", "96:vp8/97"], ["sendonly", "sendonly", "inactive"]),
    ("firefox-media-answer", ["111:opus", "0:pcmu", "8:pcma"], ["96:vp8/97"], ["sendrecv", "sendonly", "inactive"]),
    ("aiortc-media-answer", ["111:opus", "0:pcmu", "8:pcma"], ["96:vp8/97", "102:h264/103"], ["sendrecv", "sendonly", "inactive"]),
    ("gstreamer-media-answer", ["111:opus"], ["96:vp8"], ["sendrecv", "sendonly", "inactive"]),
    ("janus-echo-answer", ["111:opus"], ["96:vp8/97"], ["sendrecv", "sendonly", "recvonly"]),
  ]

  @Test(arguments: settled.indices) func `a real peer's answer leaves what both have, and we take all that we offered`(_ index: Int) throws {
    let (name, audio, video, directions) = Self.settled[index]
    let offer = try offer(ourSections)
    let answer = try parse(try vector(name))
    let remote = try RemoteParameters(answer: answer, to: offer)
    #expect(remote.transportSection == 0 && remote.transportMid == bytes("0") && remote.dataSection == 3 && remote.dataMid == bytes("3"))
    #expect(!remote.candidates.isEmpty && remote.setup == .active && remote.localSetup == .passive)
    let settled = try settle(ourSections, answer, to: offer)
    #expect(settled.map { $0.map { "\($0.direction)" } } == directions + [nil])
    #expect(list(settled[0]!.parameters.sendCodecs) == audio && list(settled[1]!.parameters.sendCodecs) == video)
    #expect(settled[0]!.parameters.receiveCodecs.map(\.payloadType) == [111, 0, 8])
    #expect(settled[1]!.parameters.receiveCodecs.map(\.payloadType) == [96, 102, 104, 26])
    #expect(settled[0]!.source == someSource(0) && settled[2]!.source == nil)
    #expect(settled.map { $0?.parameters.mid } == [bytes("0"), bytes("1"), bytes("2"), nil])
    #expect(settled[1]!.parameters.remoteStreams.isEmpty && settled[1]!.parameters.receives == false)
    #expect(settled[0]!.parameters.remoteStreams.count == (directions[0] == "sendrecv" ? 1 : 0))
    #expect(settled[1]!.parameters.extensions.mid == (name.hasPrefix("gst") ? 0 : 4))
    #expect(settled[1]!.parameters.sendCodecs[0].pli)
  }

  @Test func `feedback, extensions and reduced size are what the answer left`() throws {
    let answer = try parse(try vector("aiortc-media-answer"))
    let settled = try settle(ourSections, answer, to: try offer(ourSections))
    let line = try #require(settled[1]).parameters
    #expect(line.sendCodecs[0].nack && line.sendCodecs[0].pli && line.sendCodecs[0].remb)
    #expect(!line.sendCodecs[0].fir && !line.sendCodecs[0].transportCC && !line.reducedSize)
    #expect(line.extensions.absoluteSendTime == 2 && line.extensions.transportSequence == 0)
    #expect(line.receiveCodecs[0].nack && !line.receiveCodecs[0].fir)
  }

  @Test func `an answer with payload types of its own is sent those, and sends ours`() throws {
    let text = string(try vector("aiortc-media-answer"))
      .replacingOccurrences(of: "SAVPF 96 97 102 103", with: "SAVPF 120 121 96 97")
      .replacingOccurrences(of: ":96 ", with: ":120 ").replacingOccurrences(of: ":97 rtx", with: ":121 rtx")
      .replacingOccurrences(of: "fmtp:97 apt=96", with: "fmtp:121 apt=120")
      .replacingOccurrences(of: ":102 ", with: ":96 ").replacingOccurrences(of: ":103 rtx", with: ":97 rtx")
      .replacingOccurrences(of: "fmtp:103 apt=102", with: "fmtp:97 apt=96")
    let settled = try settle(ourSections, try parse([UInt8](text.utf8)), to: try offer(ourSections))
    let line = try #require(settled[1]).parameters
    #expect(list(line.sendCodecs) == ["120:vp8/121", "96:h264/97"])
    #expect(list(line.receiveCodecs) == ["96:vp8/97", "102:h264/103", "104:h264/105", "26:jpeg/106"])
  }

  @Test func `an answer without a codec of ours, or for another medium, settles nothing`() throws {
    let offered = try #require(ourSections[1].offeredMedia)
    func settled(_ line: String, _ attributes: String) throws -> NegotiatedMedia? {
      let description = try media(line, attributes)
      return MediaNegotiation.settle(try #require(MediaDescription(description, section: 0)), offered: offered)
    }
    #expect(try settled("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000") != nil)
    #expect(try settled("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP9/90000") == nil)
    #expect(try settled("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=x") == nil)
    #expect(try settled("m=audio 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000") == nil)
  }

  @Test func `sections that cannot be an offer are refused`() throws {
    func reason(_ sections: [LocalSection], after previous: SessionDescription? = nil) -> SDPError.Reason? {
      failure { () throws(SDPError) in _ = try offer(sections, after: previous) }?.reason
    }
    func changed(_ change: (inout OfferedMedia) -> Void) -> [LocalSection] {
      var media = ourSections[1].offeredMedia!
      change(&media)
      return [.offered(media)]
    }
    #expect(reason(changed { _ in }) == nil)
    let refused: [[LocalSection]] = [
      [], [.unused], [.data(mid: [])], [.data(mid: bytes("a b"))], [.data(mid: bytes("0")), .data(mid: bytes("1"))],
      [ourSections[0], .data(mid: bytes("0"))], changed { $0.mid = [] }, changed { $0.mid = bytes("a\r\n") },
      changed { $0.capabilities.codecs = [] }, changed { $0.capabilities.kind = .audio },
      changed { $0.capabilities.codecs[1].payloadType = 96 }, changed { $0.capabilities.codecs[0].rtxPayloadType = 96 },
      changed { $0.capabilities.codecs[0].payloadType = 72 }, changed { $0.capabilities.codecs[0].payloadType = 128 },
      changed { $0.capabilities.extensions.mid = 15 }, changed { $0.capabilities.extensions.mid = 2 },
      changed { $0.source?.trackID = [] }, changed { $0.source?.trackID = bytes("a b") },
      changed { $0.source?.streamID = bytes("a\n") }, changed { $0.source?.cname = [] },
      changed { $0.source?.cname = bytes("a\nb") }, changed { $0.source?.cname = [UInt8](repeating: 65, count: 256) },
      changed { $0.source?.streamID = [UInt8](repeating: 65, count: 65) },
    ]
    for sections in refused { #expect(reason(sections) == .invalidLocalParameters) }
    let negotiated = try #require(answers(to: try offer(ourSections))[0].negotiated)
    #expect(reason([.accepted(negotiated)]) == .invalidLocalParameters)
    // A payload type that means another codec in another section of the group.
    var video = MediaCapabilities.video
    video.codecs.swapAt(0, 1)
    video.codecs[0].payloadType = 96
    video.codecs[1].payloadType = 102
    let other = LocalSection.offered(OfferedMedia(mid: bytes("x"), direction: .sendrecv, capabilities: video))
    #expect(reason([other]) == nil && reason([ourSections[1], other]) == .invalidLocalParameters)
  }

  @Test func `a buffer too small for an offer or answer leaves the writer as it was`() throws {
    let full = try offerBytes(ourSections)
    let offer = try parse(full)
    let sections = answers(to: offer)
    let answered = try answer(to: offer, sections).text
    for room in stride(from: 0, to: full.count, by: 97) {
      let reason = failure { () throws(SDPError) in
        _ = try bytesWritten(room: room) { (writer) throws(SDPError) in
          try OfferAnswer.writeOffer(someLocal(), sections: ourSections, into: &writer)
        }
      }?.reason
      #expect(reason == .noRoom)
      guard room < answered.count else { continue }
      var buffer = [UInt8](repeating: 0, count: room)
      var writer = SpanWriter(buffer.mutableSpan)
      var reasons: [SDPError.Reason] = []
      do throws(SDPError) {
        try OfferAnswer.writeAnswer(someLocal(), to: offer, sections: sections, into: &writer)
      } catch { reasons.append(error.reason) }
      let count = writer.count
      #expect(reasons == [.noRoom] && count == 0)
    }
  }
}
