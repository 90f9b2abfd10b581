import Bytes
import Foundation
import RTP
import SDP
import Testing

@Suite struct MediaAnswerTests {
  @Test(arguments: mediaOffers) func `a real offer is answered section for section, and the answer is one to it`(_ name: String) throws {
    let offer = try parse(try vector(name))
    let sections = answers(to: offer)
    let answer = try answer(to: offer, sections)
    #expect(answer.sections.map { answer.string($0.mid) } == offer.sections.map { offer.string($0.mid) })
    #expect(answer.sections.map { answer.string($0.medium) } == offer.sections.map { offer.string($0.medium) })
    #expect(answer.sections.map { answer.string($0.protocolName) } == offer.sections.map { offer.string($0.protocolName) })
    let remote = try RemoteParameters(offer: offer, answeredBy: sections)
    let seen = try RemoteParameters(answer: answer, to: offer)
    #expect(seen.transportSection == remote.transportSection && seen.transportMid == remote.transportMid)
    #expect(seen.dataSection == remote.dataSection && seen.localSetup != remote.localSetup)
    #expect(!remote.candidates.isEmpty || name == "gstreamer-media-offer")
    // Whatever these offers have in use there is something in common about.
    for (index, section) in sections.enumerated() {
      #expect((section == .unused) == (offer.sections[index].port == 0 && !offer.sections[index].isBundleOnly))
      #expect((answer.sections[index].port == 0) == (section == .unused))
    }
    #expect(answer.bundleGroups.map { $0.map { answer.string($0) } } == offer.bundleGroups.map { $0.map { offer.string($0) } })
  }

  static let negotiated: [(String, Int, [String], String)] = [
    ("chromium-media-offer", 0, ["111:opus", "0:pcmu", "8:pcma"], "sendrecv"),
    ("chromium-media-offer", 1, ["96:vp8/97", "108:h264/109", "114:h264/115"], "sendrecv"),
    ("chromium-recvonly-offer", 1, ["96:vp8/97", "108:h264/109", "114:h264/115"], "sendonly"),
    ("chromium-recycled-offer", 0, ["96:vp8/97", "108:h264/109", "114:h264/115"], "sendonly"),
    ("chromium-recycled-offer", 1, ["96:vp8/97", "108:h264/109", "114:h264/115"], "inactive"),
    ("firefox-media-offer", 0, ["109:opus", "0:pcmu", "8:pcma"], "sendrecv"),
    ("firefox-media-offer", 1, ["120:vp8/124"], "sendrecv"),
    ("firefox-recycled-offer", 3, ["120:vp8/124"], "sendonly"),
    ("aiortc-media-offer", 0, ["96:opus", "0:pcmu", "8:pcma"], "sendrecv"),
    ("aiortc-media-offer", 1, ["97:vp8/98", "101:h264/102"], "sendrecv"),
    ("gstreamer-media-offer", 0, ["96:vp8"], "sendrecv"),
    ("gstreamer-opus-h264-offer", 0, ["111:opus"], "sendrecv"),
    ("gstreamer-opus-h264-offer", 1, ["96:h264"], "sendrecv"),
    ("gstreamer-pcma-jpeg-offer", 0, ["8:pcma"], "sendrecv"),
    ("gstreamer-pcma-jpeg-offer", 1, ["26:jpeg"], "sendrecv"),
    ("janus-media-offer", 1, ["96:vp8/97"], "recvonly"),
    ("janus-streaming-offer", 1, ["96:h264/98"], "recvonly"),
    ("janus-streaming-offer", 2, ["97:vp8/99"], "recvonly"),
  ]

  @Test(arguments: negotiated.indices) func `codecs keep the offer's payload types and order`(_ index: Int) throws {
    let (name, section, codecs, direction) = Self.negotiated[index]
    let offer = try parse(try vector(name))
    let media = try #require(answers(to: offer)[section].negotiated)
    #expect(list(media.parameters.sendCodecs) == codecs && list(media.parameters.receiveCodecs) == codecs)
    #expect("\(media.direction)" == direction)
    #expect(media.parameters.sends == media.direction.sends && media.parameters.receives == media.direction.receives)
    let answer = try answer(to: offer, answers(to: offer))
    let formats = codecs.flatMap { $0.split(separator: ":")[0...0] + $0.split(separator: "/")[1...] }.joined(separator: " ")
    #expect(answer.string(answer.sections[section].formats) == formats)
  }

