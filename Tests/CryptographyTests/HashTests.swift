import Bytes
import Cryptography
import Testing

@Suite struct HashTests {
  @Test func `HMAC-SHA1 matches RFC 2202 case 2, in two parts`() {
    let key = Array("Jefe".utf8), first = Array("what do ya want ".utf8), second = Array("for nothing?".utf8)
    let tag = HMAC.sha1(key: key.span, first.span, second.span)
    #expect(hex(tag.span) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
  }

  @Test func `HMAC-SHA256 matches RFC 4231 case 6, with a key longer than a block`() {
    let key = [UInt8](repeating: 0xaa, count: 131)
    let message = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
    let tag = HMAC.sha256(key: key.span, message.span, [UInt8]().span)
    #expect(hex(tag.span) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test(arguments: vectors("rfc5869-hkdf"))
  func `HMAC-SHA256 gives the keys of RFC 5869 appendix A`(vector: [String: String]) throws {
    let (salt, ikm, info) = (
      bytes(try #require(vector["salt"])), bytes(try #require(vector["ikm"])), bytes(try #require(vector["info"]))
    )
    let key = arrayCopy(HMAC.sha256(key: salt.span, ikm.span, Span()).span)
    #expect(hexadecimal(key) == vector["prk"])
    // RFC 5869 section 2.3.
    var (output, block) = ([UInt8](), [UInt8]())
    let expected = try #require(vector["okm"])
    for number in UInt8(1)... where output.count < expected.count / 2 {
      block = arrayCopy(HMAC.sha256(key: key.span, (block + info).span, [number].span).span)
      output += block
      guard output.count < expected.count / 2 else { break }
    }
    #expect(hexadecimal(output.prefix(expected.count / 2)) == expected)
  }

  @Test func `SHA-256 matches FIPS 180-4's abc`() {
    let digest = Hash.sha256(Array("abc".utf8).span)
    #expect(hex(digest.span) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}

func hex(_ bytes: Span<UInt8>) -> String {
  arrayCopy(bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
