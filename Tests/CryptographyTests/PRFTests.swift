import Bytes
import Cryptography
import Testing

@Suite struct PRFTests {
  @Test(arguments: vectors("tls12-prf"))
  func `the published vectors of TLS 1.2's PRF come out, whole, cut, and with the seed in two parts`(
    vector: [String: String]
  ) throws {
    let prf: PRF = vector["hash"] == "sha384" ? .sha384 : .sha256
    let expected = try #require(vector["output"])
    let secret = bytes(try #require(vector["secret"])), seed = bytes(try #require(vector["seed"]))
    for (length, split) in [(expected.count / 2, 0), (40, 5), (1, 16), (0, 0)] {
      var output = [UInt8](repeating: 0, count: length)
      var span = output.mutableSpan
      prf.derive(
        secret: secret.span, label: "test label", seed: seed.span.extracting(0..<split),
        seed.span.extracting(split..<seed.count), into: &span)
      #expect(hexadecimal(output) == expected.prefix(2 * length))
    }
  }

  @Test func `SHA-384, SHA-512 and SHA-1 match FIPS 180-4's abc, in two parts too`() {
    let a = Array("a".utf8), bc = Array("bc".utf8), abc = Array("abc".utf8)
    let sha1 = hexadecimal(arrayCopy(Hash.sha1(abc.span).span))
    let sha384 = hexadecimal(arrayCopy(Hash.sha384(a.span, bc.span).span))
    let sha512 = hexadecimal(arrayCopy(Hash.sha512(a.span, bc.span).span))
    #expect(sha1 == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(sha384 == "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")
    #expect(
      sha512
        == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
  }
}