  @Test func `what the peer sends is known by its names`() throws {
    let offer = try parse(try vector("chromium-media-offer"))
    let video = try #require(answers(to: offer)[1].negotiated)
    #expect(video.parameters.remoteStreams == [AnnouncedStream(ssrc: 1_023_298_681, rtxSSRC: 1_847_426_593)])
    #expect(string(video.remoteStreamIDs[0]) == "5d0b9548-97df-4432-82e3-b630bb664470" && video.remoteStreamIDs.count == 1)
    #expect(string(video.remoteTrackID) == "1b526e77-44a6-4b8c-be15-aad25e7eb4c5" && string(video.remoteCNAME) == "4How6X0W1v8DE1P3")
    let legacy = try #require(answers(to: try parse(try vector("gstreamer-media-offer")))[0].negotiated)
    #expect(string(legacy.remoteStreamIDs[0]) == "user1234@host-1a2b" && string(legacy.remoteTrackID) == "webrtctransceiver0")
    let none = try #require(answers(to: try parse(try vector("firefox-recvonly-offer")))[1].negotiated)
    #expect(none.parameters.remoteStreams.isEmpty && none.remoteStreamIDs.isEmpty)
  }

  @Test func `feedback and extensions are those that both have, with the offer's ids`() throws {
    let sections = answers(to: try parse(try vector("firefox-media-offer")))
    let audio = try #require(sections[0].negotiated).parameters
    #expect(audio.extensions.audioLevel == 1 && audio.extensions.mid == 3 && audio.extensions.transportSequence == 7)
    #expect(audio.extensions.absoluteSendTime == 0 && !audio.reducedSize && audio.sendCodecs[1].transportCC)
    let video = try #require(sections[1].negotiated).parameters
    #expect(video.extensions.absoluteSendTime == 4 && video.extensions.rid == 0 && video.reducedSize)
    #expect(video.sendCodecs[0].nack && video.sendCodecs[0].fir && video.sendCodecs[0].remb)
    var poor = MediaCapabilities.video
    poor.codecs[0].nack = false
    poor.codecs[0].rtxPayloadType = nil
    poor.extensions.absoluteSendTime = 0
    poor.reducedSize = false
    let less = try #require(answers(to: try parse(try vector("firefox-media-offer")), video: poor)[1].negotiated).parameters
    #expect(list(less.sendCodecs) == ["120:vp8"] && !less.sendCodecs[0].nack && less.sendCodecs[0].pli)
    #expect(less.extensions.absoluteSendTime == 0 && !less.reducedSize)
  }

  @Test(arguments: ["chromium-simulcast-offer", "firefox-simulcast-offer"])
  func `an offer of several encodings is taken up, if we like`(_ name: String) throws {
    let offer = try parse(try vector(name))
    let media = try #require(answers(to: offer)[0].negotiated)
    #expect(media.parameters.remoteRIDs.map { string($0) } == ["q", "h", "f"] && media.parameters.extensions.rid != 0)
    let text = try answer(to: offer, answers(to: offer))
    #expect(lines(text, "a=rid", "a=simulcast") == ["a=rid:q recv", "a=rid:h recv", "a=rid:f recv", "a=simulcast:recv q;h;f"])
    var single = MediaCapabilities.video
    single.receivesSimulcast = false
    let refused = try answer(to: offer, answers(to: offer, video: single))
    #expect(lines(refused, "a=rid", "a=simulcast").isEmpty)
    #expect(try #require(answers(to: offer, video: single)[0].negotiated).parameters.remoteRIDs.isEmpty)
    // Without the header extension nobody could tell the streams apart.
    single.receivesSimulcast = true
    single.extensions.rid = 0
    #expect(try #require(answers(to: offer, video: single)[0].negotiated).parameters.remoteRIDs.isEmpty)
  }

