import Bytes
import Cryptography
import Foundation
import Testing
import Time

@Suite struct CertificateTests {
  private func identity(_ seed: UInt64 = 1, validity: Certificate.Validity = .always) throws -> Identity {
    var random = SeededRandom(seed: .init(seed))
    return try Identity(random: &random, validity: validity)
  }

  /// Runs the openssl tool over a file that holds `input`; its output, or nil where it failed.
  private func openssl(_ arguments: [String], _ input: [UInt8]) throws -> String? {
    let path = NSTemporaryDirectory() + "certificate-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(input).write(to: URL(fileURLWithPath: path))
    guard let pipe = popen("openssl " + arguments.joined(separator: " ").replacing("FILE", with: path) + " 2>&1", "r")
    else { return nil }
    var output = ""
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, 4096, pipe) != nil {
      output += String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return pclose(pipe) == 0 ? output : nil
  }

  @Test func `a self-signed certificate passes openssl's verification of its signature`() throws {
    for seed in 1...8 as ClosedRange<UInt64> {
      let certificate = try self.identity(seed).certificate
      #expect(certificate.count < 300)
      let pem =
        "-----BEGIN CERTIFICATE-----\n" + Data(certificate).base64EncodedString(options: .lineLength64Characters)
        + "\n-----END CERTIFICATE-----\n"
      let output = try self.openssl(["verify", "-check_ss_sig", "-CAfile", "FILE", "FILE"], Array(pem.utf8))
      #expect(output?.contains("OK") == true)
    }
  }

  @Test func `openssl reads subject, validity and fingerprint as they were meant`() throws {
    let validity = Certificate.Validity(notBefore: 1_709_210_096, notAfter: 2_556_144_000)
    let identity = try self.identity(3, validity: validity)
    let output = try #require(
      try self.openssl(
        ["x509", "-inform", "DER", "-in", "FILE", "-noout", "-subject", "-issuer", "-dates", "-fingerprint", "-sha256"],
        identity.certificate))
    #expect(output.contains("subject=CN = WebRTC") && output.contains("issuer=CN = WebRTC"))
    #expect(output.contains("notBefore=Feb 29 12:34:56 2024 GMT"))
    #expect(output.contains("notAfter=Jan  1 00:00:00 2051 GMT"))
    let fingerprint = arrayCopy(identity.fingerprint.bytes).map { String(format: "%02X", $0) }.joined(separator: ":")
    #expect(output.contains("Fingerprint=" + fingerprint))
  }

  @Test func `the same seed makes the same identity, another seed another`() throws {
    #expect(try self.identity(1).certificate == self.identity(1).certificate)
    #expect(try self.identity(1).fingerprint != self.identity(2).fingerprint)
  }

  @Test func `the key is found in our own certificate`() throws {
    let identity = try self.identity()
    let key = try Certificate.publicKey(of: identity.certificate.span)
    let message: [UInt8] = [1, 2, 3], empty: [UInt8] = []
    let signature = try identity.key.signature(of: Hash.sha256(message.span))
    #expect(!key.isRSA)
    #expect(key.verifies(signature, .sha256, message, empty))
  }

  @Test func `an RSA certificate's key verifies what openssl signed with each hash`() throws {
    let directory = NSTemporaryDirectory() + "rsa-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    _ = try self.openssl(
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a", "-keyout", "\(directory)/key", "-outform", "DER", "-out", "\(directory)/der"], [])
    let certificate = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/der")))
    let key = try Certificate.publicKey(of: certificate.span)
    #expect(key.isRSA)
    let message = Array("message".utf8), empty: [UInt8] = []
    for (name, hash) in [("sha256", SignatureHash.sha256), ("sha384", .sha384), ("sha512", .sha512)] {
      _ = try self.openssl(["dgst", "-\(name)", "-sign", "\(directory)/key", "-out", "\(directory)/signature", "FILE"], message)
      let signature = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/signature")))
      #expect(key.verifies(signature, hash, message, empty))
      #expect(!key.verifies(signature, hash, message, message))
      #expect(!key.verifies(signature, hash == .sha256 ? .sha384 : .sha256, message, empty))
      #expect(!key.verifies(signature.dropLast(), hash, message, empty))
    }
  }

  @Test func `a certificate cut at any length or with trailing bytes is refused`() throws {
    let certificate = try self.identity().certificate
    for length in 0..<certificate.count {
      #expect(throws: WireError.self) { _ = try Certificate.publicKey(of: certificate.span.extracting(first: length)) }
    }
    let long = certificate + [0]
    #expect(throws: WireError.malformed) { _ = try Certificate.publicKey(of: long.span) }
  }

  @Test func `lengths that are not in their shortest form are refused`() {
    for bytes: [UInt8] in [[0x30, 0x81, 0x01, 0], [0x30, 0x82, 0, 1, 0], [0x30, 0x80, 0, 0], [0x30, 0x83, 0, 0, 1, 0], [0x30, 2, 0]] {
      var reader = DERReader(bytes.span)
      #expect((try? reader.read(0x30).count) == nil)
    }
    for bytes: [UInt8] in [[2, 0], [2, 1, 0x80], [2, 2, 0, 0x7F], [2, 3, 0, 0, 0x80]] {
      var reader = DERReader(bytes.span)
      #expect((try? reader.readUnsignedInteger().count) == nil)
    }
    let zero: [UInt8] = [2, 1, 0]
    var reader = DERReader(zero.span)
    #expect((try? reader.readUnsignedInteger().count) == 1)
  }
}

@Suite struct FingerprintTests {
  @Test func `names are read in either case, weak and unknown hashes are not known`() {
    func algorithm(_ name: String) -> Fingerprint.Algorithm? {
      let name = Array(name.utf8)
      return Fingerprint.Algorithm(name: name.span)
    }
    #expect(algorithm("sha-256") == .sha256 && algorithm("SHA-384") == .sha384 && algorithm("Sha-512") == .sha512)
    #expect(algorithm("sha-1") == nil && algorithm("md5") == nil && algorithm("sha-224") == nil && algorithm("") == nil)
    #expect(algorithm("SHA\r256") == nil)
  }

  @Test(arguments: [Fingerprint.Algorithm.sha256, .sha384, .sha512])
  func `a fingerprint matches its certificate alone, and has its hash's length`(algorithm: Fingerprint.Algorithm) {
    let certificate: [UInt8] = [1, 2, 3], other: [UInt8] = [1, 2, 4]
    let fingerprint = Fingerprint(algorithm, of: certificate.span)
    let matches = [certificate, other].map { fingerprint.matches($0.span) }
    #expect(matches == [true, false])
    let bytes = arrayCopy(fingerprint.bytes)
    #expect(bytes.count == algorithm.length)
    let copy = Fingerprint(algorithm, bytes: bytes.span)
    let short = Fingerprint(algorithm, bytes: bytes.span.extracting(droppingLast: 1))
    #expect(copy == fingerprint && short == nil)
  }
}
