import Bytes
import CMbedTLSPeer
import Cryptography
import Testing
import Time

@Suite struct AEADTests {
  private static func algorithm(_ name: String?) -> AEAD.Algorithm? {
    switch name {
    case "aes128GCM": .aes128GCM
    case "aes256GCM": .aes256GCM
    case "chaCha20Poly1305": .chaCha20Poly1305
    default: nil
    }
  }

  @Test(arguments: vectors("aead"))
  func `published vectors seal and open in place, and a fork does the same`(vector: [String: String]) throws {
    let algorithm = try #require(Self.algorithm(vector["algorithm"]))
    let key = bytes(try #require(vector["key"])), header = bytes(try #require(vector["header"]))
    let plaintext = bytes(try #require(vector["plaintext"])), nonceBytes = bytes(try #require(vector["nonce"]))
    let (ciphertext, tag) = (try #require(vector["ciphertext"]), try #require(vector["tag"]))
    let nonce: AEAD.Nonce = InlineArray { nonceBytes[$0] }
    var original = try AEAD(algorithm, key: key.span)
    var fork = try original.fork()
    let range = 3..<(3 + plaintext.count)
    var buffer = [9, 9, 9] + plaintext + [UInt8](repeating: 0, count: 17)
    var copy = buffer
    var span = buffer.mutableSpan
    original.seal(&span, in: range, nonce: nonce, authenticating: header.span)
    #expect(hexadecimal(buffer[3...]) == ciphertext + tag + "00")
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
