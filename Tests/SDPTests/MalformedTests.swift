import Bytes
import SDP
import Testing

@Suite struct MalformedTests {
  /// Lines put behind a first line "v=0", the reason, and the line at fault.
  static let cases: [([String], SDPError.Reason, Int)] = [
    (["hello"], .notALine, 2),
    (["a"], .notALine, 2),
    (["=x"], .notALine, 2),
    (["A=x"], .notALine, 2),
    (["a=x\u{0}y"], .controlCharacter, 2),
    (["a=x\ry"], .controlCharacter, 2),
    (["o=- 1 2 IN IP4"], .malformedOrigin, 2),
    (["s=-", "a=group:"], .malformedGroup, 3),
    (["a=group:BUNDLE a(b"], .malformedGroup, 2),
    (["m=audio 9 RTP/AVP"], .malformedMediaLine, 2),
    (["m=audio"], .malformedMediaLine, 2),
    (["m=aud(io 9 RTP/AVP 0"], .malformedMediaLine, 2),
    (["m=audio x RTP/AVP 0"], .malformedPort, 2),
    (["m=audio 65536 RTP/AVP 0"], .malformedPort, 2),
    (["m=audio -1 RTP/AVP 0"], .malformedPort, 2),
    (["m=audio 99999999999999999999999 RTP/AVP 0"], .malformedPort, 2),
    (["m=audio 9 RTP/AVP 0", "a=mid:"], .malformedMid, 3),
    (["m=audio 9 RTP/AVP 0", "a=mid:a b"], .malformedMid, 3),
    (["m=audio 9 RTP/AVP 0", "a=mid:a", "a=mid:b"], .conflictingAttribute, 4),
    (["m=audio 9 RTP/AVP 0", "a=mid:a", "m=video 9 RTP/AVP 1", "a=mid:a"], .duplicateMid, 5),
    (["a=ice-ufrag:abc"], .malformedICEUfrag, 2),
    (["a=ice-ufrag"], .malformedICEUfrag, 2),
    (["a=ice-ufrag:ab cd"], .malformedICEUfrag, 2),
    (["a=ice-ufrag:" + String(repeating: "a", count: 257)], .malformedICEUfrag, 2),
    (["a=ice-ufrag:abcd", "a=ice-ufrag:abce"], .conflictingAttribute, 3),
    (["a=ice-pwd:abcdefghijklmnopqrstu"], .malformedICEPassword, 2),
    (["a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-pwd:abcdefghijklmnopqrstuw"], .conflictingAttribute, 3),
    (["a=fingerprint:sha-256"], .malformedFingerprint, 2),
    (["a=fingerprint:"], .malformedFingerprint, 2),
    (["a=fingerprint:sha-256 0G"], .fingerprintNotHexadecimal, 2),
    (["a=fingerprint:sha-256 00:"], .fingerprintNotHexadecimal, 2),
    (["a=fingerprint:sha-256 000:11"], .fingerprintNotHexadecimal, 2),
    (["a=fingerprint:sha-256 00:11"], .fingerprintOfWrongLength, 2),
    (["a=fingerprint:sha-1 " + Array(repeating: "00", count: 21).joined(separator: ":")], .fingerprintOfWrongLength, 2),
    (["a=setup:both"], .malformedSetup, 2),
    (["a=setup:active", "a=setup:passive"], .conflictingAttribute, 3),
    (["a=sendrecv", "a=inactive"], .conflictingAttribute, 3),
    (["m=application 9 x y", "a=sctp-port:65536"], .malformedSCTPPort, 3),
    (["m=application 9 x y", "a=sctp-port:"], .malformedSCTPPort, 3),
    (["m=application 9 x y", "a=sctp-port:1", "a=sctp-port:2"], .conflictingAttribute, 4),
    (["m=application 9 x y", "a=sctpmap:x webrtc-datachannel"], .malformedSCTPMap, 3),
    (["m=application 9 x y", "a=sctpmap:5000"], .malformedSCTPMap, 3),
    (["m=application 9 x y", "a=max-message-size:1k"], .malformedMaximumMessageSize, 3),
    (["m=application 9 x y", "a=max-message-size:1", "a=max-message-size:2"], .conflictingAttribute, 4),
  ]

  @Test(arguments: cases.indices) func `what is wrong is told, and on which line`(_ index: Int) {
    let (lines, reason, line) = Self.cases[index]
    let bytes = [UInt8]((["v=0"] + lines).joined(separator: "\r\n").utf8)
    let error = failure { () throws(SDPError) in _ = try parse(bytes) }
    #expect(error?.reason == reason)
    #expect(error?.line == line)
  }

