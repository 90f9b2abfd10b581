import Bytes
import STUN
import Testing

func textOf(_ ip: IPAddress) -> String {
  var buffer = [UInt8](repeating: 0, count: 64)
  var writer = SpanWriter(buffer.mutableSpan)
  ip.write(into: &writer)
  let count = writer.count
  return String(decoding: buffer[0..<count], as: UTF8.self)
}

func parse(_ text: String) throws(WireError) -> IPAddress { try IPAddress(text: Array(text.utf8).span) }

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.1.200.3", "10.1.200.3"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
    // RFC 5952 section 4
    ("2001:0db8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"), ("0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("::ffff:192.0.2.33", "192.0.2.33"), ("::ffff:c000:221", "192.0.2.33"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
  ])
  func `text is read and written canonically`(_ text: String, _ canonical: String) throws {
    let ip = try parse(text)
    #expect(textOf(ip) == canonical)
    #expect(try parse(canonical) == ip)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1..3.4", "1.2.3.4 ",
    "1.2.3.1234", ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "fe80::1%eth0", "[::1]",
    "::ffff:1.2.3.400", "a.b.c.d",
  ])
  func `text that is no address is refused`(_ text: String) {
    #expect(throws: WireError.self) { try parse(text) }
  }

  @Test func `kinds of address are told apart`() throws {
    for text in ["127.0.0.1", "127.9.9.9", "::1"] { #expect(try parse(text).isLoopback) }
    for text in ["169.254.1.1", "fe80::1", "febf::1"] { #expect(try parse(text).isLinkLocal) }
    for text in ["0.0.0.0", "::"] { #expect(try parse(text).isAny) }
    for text in ["224.0.0.1", "239.1.1.1", "ff02::1"] { #expect(try parse(text).isMulticast) }
    for text in ["192.0.2.1", "2001:db8::1", "fec0::1", "128.0.0.1", "::2"] {
      let ip = try parse(text)
      #expect(!ip.isLoopback && !ip.isLinkLocal && !ip.isAny && !ip.isMulticast)
    }
    #expect(IPAddress.anyV4.isV4 && IPAddress.anyV6.isV6)
  }

  @Test func `bytes make addresses, four or sixteen of them`() throws {
    let sixteen: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
    let ofsixteen = IPAddress(bytes: sixteen.span)
    #expect(ofsixteen == (try parse("2001:db8::9")))
    let four: [UInt8] = [1, 2, 3, 4]
    let offour = IPAddress(bytes: four.span)
    #expect(offour == IPAddress(1, 2, 3, 4))
    let five: [UInt8] = [1, 2, 3, 4, 5]
    let offive = IPAddress(bytes: five.span)
    #expect(offive == nil)
    let ip = try parse("2001:db8::9")
    #expect((0..<16).map { ip[$0] } == sixteen)
  }
}
