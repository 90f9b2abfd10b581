import Bytes
import Cryptography
import Testing
import Time

@Suite struct SignatureTests {
  static let privateKey = bytes(vectors("rfc6979-p256")[0]["private"] ?? "")

  @Test(arguments: vectors("rfc6979-p256"))
  func `signatures match RFC 6979 appendix A.2.5 and verify`(vector: [String: String]) throws {
    let (r, s) = (try #require(vector["r"]), try #require(vector["s"]))
    let (x, y, text) = (try #require(vector["x"]), try #require(vector["y"]), try #require(vector["message"]))
    let key = try SigningKey(privateKey: bytes(try #require(vector["private"])).span)
    let point = key.publicKey
    #expect(hexadecimal(arrayCopy(point.span)) == "04" + x + y)
    let message = Array(text.utf8), empty: [UInt8] = []
    let signature = try key.signature(of: Hash.sha256(message.span))
    #expect(hexadecimal(signature).contains(r) && hexadecimal(signature).contains(s))
    let publicKey = PublicKey(key)
    for tables in [nil, key, try SigningKey(privateKey: [UInt8](repeating: 1, count: 32).span)] {
      #expect(publicKey.verifies(signature, .sha256, message, empty, tables: tables))
      #expect(!publicKey.verifies(signature, .sha256, message, message, tables: tables))
    }
    #expect(publicKey.verifies(signature, .sha256, Array(message.prefix(2)), Array(message.dropFirst(2))))
    #expect(!publicKey.verifies(signature, .sha384, message, empty))
    for position in signature.indices {
      var forged = signature
      forged[position] ^= 0x01
      #expect(!publicKey.verifies(forged, .sha256, message, empty))
      #expect(!publicKey.verifies(Array(signature.prefix(position)), .sha256, message, empty))
    }
    #expect(!publicKey.verifies(signature + [0], .sha256, message, empty))
  }

  @Test func `numbers that are no private keys are refused`() {
    let order = bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    for key in [order, [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 32), [], [1]] {
      #expect(throws: CryptographyError.rejected) { _ = try SigningKey(privateKey: key.span) }
    }
  }

  @Test func `threads may share a key`() async throws {
    let key = try SigningKey(privateKey: Self.privateKey.span)
    let digest = Hash.sha256(Self.privateKey.span)
    let expected = try key.signature(of: digest)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<20).allSatisfy { _ in
            guard let signature = try? key.signature(of: digest), signature == expected else { return false }
            let message = SignatureTests.privateKey
            return PublicKey(key).verifies(
              signature.span, hash: .sha256, of: message.span, message.span.extracting(first: 0), tables: key)
          }
        }
      }
      for await result in group { #expect(result) }
    }
  }
}

extension PublicKey {
  /// With arrays, since `#expect` cannot take spans.
  func verifies(
    _ signature: [UInt8], _ hash: SignatureHash, _ first: [UInt8], _ second: [UInt8], tables: SigningKey? = nil
  ) -> Bool {
    self.verifies(signature.span, hash: hash, of: first.span, second.span, tables: tables)
  }
}
