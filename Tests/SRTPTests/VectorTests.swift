import Foundation
import Testing

@testable import SRTP

/// Published packets and packets of an independent implementation: Vectors/srtp.
@Suite struct VectorTests {
  struct File: CustomTestStringConvertible {
    let name: String
    let profile: ProtectionProfile
    var testDescription: String { self.name }
  }

  static let files = [
    File(name: "aead-aes-128-gcm", profile: .aeadAES128GCM),
    File(name: "aead-aes-256-gcm", profile: .aeadAES256GCM),
    File(name: "aes128-cm-sha1-80", profile: .aes128CMHMACSHA1_80),
    File(name: "libsrtp2-aead-aes-128-gcm", profile: .aeadAES128GCM),
    File(name: "libsrtp2-aes128-cm-sha1-80", profile: .aes128CMHMACSHA1_80),
  ]

  static func bytes(_ hex: Substring) -> [UInt8] {
    let digits = hex.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  static func lines(_ file: File) throws -> [[Substring]] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/srtp/\(file.name).txt")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: " ") }
  }

  @Test(arguments: files)
  func `protection gives the bytes of the vectors, and those unprotect`(file: File) throws {
    let lines = try Self.lines(file)
    try #require(lines.count >= 3 && lines[0][0] == "material")
    let material = Self.bytes(lines[0][1])
    let client = Peer(try Session(profile: file.profile, keyingMaterial: material.span, isDTLSClient: true))
    let server = Peer(try Session(profile: file.profile, keyingMaterial: material.span, isDTLSClient: false))
    for line in lines.dropFirst() {
      let (plain, protected) = (Self.bytes(line[1]), Self.bytes(line[2]))
      switch line[0] {
      case "rtp":
        #expect(client.protected(plain) == protected)
        #expect(server.unprotected(protected) == plain)
      case "rtcp":
        #expect(client.protectedControl(plain) == protected)
        #expect(server.unprotectedControl(protected) == plain)
      case "receive-rtcp":
        #expect(server.unprotectedControl(protected) == plain)
        #expect(server.unprotectedControl(protected) == nil)
      default: Issue.record("a line of another kind: \(line[0])")
      }
    }
  }

  /// SRTCP with index 0, which libsrtp2 itself never sends, is refused by a fork as well.
  @Test(arguments: files.prefix(3))
  func `a fork knows every packet of the vectors`(file: File) throws {
    let lines = try Self.lines(file)
    let material = Self.bytes(lines[0][1])
    var server = Peer(try Session(profile: file.profile, keyingMaterial: material.span, isDTLSClient: false))
    for line in lines.dropFirst() {
      let protected = Self.bytes(line[2])
      #expect((line[0] == "rtp" ? server.unprotected(protected) : server.unprotectedControl(protected)) != nil)
      server = try server.fork()
    }
    for line in lines.dropFirst() {
      let protected = Self.bytes(line[2])
      #expect((line[0] == "rtp" ? server.unprotected(protected) : server.unprotectedControl(protected)) == nil)
    }
    // A packet from so far back that its number now stands for one to come is refused by its tag.
    #expect(server.statistics.replays + server.statistics.authenticationFailures == UInt64(lines.count - 1))
    #expect(server.statistics.authenticationFailures <= 1)
  }
}
