import Bytes
import Foundation
import SDP
import Testing

@Suite struct OfferAnswerTests {
  func answer(_ local: LocalParameters, to offer: SessionDescription) throws(SDPError) -> String {
    try written { (writer) throws(SDPError) in try OfferAnswer.writeAnswer(local, to: offer, into: &writer) }
  }

  func offer(_ local: LocalParameters) throws(SDPError) -> SessionDescription {
    try parse(try bytesWritten { (writer) throws(SDPError) in try OfferAnswer.writeOffer(local, into: &writer) })
  }

  @Test func `an offer is written exactly so`() throws {
    var local = someLocal()
    local.candidates = [[UInt8]("1 1 udp 2130706431 192.0.2.1 4000 typ host".utf8)]
    local.endOfCandidates = true
    local.tlsID = [UInt8]("abc3de65cddef001be82".utf8)
    let text = try written { (writer) throws(SDPError) in try OfferAnswer.writeOffer(local, into: &writer) }
    let expected = [
      "v=0", "o=- 1234 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
      "m=application 4000 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 192.0.2.1", "a=mid:0", "a=ice-ufrag:aB3+",
      "a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-options:trickle ice2",
      "a=fingerprint:sha-256 00:07:0E:15:1C:23:2A:31:38:3F:46:4D:54:5B:62:69:70:77:7E:85:8C:93:9A:A1:A8:AF:B6:BD:C4:CB:D2:D9",
      "a=setup:actpass", "a=tls-id:abc3de65cddef001be82", "a=sctp-port:5000", "a=max-message-size:262144",
      "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host", "a=end-of-candidates",
    ]
    #expect(text == expected.map { $0 + "\r\n" }.joined())
  }

  @Test func `an offer reads back as what was put in`() throws {
    var local = someLocal()
    local.fingerprints.append(Fingerprint(algorithm: .sha384, bytes: [UInt8](repeating: 0xab, count: 48)))
    local.candidates = [[UInt8]("1 1 udp 1 ::1 9 typ host".utf8), [UInt8]("nonsense".utf8)]
    local.sctpPort = 1
    local.maximumMessageSize = 0
    local.mid = [UInt8]("data".utf8)
    local.trickles = false
    local.sessionID = .max
    let description = try self.offer(local)
    let remote = try RemoteParameters(offer: description)
    #expect(remote.iceUfrag == local.iceUfrag && remote.icePassword == local.icePassword)
    #expect(remote.fingerprints == local.fingerprints && remote.candidates == local.candidates)
    #expect(remote.sctpPort == 1 && remote.maximumMessageSize == 0 && remote.dataMid == local.mid)
    #expect(remote.iceOptions == .ice2 && !remote.endOfCandidates && !remote.isICELite)
    #expect(remote.setup == .actpass && remote.localSetup == .active)
    #expect(description.string(description.origin?.sessionID) == "9223372036854775807")
    #expect(string(description.text).contains("c=IN IP6 ::1\r\n"))
  }

  @Test func `the connection line shows the candidate most likely to be reached`() throws {
    func line(_ candidates: String...) throws -> [String] {
      var local = someLocal()
      local.candidates = candidates.map { [UInt8]($0.utf8) }
      let text = string(try self.offer(local).text)
      return text.components(separatedBy: "\r\n").filter { $0.hasPrefix("c=") || $0.hasPrefix("m=") }
        .map { String($0.split(separator: " ")[$0.hasPrefix("c=") ? 2 : 1]) }
    }
    let host = "1 1 udp 9 192.0.2.1 1001 typ host", six = "2 1 UDP 9 2001:db8::1 1002 typ host"
    let reflexive = "3 1 udp 5 192.0.2.3 1003 typ srflx raddr 0.0.0.0 rport 0"
    let relayed = "4 1 udp 1 2001:db8::4 1004 typ relay raddr 0.0.0.0 rport 0"
    #expect(try line() == ["9", "0.0.0.0"])
    #expect(try line("1 1 udp 9 abcd.local 1001 typ host", "1 1 tcp 9 192.0.2.1 9 typ host", "x") == ["9", "0.0.0.0"])
    #expect(try line("1 2 udp 9 192.0.2.1 1001 typ host") == ["9", "0.0.0.0"])
    #expect(try line(six, host) == ["1001", "192.0.2.1"])
    #expect(try line(six) == ["1002", "2001:db8::1"])
    #expect(try line(reflexive, host) == ["1003", "192.0.2.3"])
    #expect(try line(host, reflexive, relayed) == ["1004", "2001:db8::4"])
  }