  @Test func `an extension that the peer only sends is answered so`() throws {
    let text = try answer(
      to: try parse(try vector("firefox-simulcast-offer")), answers(to: try parse(try vector("firefox-simulcast-offer"))))
    #expect(lines(text, "a=extmap:9") == ["a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"])
  }

  @Test func `we say no more than the offer leaves room for`() throws {
    let all: [MediaSection.Direction] = [.sendrecv, .sendonly, .recvonly, .inactive]
    // RFC 3264 section 6.1.
    let allowed: [[MediaSection.Direction]] = [
      [.sendrecv, .sendonly, .recvonly, .inactive], [.recvonly, .inactive, .recvonly, .inactive],
      [.sendonly, .sendonly, .inactive, .inactive], [.inactive, .inactive, .inactive, .inactive],
    ]
    for (row, offered) in all.enumerated() {
      let description = try media("m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=\(offered)")
      let media = try #require(MediaDescription(description, section: 0))
      for (column, wanted) in all.enumerated() {
        let answer = try #require(MediaNegotiation.answer(media, capabilities: .audio, direction: wanted))
        #expect(answer.direction == allowed[row][column])
      }
    }
  }

  @Test func `a direction of the session holds where the section has none, and sendrecv where nobody says`() throws {
    let bare = try media("m=audio 9 UDP/TLS/RTP/SAVPF 0")
    #expect(MediaDescription(bare, section: 0)?.direction == .sendrecv)
    let text = string(bare.text).replacingOccurrences(of: "v=0\r\n", with: "v=0\r\na=recvonly\r\n")
    #expect(MediaDescription(try parse([UInt8](text.utf8)), section: 0)?.direction == .recvonly)
  }

  @Test func `nothing in common is no answer`() throws {
    let video = MediaCapabilities.video.limited(to: [.h264])
    let offer = try parse(try vector("firefox-media-offer"))
    let sections = answers(to: offer, video: video)
    #expect(sections[1] == .unused && sections[0] != .unused && sections[2] != .unused)
    let answer = try answer(to: offer, sections)
    #expect(lines(answer, "m=video", "a=group") == ["a=group:BUNDLE 0 2", "m=video 0 UDP/TLS/RTP/SAVPF 120 124 121 125 99 100 123 122 119"])
    #expect(MediaNegotiation.answer(try #require(MediaDescription(offer, section: 1)), capabilities: .audio, direction: .sendrecv) == nil)
  }

  @Test func `an offer of which nothing is taken is rejected whole`() throws {
    let offer = try parse(try vector("chromium-recvonly-offer"))
    let sections = [LocalSection](repeating: .unused, count: 2)
    let error = failure { () throws(SDPError) in _ = try RemoteParameters(offer: offer, answeredBy: sections) }
    #expect(error?.reason == .nothingInCommon)
    let answer = try answer(to: offer, sections)
    #expect(answer.sections.allSatisfy { $0.port == 0 } && answer.bundleGroups.isEmpty)
    let seen = failure { () throws(SDPError) in _ = try RemoteParameters(answer: answer, to: offer) }
    #expect(seen?.reason == .sectionRejected)
  }

  @Test func `answers that do not fit the offer are refused`() throws {
    let offer = try parse(try vector("chromium-media-offer"))
    let good = answers(to: offer)
    func reason(_ sections: [LocalSection]) -> SDPError.Reason? {
      failure { () throws(SDPError) in _ = try answer(to: offer, sections) }?.reason
    }
    var bad = good[0].negotiated!
    bad.source?.trackID = bytes("\n")
    #expect(reason(good) == nil)
    #expect(reason(Array(good[..<2])) == .invalidLocalParameters)
    #expect(reason([good[1], good[0], good[2]]) == .invalidLocalParameters)
    #expect(reason([good[0], good[1], good[0]]) == .invalidLocalParameters)
    #expect(reason([.data(mid: []), good[1], .unused]) == .invalidLocalParameters)
    #expect(reason([ourSections[0], good[1], good[2]]) == .invalidLocalParameters)
    #expect(reason([.accepted(bad), good[1], good[2]]) == .invalidLocalParameters)
  }
}
