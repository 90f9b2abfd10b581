import Bytes
import Foundation
import RTP
import SDP
import Testing

/// Which sections can be used together (RFC 9143).
@Suite struct BundleTests {
  /// A chromium offer with these lines changed.
  func offer(_ replacements: (String, String)...) throws -> SessionDescription {
    var text = string(try vector("chromium-media-offer"))
    for (from, to) in replacements { text = text.replacingOccurrences(of: from, with: to) }
    return try parse([UInt8](text.utf8))
  }

  func used(_ offer: SessionDescription, rejecting: Set<Int> = []) -> [Bool] {
    answers(to: offer, rejecting: rejecting).map { $0 != .unused }
  }

  @Test func `without a BUNDLE group one section is used, the first that we take`() throws {
    let offer = try offer(("a=group:BUNDLE 0 1 2\r\n", ""))
    #expect(self.used(offer) == [true, false, false])
    #expect(self.used(offer, rejecting: [0]) == [false, true, false])
    let answer = try answer(to: offer, answers(to: offer))
    #expect(answer.bundleGroups.isEmpty && answer.sections.map { $0.port } == [9, 0, 0])
    #expect(try RemoteParameters(offer: offer, answeredBy: answers(to: offer, rejecting: [0, 1])).dataSection == 2)
  }

  @Test func `a section outside of the group is rejected, or is the only one`() throws {
    let offer = try offer(("a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0 2"))
    #expect(self.used(offer) == [true, false, true])
    #expect(self.used(offer, rejecting: [0]) == [false, true, false])
    let two = try self.offer(("a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0\r\na=group:BUNDLE 1 2"))
    #expect(self.used(two) == [true, false, false] && self.used(two, rejecting: [0]) == [false, true, true])
    let answer = try answer(to: two, answers(to: two, rejecting: [0]))
    #expect(lines(answer, "a=group") == ["a=group:BUNDLE 1 2"])
    // All on one transport: what is not cannot be forced.
    let forced = try #require(answers(to: try self.offer())[1].negotiated)
    let error = failure { () throws(SDPError) in
      _ = try SDPTests.answer(to: offer, [answers(to: offer)[0], .accepted(forced), .unused])
    }
    #expect(error?.reason == .invalidLocalParameters)
  }

  @Test func `the transport is that of the group's first section that we take`() throws {
    let offer = try offer(("a=group:BUNDLE 0 1 2", "a=group:BUNDLE 2 0 1"))
    let remote = try RemoteParameters(offer: offer, answeredBy: answers(to: offer))
    #expect(remote.transportSection == 2 && string(remote.transportMid) == "2")
    var local = someLocal()
    local.candidates = [bytes("1 1 udp 2130706431 192.0.2.1 4000 typ host")]
    let answer = try answer(to: offer, answers(to: offer), local: local)
    #expect(lines(answer, "a=group") == ["a=group:BUNDLE 2 0 1"])
    #expect(answer.sections.map { $0.transport.candidates.count } == [0, 0, 1])
    #expect(try RemoteParameters(answer: answer, to: offer).transportSection == 2)
    let without = try RemoteParameters(offer: offer, answeredBy: answers(to: offer, rejecting: [2]))
    #expect(without.transportSection == 0 && without.dataSection == nil && without.dataMid.isEmpty && without.sctpPort == 5000)
  }

  @Test func `data first, data last, and no data at all`() throws {
    for order in [[3, 0, 1, 2], [0, 3, 1], [0, 1], [3]] {
      let offer = try SDPTests.offer(order.map { ourSections[$0] })
      let remote = try RemoteParameters(offer: offer, answeredBy: answers(to: offer))
      #expect(remote.dataSection == order.firstIndex(of: 3) && remote.transportSection == 0)
      let answer = try answer(to: offer, answers(to: offer))
      let seen = try RemoteParameters(answer: answer, to: offer)
      #expect(seen.dataSection == order.firstIndex(of: 3) && seen.iceUfrag == someLocal().iceUfrag && seen.localSetup == .passive)
    }
  }

  @Test func `a section that shares the first one's transport need not repeat it`() throws {
    let text = try offer()
    let bare = lines(text, "v=", "t=", "a=group").joined(separator: "\n")
    let offer = try parse(
      bare, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", "a=rtcp-mux", "a=ice-ufrag:tagd", "a=ice-pwd:abcdefghijklmnopqrstuv",
      "a=setup:passive", "a=fingerprint:sha-256 " + Array(repeating: "0A", count: 32).joined(separator: ":"),
      "m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=rtcp-mux", "a=bundle-only", "a=rtpmap:96 VP8/90000")
    #expect(self.used(offer) == [true, true] && self.used(offer, rejecting: [0]) == [false, true])
    let remote = try RemoteParameters(offer: offer, answeredBy: answers(to: offer, rejecting: [0]))
    #expect(remote.transportSection == 1 && string(remote.iceUfrag) == "tagd" && remote.localSetup == .active)
  }

