import Bytes
import CMbedTLSPeer
import Cryptography
import Testing
import Time

@Suite struct AEADTests {
  struct Vector: Sendable {
    var algorithm: AEAD.Algorithm
    var key, nonce, header, plaintext, ciphertext, tag: String
  }

  static let vectors: [Vector] = [
    // The GCM specification's test case 4 (AES-128) and 16 (AES-256).
    Vector(
      algorithm: .aes128GCM, key: "feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
      header: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      ciphertext: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
      tag: "5bc94fbc3221a5db94fae95ae7121a47"),
    Vector(
      algorithm: .aes256GCM, key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      nonce: "cafebabefacedbaddecaf888", header: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
      tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    // RFC 8439 section 2.8.2.
    Vector(
      algorithm: .chaCha20Poly1305, key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      nonce: "070000004041424344454647", header: "50515253c0c1c2c3c4c5c6c7",
      plaintext: hex(
        Array("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.".utf8).span),
      ciphertext: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
      tag: "1ae10b594f09e26a7e902ecbd0600691"),
  ]

  @Test(arguments: AEADTests.vectors)
  func `published vectors seal and open in place, and a fork does the same`(vector: Vector) throws {
    let key = bytes(vector.key), header = bytes(vector.header), plaintext = bytes(vector.plaintext)
    let nonceBytes = bytes(vector.nonce)
    let nonce: AEAD.Nonce = InlineArray { nonceBytes[$0] }
    var original = try AEAD(vector.algorithm, key: key.span)
    var fork = try original.fork()
    let range = 3..<(3 + plaintext.count)
    var buffer = [9, 9, 9] + plaintext + [UInt8](repeating: 0, count: 17)
    var copy = buffer
    var span = buffer.mutableSpan
    original.seal(&span, in: range, nonce: nonce, authenticating: header.span)
    #expect(hexadecimal(buffer[3...]) == vector.ciphertext + vector.tag + "00")
    #expect(Array(buffer.prefix(3)) == [9, 9, 9])
    var other = copy.mutableSpan
    fork.seal(&other, in: range, nonce: nonce, authenticating: header.span)
    #expect(copy == buffer)

    let sealed = 3..<(range.upperBound + 16)
    span = buffer.mutableSpan
    let opened = fork.open(&span, in: sealed, nonce: nonce, authenticating: header.span)
    #expect(opened)
    #expect(Array(buffer[range]) == plaintext)
    for position in sealed {
      var forged = copy
      forged[position] ^= 0x80
      var span = forged.mutableSpan
      let opened = original.open(&span, in: sealed, nonce: nonce, authenticating: header.span)
      #expect(!opened)
    }
    for length in 0..<16 {
      var short = copy.mutableSpan
      let opened = original.open(&short, in: 3..<(3 + length), nonce: nonce, authenticating: header.span)
      #expect(!opened)
    }
  }

  @Test(arguments: [AEAD.Algorithm.aes128GCM, .aes256GCM])
  func `GCM gives mbedTLS's bytes at every length and opens them again`(algorithm: AEAD.Algorithm) throws {
    var random = SeededRandom(seed: .init(1))
    for size in Array(0...400) + [1200, 16_384] {
      func draw(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
      let key = draw(algorithm.keyLength), plaintext = draw(size), header = draw(size % 40), nonceBytes = draw(12)
      var expected = plaintext, tag = [UInt8](repeating: 0, count: 16)
      #expect(mbedtls_peer_gcm(Int32(key.count * 8), key, nonceBytes, header, header.count, &expected, size, &tag) == 0)
      var aead = try AEAD(algorithm, key: key.span)
      let nonce: AEAD.Nonce = InlineArray { nonceBytes[$0] }
      var buffer = [7] + plaintext + [UInt8](repeating: 0, count: 16)
      var span = buffer.mutableSpan
      aead.seal(&span, in: 1..<(1 + size), nonce: nonce, authenticating: header.span)
      #expect(buffer == [7] + expected + tag, "\(size) bytes")
      span = buffer.mutableSpan
      let opened = aead.open(&span, in: 1..<(17 + size), nonce: nonce, authenticating: header.span)
      #expect(opened && Array(buffer[1..<(1 + size)]) == plaintext, "\(size) bytes")
    }
  }

  @Test func `a key of the wrong length is refused`() {
    let key = [UInt8](repeating: 0, count: 32)
    #expect(throws: CryptographyError.rejected) { _ = try AEAD(.aes128GCM, key: key.span) }
  }
}

func bytes(_ hexadecimal: String) -> [UInt8] {
  var digits = hexadecimal.utf8.map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }[...]
  var result: [UInt8] = []
  while let high = digits.popFirst(), let low = digits.popFirst() { result.append(high << 4 | low) }
  return result
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
