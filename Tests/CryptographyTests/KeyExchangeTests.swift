import Bytes
import Cryptography
import Testing
import Time

@Suite struct KeyExchangeTests {
  @Test(arguments: [KeyExchange.Group.x25519, .secp256r1])
  func `two sides agree, the same seed draws the same key`(group: KeyExchange.Group) throws {
    var random = SeededRandom(seed: .init(1)), again = SeededRandom(seed: .init(1))
    let a = try KeyExchange(group, random: &random), b = try KeyExchange(group, random: &random)
    let repeated = try KeyExchange(group, random: &again)
    let keyA = arrayCopy(a.publicKey), keyB = arrayCopy(b.publicKey), keyRepeated = arrayCopy(repeated.publicKey)
    let one = hexadecimal(try secret(a, keyB)), other = hexadecimal(try secret(b, keyA))
    #expect(one == other)
    #expect(keyA != keyB && keyA == keyRepeated && keyA.count == group.publicKeyLength)
  }

  private func secret(_ exchange: KeyExchange, _ peer: [UInt8]) throws -> [UInt8] {
    let secret = try exchange.sharedSecret(with: peer.span)
    return arrayCopy(secret.span)
  }

  private func exchange(_ group: KeyExchange.Group, _ privateKey: String) throws -> KeyExchange {
    let key = bytes(privateKey)
    return try KeyExchange(group, privateKey: InlineArray { key[$0] })
  }

  @Test func `X25519 matches RFC 7748 section 5.2`() throws {
    let first = try exchange(.x25519, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    let shared = hexadecimal(
      try secret(first, bytes("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")))
    #expect(shared == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    // The iteration from the base point, whose first step also shows how public keys are made.
    let nine = "0900000000000000000000000000000000000000000000000000000000000000"
    let step = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
    #expect(hexadecimal(arrayCopy(try exchange(.x25519, nine).publicKey)) == step)
    var scalar = bytes(nine), point = bytes(nine)
    for count in 1...1000 {
      let next = try secret(try exchange(.x25519, hexadecimal(scalar)), point)
      point = scalar
      scalar = next
      if count == 1 { #expect(hexadecimal(scalar) == step) }
    }
    #expect(hexadecimal(scalar) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
  }

  @Test func `X25519 ignores the top bit and takes numbers that are not reduced`() throws {
    let key = try exchange(.x25519, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    // 9 and p + 9, with and without the top bit.
    let plain = "0900000000000000000000000000000000000000000000000000000000000000"
    let top = "0900000000000000000000000000000000000000000000000000000000000080"
    let large = "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
    let expected = hexadecimal(arrayCopy(key.publicKey))
    #expect(hexadecimal(try secret(key, bytes(plain))) == expected)
    #expect(hexadecimal(try secret(key, bytes(top))) == expected)
    #expect(hexadecimal(try secret(key, bytes(large))) == expected)
  }

  @Test func `P-256 matches RFC 5903 section 8.1`() throws {
    let i = try exchange(.secp256r1, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")
    let x = "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
    let y = "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
    let key = hexadecimal(arrayCopy(i.publicKey))
    #expect(key == "04" + x + y)
    let peer =
      "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
      + "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
    let shared = hexadecimal(try secret(i, bytes(peer)))
    #expect(shared == "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de")
  }

  @Test func `X25519 refuses points of small order and wrong lengths`() throws {
    var random = SeededRandom(seed: .init(1))
    let exchange = try KeyExchange(.x25519, random: &random)
    let small = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]
    for point in small.map(bytes) + [[], [UInt8](repeating: 9, count: 31), [UInt8](repeating: 9, count: 33)] {
      #expect(throws: CryptographyError.rejected) { _ = try secret(exchange, point) }
    }
  }

  @Test func `P-256 refuses points off the curve, infinity, compressed points and wrong lengths`() throws {
    var random = SeededRandom(seed: .init(1))
    let exchange = try KeyExchange(.secp256r1, random: &random)
    let good = arrayCopy(try KeyExchange(.secp256r1, random: &random).publicKey)
    var off = good
    off[64] ^= 1
    var large = good
    for i in 1...32 { large[i] = 0xFF }
    let compressed = [2 + (good[64] & 1)] + good[1...32]
    for point in [off, large, compressed, [0], [], Array(good.dropLast()), good + [0], [UInt8](repeating: 0, count: 65)] {
      #expect(throws: CryptographyError.rejected) { _ = try secret(exchange, point) }
    }
  }
}
