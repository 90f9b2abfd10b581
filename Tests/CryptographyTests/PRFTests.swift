import Bytes
import Cryptography
import Testing

@Suite struct PRFTests {
  /// The vectors that circulate for TLS 1.2's PRF (IETF TLS list, 2009).
  @Test(arguments: [
    (
      PRF.sha256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
      "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
    ),
    (
      .sha384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
      "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f"
    ),
  ])
  func `matches the published vectors, whole, cut, and with the seed in two parts`(
    prf: PRF, secret: String, seed: String, expected: String
  ) {
    let secret = bytes(secret), seed = bytes(seed)
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