  @Test func `what does not begin with version 0 is not a description`() {
    for text in ["", "\r\n", "s=-\n", "v=1\n", "v=\n", "a=mid:0\nv=0\n"] {
      let error = failure { () throws(SDPError) in _ = try parse([UInt8](text.utf8)) }
      #expect(error?.reason == .missingVersion)
    }
  }

  @Test func `every reason has a phrase of its own`() {
    let phrases = Set(Self.cases.map { "\($0.1.description)" })
    #expect(phrases.count == Set(Self.cases.map { "\($0.1)" }).count)
    #expect("\(SDPError.Reason.fingerprintNotHexadecimal.description)" == "fingerprint is not hexadecimal")
  }

  @Test func `each limit is exact`() throws {
    func check(_ text: String, _ reason: SDPError.Reason, _ narrow: (inout SessionDescription.Limits, Int) -> Void, _ exact: Int) {
      var limits = SessionDescription.Limits()
      narrow(&limits, exact)
      let taken = failure { () throws(SDPError) in _ = try parse([UInt8](text.utf8), limits: limits) }
      #expect(taken == nil)
      narrow(&limits, exact - 1)
      let refused = failure { () throws(SDPError) in _ = try parse([UInt8](text.utf8), limits: limits) }
      #expect(refused?.reason == reason)
    }
    let print = { (n: UInt8) in "a=fingerprint:sha-1 " + Array(repeating: "0\(n)", count: 20).joined(separator: ":") + "\n" }
    check("v=0\ns=12345\n", .tooLarge, { $0.size = $1 }, 12)
    check("v=0\ns=12345\r\n", .lineTooLong, { $0.lineLength = $1 }, 7)
    check("v=0\nm=a 9 b c\nm=a 9 b c\n", .tooManySections, { $0.sections = $1 }, 2)
    check("v=0\nm=a 9 b c\na=x\na=y\n", .tooManyLines, { $0.linesPerSection = $1 }, 3)
    check("v=0\na=x\na=y\nm=a 9 b c\n", .tooManyLines, { $0.linesPerSection = $1 }, 3)
    check("v=0\nm=a 9 b c\na=candidate:1\na=candidate:2\n", .tooManyCandidates, { $0.candidatesPerSection = $1 }, 2)
    check("v=0\n" + print(1) + print(2) + print(2), .tooManyFingerprints, { $0.fingerprints = $1 }, 2)
  }

  @Test(arguments: allVectors + mediaOffers + mediaAnswers) func `a description cut off anywhere is taken or refused, never a trap`(_ name: String) throws {
    let bytes = try vector(name)
    for count in stride(from: 0, to: bytes.count, by: bytes.count > 2_000 ? 61 : 1) {
      exercise(Array(bytes[..<count]), andMedia: count % 53 == 0)
    }
  }

  @Test(arguments: ["chromium-data-offer", "firefox-45-data-offer", "gstreamer-media-offer", "aiortc-media-offer"])
  func `a description with any byte changed is taken or refused, never a trap`(_ name: String) throws {
    let bytes = try vector(name)
    for index in stride(from: 0, to: bytes.count, by: bytes.count > 2_000 ? 31 : 1) {
      for value: UInt8 in [0, 0x0a, 0x20, 0x3a, 0x30, 0xff, bytes[index] ^ 0x20] {
        var changed = bytes
        changed[index] = value
        exercise(changed, andMedia: (index &+ Int(value)) % 41 == 0)
      }
    }
  }

  /// Whatever parses is written to the same, and its answer, if there is one, is one that the offerer accepts. Media takes longer
  /// to tell, and is told of some.
  private func exercise(_ bytes: [UInt8], andMedia: Bool) {
    let local = someLocal()
    guard let offer = try? parse(bytes) else { return }
    if andMedia { exerciseMedia(offer) }
    let again = try? bytesWritten { (writer) throws(SDPError) in offer.write(into: &writer) }
    #expect(again.flatMap { try? parse($0) } == offer)
    let answer = try? bytesWritten { (writer) throws(SDPError) in
      try OfferAnswer.writeAnswer(local, to: offer, into: &writer)
    }
    guard let answer else { return }
    let error = failure { () throws(SDPError) in _ = try RemoteParameters(answer: try parse(answer), to: offer) }
    #expect(error == nil)
  }
}