  @Test func `an answer's sections that are not bundled with the first are out of use`() throws {
    let offer = try SDPTests.offer(ourSections)
    let answer = try answer(to: offer, answers(to: offer))
    let text = string(answer.text).replacingOccurrences(of: "a=group:BUNDLE 0 1 2 3", with: "a=group:BUNDLE 0 1")
    let odd = try parse([UInt8](text.utf8))
    let remote = try RemoteParameters(answer: odd, to: offer)
    #expect(remote.transportSection == 0 && remote.dataSection == nil)
    #expect(try settle(ourSections, odd, to: offer).map { $0 != nil } == [true, true, false, false])
  }

  @Test func `an answer may reject sections, in any words, but not change them`() throws {
    let offer = try SDPTests.offer(ourSections)
    let good = string(try answer(to: offer, answers(to: offer)).text)
    func reason(_ from: String, _ to: String) -> SDPError.Reason? {
      let text = good.replacingOccurrences(of: from, with: to)
      return failure { () throws(SDPError) in
        _ = try RemoteParameters(answer: try parse([UInt8](text.utf8)), to: offer)
      }?.reason
    }
    #expect(reason("", "") == nil)
    #expect(reason("m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 0 RTP/AVP") == nil)
    #expect(reason("m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/SAVPF") == nil)
    #expect(reason("m=audio", "m=video") == .sectionDiffers)
    #expect(reason("m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/AVP") == .sectionDiffers)
    #expect(reason("a=mid:1", "a=mid:x") == .sectionDiffers)
    // What was stopped in the offer cannot be revived by the answer.
    var sections = ourSections
    sections[1] = .unused
    let stopped = try SDPTests.offer(sections, after: offer)
    let error = failure { () throws(SDPError) in
      _ = try RemoteParameters(answer: try parse([UInt8](good.utf8)), to: stopped)
    }
    #expect(error?.reason == .sectionDiffers)
  }

  static let profiles: [(String, Bool)] = [
    ("UDP/TLS/RTP/SAVPF", true), ("RTP/SAVPF", true), ("RTP/AVPF", true), ("UDP/TLS/RTP/SAVP", true), ("RTP/SAVP", true),
    ("TCP/TLS/RTP/SAVPF", true), ("TCP/DTLS/RTP/SAVPF", true), ("RTP/AVP", false), ("UDP", false), ("UDP/TLS/RTP/SAVPFX", false),
  ]

  @Test(arguments: profiles.indices) func `old names of the profile are taken, plain RTP is not`(_ index: Int) throws {
    let (name, isTaken) = Self.profiles[index]
    let offer = try media("m=audio 9 \(name) 0")
    #expect((offer.use(of: 0, sharing: nil) == .media(.audio)) == isTaken)
    #expect(self.used(offer) == [isTaken])
    #expect((MediaDescription(offer, section: 0) != nil) == isTaken)
    let answer = try answer(to: offer, answers(to: offer))
    #expect(answer.string(answer.sections[0].protocolName) == name)
  }

  @Test func `media without rtcp-mux, of an unknown kind, stopped or out of range is of no use`() throws {
    func use(_ from: String, _ to: String) throws -> SectionUse {
      let text = string(try media("m=audio 9 UDP/TLS/RTP/SAVPF 0").text).replacingOccurrences(of: from, with: to)
      return try parse([UInt8](text.utf8)).use(of: 0, sharing: nil)
    }
    #expect(try use("", "") == .media(.audio))
    #expect(try use("a=rtcp-mux\r\n", "") == .none)
    #expect(try use("m=audio", "m=text") == .none)
    #expect(try use("m=audio 9", "m=audio 0") == .none)
    let offer = try media("m=audio 9 UDP/TLS/RTP/SAVPF 0")
    #expect(offer.use(of: 1, sharing: nil) == .none && offer.use(of: -1, sharing: nil) == .none && offer.use(of: 0, sharing: 7) == .none)
    #expect(MediaDescription(offer, section: 1) == nil && MediaDescription(offer, section: -1) == nil)
  }
}