  @Test(arguments: [
    (Setup.actpass, Setup.actpass, Setup.active), (.actpass, .active, .active), (.actpass, .passive, .passive),
    (.active, .active, .passive), (.passive, .passive, .active),
  ])
  func `the answer's setup follows from the offer's, and from our wish where it may`(
    _ offered: Setup, _ wished: Setup, _ answered: Setup
  ) throws {
    let offer = try self.offer(someLocal(setup: offered))
    let answer = try parse([UInt8](try self.answer(someLocal(setup: wished), to: offer).utf8))
    #expect(answer.sections[0].transport.setup == answered)
    #expect(try RemoteParameters(offer: offer, preferring: wished).localSetup == answered)
    let remote = try RemoteParameters(answer: answer, to: offer)
    #expect(remote.setup == answered)
    #expect(remote.localSetup == (answered == .active ? .passive : .active))
  }

  @Test func `an offer without setup leaves the choice, one with holdconn is refused`() throws {
    let text = string(try vector("chromium-data-offer"))
    let none = try parse([UInt8](text.replacingOccurrences(of: "a=setup:actpass\r\n", with: "").utf8))
    #expect(try RemoteParameters(offer: none).localSetup == .active)
    let hold = try parse([UInt8](text.replacingOccurrences(of: "setup:actpass", with: "setup:holdconn").utf8))
    #expect(throws: SDPError.self) { try self.answer(someLocal(), to: hold) }
    let error = failure { () throws(SDPError) in _ = try RemoteParameters(offer: hold) }
    #expect(error?.reason == .holdconn && error?.line == 8)
  }

  @Test(arguments: allVectors.filter { $0.contains("offer") })
  func `the answer to a real offer has its sections in order and is accepted by it`(_ name: String) throws {
    let offer = try parse(try vector(name))
    let answer = try parse([UInt8](try self.answer(someLocal(), to: offer).utf8))
    let remote = try RemoteParameters(answer: answer, to: offer)
    #expect(remote.iceUfrag == someLocal().iceUfrag && remote.fingerprints == [somePrint])
    #expect(remote.dataMid == (try RemoteParameters(offer: offer).dataMid))
    #expect(answer.sections.map { answer.string($0.mid) } == offer.sections.map { offer.string($0.mid) })
    #expect(answer.sections.map { answer.string($0.formats) } == offer.sections.map { offer.string($0.formats) })
    for (index, section) in answer.sections.enumerated() {
      #expect(answer.string(section.protocolName) == offer.string(offer.sections[index].protocolName))
      #expect((section.port != 0) == (index == remote.dataSection))
    }
    #expect(answer.bundleGroups.map { $0.map { answer.string($0) } } == [[string(remote.dataMid)]])
  }

