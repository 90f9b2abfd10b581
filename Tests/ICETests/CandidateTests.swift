import Bytes
import ICE
import STUN
import Testing

func parseCandidate(_ text: String) throws(WireError) -> ParsedCandidate { try ParsedCandidate(parsing: Array(text.utf8).span) }

func textOf(_ candidate: Candidate) -> String {
  var buffer = [UInt8](repeating: 0, count: 300)
  var writer = SpanWriter(buffer.mutableSpan)
  candidate.write(into: &writer)
  let count = writer.count
  return String(decoding: buffer[0..<count], as: UTF8.self)
}

@Suite struct CandidateTests {
  @Test(arguments: [
    "candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host",
    "candidate:1853887674 1 udp 1518280447 47.61.61.61 36768 typ srflx raddr 192.168.0.196 rport 36768",
    "candidate:a+/Z09 1 udp 1 2001:db8::1 1 typ relay raddr :: rport 0",
    "candidate:12345678901234567890123456789012 1 udp 2147483647 fe80::1 65535 typ prflx",
  ])
  func `a candidate is written as it was read`(_ text: String) throws {
    guard case .candidate(let candidate) = try parseCandidate(text) else {
      Issue.record("not a candidate")
      return
    }
    #expect(textOf(candidate) == text)
    for variant in ["a=\(text)\r\n", String(text.dropFirst(10)), "\(text) generation 0 ufrag EEtu network-id 3 network-cost 10", text.replacing(" udp ", with: "  UDP ")] {
      #expect(try parseCandidate(variant) == .candidate(candidate))
    }
  }

  @Test func `what a browser hides behind a name can be resolved and completed`() throws {
    let text = "candidate:2999745851 1 udp 2113937151 4a1b2c3d-0000-4000-8000-1234567890ab.local 54321 typ host generation 0"
    guard case .hostname(let hidden) = try parseCandidate(text) else {
      Issue.record("not a name")
      return
    }
    #expect(String(decoding: hidden.name, as: UTF8.self) == "4a1b2c3d-0000-4000-8000-1234567890ab.local")
    let candidate = hidden.resolved(to: IPAddress(10, 0, 0, 7))
    #expect(candidate.address == address("10.0.0.7", 54321) && candidate.base == candidate.address)
    #expect(candidate.kind == .host && candidate.priority == 2113937151)
  }

  @Test(arguments: [
    "candidate:1 1 tcp 2105458943 192.168.0.196 9 typ host tcptype active",
    "candidate:1 2 udp 2122260222 192.168.0.196 46244 typ host",
    "candidate:1 1 udp 2122260223 192.168.0.196 46243 typ teleport",
    "candidate:1 1 udp 2122260223 192.168.0.196 0 typ host",
    "candidate:1 1 TCP 1 4a1b.local 9 typ host tcptype active",
  ])
  func `what is of no use is told apart from what is wrong`(_ text: String) throws {
    #expect(try parseCandidate(text) == .unsupported)
  }

  @Test(arguments: [
    "", "candidate:", "candidate:1", "candidate:1 1 udp 1 1.2.3.4 5", "candidate:1 1 udp 1 1.2.3.4 5 typ",
    "candidate:1 1 udp 1 1.2.3.4 5 host typ", "candidate:1 0 udp 1 1.2.3.4 5 typ host",
    "candidate:1 257 udp 1 1.2.3.4 5 typ host", "candidate:1 1 udp 0 1.2.3.4 5 typ host",
    "candidate:1 1 udp 4294967296 1.2.3.4 5 typ host", "candidate:1 1 udp 1 1.2.3.4 65536 typ host",
    "candidate:1 1 udp 1 1.2.3.256 5 typ host", "candidate:1 1 udp 1 ::1::2 5 typ host",
    "candidate:1 1 udp -1 1.2.3.4 5 typ host", "candidate:1 1 udp 1 1.2.3.4 5 typ srflx raddr 1.2.3.4 rport x",
    "candidate:123456789012345678901234567890123 1 udp 1 1.2.3.4 5 typ host",
    "candidate:1_ 1 udp 1 1.2.3.4 5 typ host", "candidate:1 1 udp 1 bad$name 5 typ host",
  ])
  func `what is wrong is refused`(_ text: String) {
    #expect(throws: WireError.self) { try parseCandidate(text) }
  }

  @Test func `a priority beyond 2^31-1 is taken as that, and a hidden related address as none`() throws {
    guard case .candidate(let candidate) = try parseCandidate(
      "1 1 udp 4294967295 1.2.3.4 5 typ srflx raddr hidden.local rport 5")
    else {
      Issue.record("not a candidate")
      return
    }
    #expect(candidate.priority == 0x7fff_ffff && candidate.relatedAddress == nil)
  }

  @Test func `priorities follow RFC 8445's formula`() {
    #expect(Candidate.priority(kind: .host, localPreference: 65535) == 2_130_706_431)
    #expect(Candidate.priority(kind: .serverReflexive, localPreference: 65535) == 1_694_498_815)
    #expect(Candidate.priority(kind: .relayed, localPreference: 0, component: 256) == 0)
  }

  @Test func `foundations are numbers or text, and are compared whole`() {
    let tooLong = [UInt8](repeating: 0x41, count: 33), empty: [UInt8] = []
    #expect(Foundation(text: tooLong.span) == nil && Foundation(text: empty.span) == nil)
    for number in [0, 9, 10, 4_294_967_295] as [UInt32] {
      let text = Array(String(number).utf8)
      let same = Foundation(text: text.span) == Foundation(number)
      #expect(same)
    }
    var a = [UInt8](repeating: 0x41, count: 32)
    let first = Foundation(text: a.span)
    a[31] = 0x42
    let second = Foundation(text: a.span)
    #expect(first != second)
  }

  @Test func `credentials have bounds and characters`() {
    let good = [UInt8](repeating: 0x61, count: 22)
    #expect(Credentials(ufrag: [0x61, 0x61, 0x61], password: good) == nil)
    #expect(Credentials(ufrag: good, password: Array(good.dropLast())) == nil)
    #expect(Credentials(ufrag: good, password: [UInt8](repeating: 0x61, count: 257)) == nil)
    #expect(Credentials(ufrag: Array("a:bc".utf8), password: good) == nil)
    #expect(Credentials(ufrag: [UInt8](repeating: 0x61, count: 256), password: good) != nil)
  }
}
