import Bytes
import Foundation
import RTP
import SDP
import Testing

/// Offers that follow others in one session.
@Suite struct LiveSessionTests {
  let first: SessionDescription

  init() throws {
    self.first = try offer(ourSections)
  }

  func line(_ description: SessionDescription, _ index: Int) -> String {
    "\(description.string(description.sections[index].mid) ?? "-") \(description.sections[index].port) \(description.sections[index].direction.map { "\($0)" } ?? "-")"
  }

  func group(_ description: SessionDescription) -> String? { lines(description, "a=group").first }

  @Test func `a section is paused by its direction, and all else stays`() throws {
    var sections = ourSections
    var paused = sections[0].offeredMedia!
    paused.direction = .inactive
    sections[0] = .offered(paused)
    let again = try offer(sections, after: self.first)
    #expect(self.line(again, 0) == "0 9 inactive" && self.line(again, 1) == self.line(self.first, 1))
    #expect(self.group(again) == self.group(self.first))
    #expect(again.sections.map { again.string($0.formats) } == self.first.sections.map { self.first.string($0.formats) })
    let answered = answers(to: again)
    #expect(answered[0].negotiated?.direction == .inactive && answered[0].negotiated?.parameters.sends == false)
  }

  @Test func `a section is stopped in its place, and stays stopped`() throws {
    var sections = ourSections
    sections[1] = .unused
    let stopped = try offer(sections, after: self.first)
    #expect(stopped.sections.count == 4 && self.line(stopped, 1) == "1 0 inactive")
    #expect(lines(stopped, "m=video 0") == ["m=video 0 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 26 106"])
    #expect(self.group(stopped) == "a=group:BUNDLE 0 2 3")
    let answered = answers(to: stopped)
    #expect(answered[1] == .unused && answered[2] != .unused)
    let answer = try answer(to: stopped, answered)
    #expect(try RemoteParameters(answer: answer, to: stopped).dataSection == 3)
    #expect(try settle(sections, answer, to: stopped)[1] == nil)
    let later = try offer(sections, after: stopped)
    #expect(later.text == stopped.text)
  }

  @Test func `stopping the first section hands its transport to the next of the group`() throws {
    var sections = ourSections
    sections[0] = .unused
    var local = someLocal()
    local.candidates = [bytes("1 1 udp 2130706431 192.0.2.1 4000 typ host")]
    let stopped = try offer(sections, after: self.first, local: local)
    #expect(self.group(stopped) == "a=group:BUNDLE 1 2 3")
    #expect(stopped.sections.map { $0.transport.candidates.count } == [0, 1, 0, 0])
    let remote = try RemoteParameters(offer: stopped, answeredBy: answers(to: stopped))
    #expect(remote.transportSection == 1 && string(remote.transportMid) == "1" && remote.candidates == local.candidates)
  }

  @Test func `a section is added behind the others, or recycles an unused one`() throws {
    #expect(self.first.placeForNewSection == 4)
    let new = LocalSection.offered(OfferedMedia(mid: bytes("4"), direction: .recvonly, capabilities: .audio))
    let added = try offer(ourSections + [new], after: self.first)
    #expect(self.group(added) == "a=group:BUNDLE 0 1 2 3 4" && added.sections.count == 5)
    var sections = ourSections
    sections[1] = .unused
    let stopped = try offer(sections, after: self.first)
    #expect(stopped.placeForNewSection == 1)
    sections[1] = new
    let recycled = try offer(sections, after: stopped)
    #expect(self.line(recycled, 1) == "4 9 recvonly" && recycled.sections[1].kind == .audio)
    // The order of those that were in the group stays.
    #expect(self.group(recycled) == "a=group:BUNDLE 0 2 3 4")
    let answered = answers(to: recycled)
    #expect(answered[1].negotiated?.parameters.mid == bytes("4"))
    #expect(lines(try answer(to: recycled, answered), "a=group") == ["a=group:BUNDLE 0 2 3 4"])
  }

  @Test func `what is unused before the first section in use is not recycled`() throws {
    var sections = ourSections
    sections[0] = .unused
    #expect(try offer(sections, after: self.first).placeForNewSection == 4)
    sections[2] = .unused
    #expect(try offer(sections, after: self.first).placeForNewSection == 2)
  }