  @Test func `media sections are rejected in place, with nothing of ours in them`() throws {
    let text = try self.answer(someLocal(), to: try parse(try vector("firefox-media-offer")))
    #expect(
      text.contains(
        "m=audio 0 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:0\r\nm=video 0 "))
    #expect(text.contains("a=group:BUNDLE 2\r\n"))
  }

  @Test func `an offer without a BUNDLE group is answered without one, without a mid without one`() throws {
    let lines = string(try vector("chromium-data-offer")).components(separatedBy: "\r\n")
    let bare = lines.filter { !$0.hasPrefix("a=group") && !$0.hasPrefix("a=mid") }.joined(separator: "\r\n")
    let text = try self.answer(someLocal(), to: try parse([UInt8](bare.utf8)))
    #expect(!text.contains("a=group") && !text.contains("a=mid"))
  }

  @Test func `the old form is answered in the old form`() throws {
    let text = try self.answer(someLocal(), to: try parse(try vector("firefox-45-data-offer")))
    #expect(text.contains("m=application 9 DTLS/SCTP 5000\r\n"))
    #expect(text.contains("a=sctpmap:5000 webrtc-datachannel 65535\r\n") && !text.contains("sctp-port"))
  }

  @Test func `a tls-id is answered with ours, and only then`() throws {
    var local = someLocal()
    local.tlsID = [UInt8]("zzzzzzzzzzzzzzzzzzzz".utf8)
    let with = try self.offer(local)
    let without = try self.offer(someLocal())
    #expect(try self.answer(local, to: with).contains("a=tls-id:zzzz"))
    #expect(!(try self.answer(local, to: without).contains("tls-id")))
  }

  @Test func `only the first data section is accepted`() throws {
    let one = string(try self.offer(someLocal()).text)
    var second = someLocal()
    second.mid = [UInt8]("1".utf8)
    let other = string(try self.offer(second).text)
    let offer = try parse([UInt8]((one + other[other.range(of: "m=")!.lowerBound...]).utf8))
    let answer = try parse([UInt8](try self.answer(someLocal(), to: offer).utf8))
    #expect(answer.sections.map { $0.port } == [9, 0])
  }

  @Test func `an offer with nothing for us is an error, and can be rejected section by section`() throws {
    let offer = try parse(
      "v=0", "o=- 1 1 IN IP4 0.0.0.0", "a=group:BUNDLE a", "m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=mid:a",
      "m=application 9 UDP/BFCP *", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "m=application 9 DTLS/SCTP 5000",
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:z", "a=bundle-only")
    let error = failure { () throws(SDPError) in _ = try self.answer(someLocal(), to: offer) }
    #expect(error == SDPError.noData)
    let text = try written { (writer) throws(SDPError) in
      try OfferAnswer.writeRejection(of: offer, sessionID: 7, into: &writer)
    }
    let answer = try parse([UInt8](text.utf8))
    #expect(answer.sections.count == 5 && answer.sections.allSatisfy { $0.port == 0 })
    #expect(answer.bundleGroups.isEmpty)
  }

  @Test func `a data section without credentials or fingerprint is an error that names its line`() throws {
    func reason(without prefix: String) throws -> SDPError? {
      let lines = string(try vector("chromium-data-offer")).components(separatedBy: "\r\n")
      let offer = try parse([UInt8](lines.filter { !$0.hasPrefix(prefix) }.joined(separator: "\n").utf8))
      return failure { () throws(SDPError) in _ = try RemoteParameters(offer: offer) }
    }
    #expect(try reason(without: "a=ice-ufrag")?.reason == .missingICECredentials)
    #expect(try reason(without: "a=ice-pwd")?.reason == .missingICECredentials)
    #expect(try reason(without: "a=fingerprint")?.reason == .missingFingerprint)
    #expect(try reason(without: "a=fingerprint")?.line == 8)
    #expect(try reason(without: "a=sctp-port") == nil)
  }

  @Test func `an SCTP port of 0 closes the association`() throws {
    let text = string(try vector("chromium-data-offer")).replacingOccurrences(of: "sctp-port:5000", with: "sctp-port:0")
    let offer = try parse([UInt8](text.utf8))
    let error = failure { () throws(SDPError) in _ = try RemoteParameters(offer: offer) }
    #expect(error?.reason == .closedAssociation)
  }

  @Test func `a bundled section takes what it lacks from the first of its group`() throws {
    let print = "a=fingerprint:sha-1 " + Array(repeating: "0A", count: 20).joined(separator: ":")
    let offer = try parse(
      "v=0", "a=group:BUNDLE a d", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:a", "a=ice-ufrag:tagd",
      "a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-options:trickle", print, "a=setup:passive", "a=candidate:c1",
      "a=end-of-candidates", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "a=bundle-only", "a=sctp-port:9")
    let remote = try RemoteParameters(offer: offer)
    #expect(string(remote.iceUfrag) == "tagd" && remote.iceOptions == .trickle && remote.localSetup == .active)
    #expect(remote.fingerprints.count == 1 && remote.candidates.map { string($0) } == ["c1"] && remote.endOfCandidates)
  }

  @Test func `candidates of another user name fragment are not taken`() throws {
    let print = "a=fingerprint:sha-1 " + Array(repeating: "0A", count: 20).joined(separator: ":")
    let offer = try parse(
      "v=0", print, "a=ice-pwd:abcdefghijklmnopqrstuv", "a=group:BUNDLE a d", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:a",
      "a=ice-ufrag:tagd", "a=candidate:c1", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "a=ice-ufrag:mine")
    let remote = try RemoteParameters(offer: offer)
    #expect(string(remote.iceUfrag) == "mine" && remote.candidates.isEmpty)
  }

  @Test func `an answer that does not fit the offer is refused`() throws {
    let offer = try self.offer(someLocal())
    let good = try self.answer(someLocal(), to: offer)
    func reason(_ from: String, _ to: String, offered: SessionDescription? = nil) -> SDPError.Reason? {
      let text = good.replacingOccurrences(of: from, with: to)
      return failure { () throws(SDPError) in
        _ = try RemoteParameters(answer: try parse([UInt8](text.utf8)), to: offered ?? offer)
      }?.reason
    }
    #expect(reason("", "") == nil)
    #expect(reason("a=mid:0\r\n", "") == nil)
    #expect(reason("m=application 9", "m=application 0") == .sectionRejected)
    #expect(reason("m=application 9", "m=audio 9 RTP/AVP 0\r\nm=application 9") == .sectionCountDiffers)
    #expect(reason("m=application", "m=audio") == .sectionDiffers)
    #expect(reason("UDP/DTLS/SCTP", "TCP/DTLS/SCTP") == .sectionDiffers)
    #expect(reason("a=mid:0", "a=mid:1") == .sectionDiffers)
    #expect(reason("webrtc-datachannel", "else") == .sectionDiffers)
    #expect(reason("a=setup:active", "a=setup:actpass") == .setupNotDecided)
    #expect(reason("a=setup:active", "a=setup:holdconn") == .holdconn)
    #expect(reason("a=setup:active\r\n", "") == .missingSetup)
    #expect(reason("a=setup:active", "a=setup:active", offered: try self.offer(someLocal(setup: .active))) == .setupConflicts)
    #expect(reason("a=setup:active", "a=setup:passive", offered: try self.offer(someLocal(setup: .passive))) == .setupConflicts)
    #expect(reason("a=sctp-port:5000", "a=sctp-port:0") == .closedAssociation)
    #expect(reason("a=ice-ufrag:aB3+\r\n", "") == .missingICECredentials)
    #expect(reason("a=fingerprint:sha-256", "a=fingerprint:sha-3") == .missingFingerprint)
  }

  @Test func `ice-lite is noticed`() throws {
    let text = string(try vector("chromium-data-answer")).replacingOccurrences(of: "t=0 0\r\n", with: "t=0 0\r\na=ice-lite\r\n")
    let remote = try RemoteParameters(answer: try parse([UInt8](text.utf8)), to: try parse(try vector("chromium-data-offer")))
    #expect(remote.isICELite && remote.localSetup == .passive)
  }

  @Test func `local parameters that would break the text are refused`() throws {
    var count = 0
    func refused(_ change: (inout LocalParameters) -> Void) -> Bool {
      var local = someLocal()
      change(&local)
      count += 1
      return failure { () throws(SDPError) in _ = try self.offer(local) }?.reason == .invalidLocalParameters
    }
    #expect(refused { $0.iceUfrag = [UInt8]("abc".utf8) })
    #expect(refused { $0.iceUfrag = [UInt8]("ab\r\ncd".utf8) })
    #expect(refused { $0.icePassword = [UInt8]("short".utf8) })
    #expect(refused { $0.fingerprints = [] })
    #expect(refused { $0.fingerprints = [Fingerprint(algorithm: .sha256, bytes: [1])] })
    #expect(refused { $0.setup = .holdconn })
    #expect(refused { $0.sctpPort = 0 })
    #expect(refused { $0.candidates = [[UInt8]("1\na=x".utf8)] })
    #expect(refused { $0.candidates = [[]] })
    #expect(refused { $0.mid = [] })
    #expect(refused { $0.mid = [UInt8]("a b".utf8) })
    #expect(refused { $0.tlsID = [UInt8]("short".utf8) })
    #expect(count == 12)
  }

  @Test func `a buffer of any size too small leaves the writer as it was`() throws {
    let local = someLocal()
    let offer = try self.offer(local)
    for room in 0..<offer.text.count {
      var buffer = [UInt8](repeating: 0, count: room + 5)
      var writer = SpanWriter(buffer.mutableSpan, at: 5)
      var reasons: [SDPError.Reason] = []
      do throws(SDPError) { try OfferAnswer.writeOffer(local, into: &writer) } catch { reasons.append(error.reason) }
      let count = writer.count, overflowed = writer.overflowed
      #expect(reasons == [.noRoom] && count == 5 && !overflowed)
    }
    let exact = try bytesWritten(room: offer.text.count) { (writer) throws(SDPError) in
      try OfferAnswer.writeOffer(local, into: &writer)
    }
    #expect(exact == offer.text)
  }
}

extension SDPError {
  /// The error for an offer without a data section: no line is at fault.
  static var noData: SDPError? {
    failure { () throws(SDPError) in _ = try RemoteParameters(offer: try parse("v=0")) }
  }
}
