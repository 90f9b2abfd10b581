import Bytes
import SDP
import Testing

@Suite struct TrickleFragmentTests {
  func fragment(_ text: String) throws(SDPError) -> TrickleFragment {
    let bytes = [UInt8](text.utf8)
    return try TrickleFragment(parsing: bytes.span)
  }

  /// RFC 8840 section 4.4, figure 7, shortened.
  let figure7 = """
    a=ice-pwd:asd88fgpdd777uzjYhagZg\r
    a=ice-ufrag:8hhY\r
    m=audio 9 RTP/AVP 0\r
    a=mid:1\r
    a=candidate:1 1 UDP 2130706432 2001:db8:a0b:12f0::1 5000 typ host\r
    a=candidate:2 2 UDP 1694498815 192.0.2.3 5011 typ srflx raddr 192.0.2.1 rport 8998\r
    a=end-of-candidates\r
    m=audio 9 RTP/AVP 0\r
    a=mid:2\r
    a=candidate:1 1 UDP 2130706432 2001:db8:a0b:12f0::1 6000 typ host\r

    """

  @Test func `the RFC's example is understood`() throws {
    let parsed = try self.fragment(self.figure7)
    #expect(string(parsed.iceUfrag) == "8hhY" && string(parsed.icePassword) == "asd88fgpdd777uzjYhagZg")
    #expect(!parsed.endOfCandidates)
    #expect(parsed.sections.map { string($0.mid) } == ["1", "2"])
    #expect(parsed.sections.map(\.candidates.count) == [2, 1])
    #expect(parsed.sections.map(\.endOfCandidates) == [true, false])
    #expect(string(parsed.sections[1].candidates[0]) == "1 1 UDP 2130706432 2001:db8:a0b:12f0::1 6000 typ host")
  }

  @Test func `what was written parses to the same`() throws {
    var fragment = try self.fragment(self.figure7)
    fragment.endOfCandidates = true
    fragment.sections[1].iceUfrag = [UInt8]("own1".utf8)
    fragment.sections[1].icePassword = [UInt8]("abcdefghijklmnopqrstuv".utf8)
    let text = try written { (writer) throws(SDPError) in try fragment.write(into: &writer) }
    #expect(try self.fragment(text) == fragment)
    #expect(text.hasPrefix("a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=end-of-candidates\r\nm="))
  }

  @Test func `candidates without a section are kept, and attributes are known in any case of letters`() throws {
    let parsed = try self.fragment("a=ICE-UFRAG:abcd\na=Candidate:1 1 udp 1 192.0.2.1 1 typ host\na=END-of-candidates\n")
    #expect(parsed.sections.map(\.candidates.count) == [1])
    #expect(parsed.sections[0].mid.isEmpty && parsed.endOfCandidates)
  }

  @Test func `an empty candidate and one of absurd length are left out`() throws {
    let long = String(repeating: "x", count: 1025)
    let parsed = try self.fragment("m=x 9 y z\na=candidate:\na=candidate\na=candidate:\(long)\na=candidate:1\n")
    #expect(parsed.sections[0].candidates.map { string($0) } == ["1"])
  }

  @Test func `an empty fragment says nothing, a whole description says what it says`() throws {
    #expect(try self.fragment("") == TrickleFragment())
    let bytes = try vector("chromium-data-offer")
    let parsed = try TrickleFragment(parsing: bytes.span)
    #expect(parsed.sections.map(\.candidates.count) == [2])
    #expect(string(parsed.sections[0].iceUfrag) == "1jvj")
  }

  @Test func `a malformed fragment is refused with its line`() throws {
    let error = failure { () throws(SDPError) in _ = try self.fragment("a=ice-ufrag:abcd\r\nm=audio 9\r\n") }
    #expect(error?.reason == .malformedMediaLine && error?.line == 2)
    #expect(failure { () throws(SDPError) in _ = try self.fragment("a=ice-pwd:x") }?.reason == .malformedICEPassword)
    #expect(failure { () throws(SDPError) in _ = try self.fragment("hello") }?.reason == .notALine)
  }

  @Test func `a fragment that would break its lines is not written, nor one without room`() throws {
    var fragment = try self.fragment(self.figure7)
    let size = try bytesWritten { (writer) throws(SDPError) in try fragment.write(into: &writer) }.count
    let small = failure { () throws(SDPError) in
      _ = try bytesWritten(room: size - 1) { (writer) throws(SDPError) in try fragment.write(into: &writer) }
    }
    #expect(small?.reason == .noRoom)
    fragment.sections[0].candidates.append([UInt8]("1\r\na=setup:active".utf8))
    let broken = failure { () throws(SDPError) in
      _ = try bytesWritten { (writer) throws(SDPError) in try fragment.write(into: &writer) }
    }
    #expect(broken?.reason == .invalidLocalParameters)
  }

  @Test func `a fragment cut off anywhere is taken or refused, never a trap`() {
    let bytes = [UInt8](self.figure7.utf8)
    for count in 0...bytes.count {
      guard let parsed = try? self.fragment(string(Array(bytes[..<count]))) else { continue }
      let again = try? written { (writer) throws(SDPError) in try parsed.write(into: &writer) }
      #expect(again.flatMap { try? self.fragment($0) } == parsed)
    }
  }
}