  @Test func `an offer that forgets a section, or reuses its mid, is refused`() throws {
    func reason(_ sections: [LocalSection], after previous: SessionDescription?) -> SDPError.Reason? {
      failure { () throws(SDPError) in _ = try offer(sections, after: previous) }?.reason
    }
    #expect(reason(Array(ourSections[..<3]), after: self.first) == .invalidLocalParameters)
    #expect(reason(ourSections + [.unused], after: self.first) == .invalidLocalParameters)
    var sections = ourSections
    sections[1] = .unused
    let reused = LocalSection.offered(OfferedMedia(mid: bytes("1"), direction: .recvonly, capabilities: .audio))
    #expect(reason(sections + [reused], after: self.first) == .invalidLocalParameters)
    #expect(reason(sections, after: self.first) == nil)
  }

  @Test func `an offer of ours after the peer's leaves what it rejected, unknown media included, as it is`() throws {
    let text = string(try vector("chromium-media-offer")).replacingOccurrences(of: "m=video", with: "m=text")
    let theirs = try parse([UInt8](text.utf8))
    let current = try answer(to: theirs, answers(to: theirs))
    #expect(current.sections.map { $0.port } == [9, 0, 9])
    var identifiers = BundleIdentifiers()
    identifiers.learn(from: theirs)
    let sections: [LocalSection] = [
      .offered(OfferedMedia(mid: bytes("0"), direction: .sendrecv, capabilities: identifiers.assign(to: .audio))), .unused,
      .data(mid: bytes("2")),
    ]
    let ours = try offer(sections, after: current)
    #expect(ours.string(ours.sections[1].medium) == "text" && ours.sections[1].port == 0)
    #expect(self.group(ours) == "a=group:BUNDLE 0 2" && current.placeForNewSection == 1)
  }

  @Test func `a section that we add has the peer's numbers for the same things, and none of its others`() throws {
    let theirs = try parse(try vector("chromium-media-offer"))
    var identifiers = BundleIdentifiers()
    identifiers.learn(from: theirs)
    let video = identifiers.assign(to: .video)
    // 102 to 105 are H264 of another profile there.
    #expect(list(video.codecs) == ["96:vp8/97", "108:h264/109", "114:h264/115", "26:jpeg/106"])
    #expect(video.extensions.mid == 4 && video.extensions.transportSequence == 3 && video.extensions.rid == 10)
    // 5 is the playout delay there.
    #expect(video.extensions.absoluteCaptureTime == 9)
    #expect(identifiers.assign(to: .video) == video)
    #expect(list(identifiers.assign(to: .audio).codecs) == ["111:opus", "0:pcmu", "8:pcma"])
    let firefox = try parse(try vector("firefox-media-offer"))
    var other = BundleIdentifiers()
    other.learn(from: firefox)
    #expect(list(other.assign(to: .video).codecs).prefix(2) == ["120:vp8/124", "102:h264/103"])
    #expect(list(other.assign(to: .audio).codecs) == ["109:opus", "0:pcmu", "8:pcma"])
  }

  @Test func `numbers run out one by one`() throws {
    let all = (Array(0...63) + Array(96...127)).filter { $0 != 100 && $0 != 40 && $0 != 41 }
    let format = all.map { "\($0)" }.joined(separator: " ")
    let maps = all.map { "a=rtpmap:\($0) x/90000" } + (1...13).map { "a=extmap:\($0) urn:x:\($0)" }
    let description = try media("m=video 9 UDP/TLS/RTP/SAVPF " + format, maps.joined(separator: "\n"))
    var identifiers = BundleIdentifiers()
    identifiers.learn(from: description)
    let video = identifiers.assign(to: .video)
    #expect(list(video.codecs) == ["100:vp8/40", "41:h264"])
    let ids = HeaderExtension.allCases.map { video.extensions[$0] }
    #expect(ids.filter { $0 == 14 }.count == 1 && ids.filter { $0 != 0 }.count == 1)
  }

  @Test func `a peer that stops and recycles its first section is followed`() throws {
    let stopped = try parse(try vector("firefox-stopped-offer"))
    let sections = answers(to: stopped)
    #expect(sections[0] == .unused && sections[1].negotiated?.direction == .inactive && sections[2] == .data(mid: []))
    #expect(try RemoteParameters(offer: stopped, answeredBy: sections).transportSection == 1)
    let recycled = try parse(try vector("chromium-recycled-offer"))
    let remote = try RemoteParameters(offer: recycled, answeredBy: answers(to: recycled))
    #expect(remote.transportSection == 0 && string(remote.transportMid) == "3")
    #expect(lines(try answer(to: recycled, answers(to: recycled)), "a=group") == ["a=group:BUNDLE 3 1 2"])
  }
}
