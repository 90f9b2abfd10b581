import CSRTP
import Testing

@testable import SRTP

/// Both directions of an association, by libsrtp2's own ciphers or by those that keep their keys from packet to packet.
private final class Pair {
  let pair: OpaquePointer

  init?(_ profile: ProtectionProfile, isBare: Bool) {
    let (key, salt) = ((0..<UInt8(32)).map { $0 &* 7 }, (0..<UInt8(14)).map { $0 &* 11 })
    let create = isBare ? csrtp_create_bare : csrtp_create
    guard
      let pair = create(
        CInt(profile.rawValue), key, salt, key, salt, profile.keyLength, profile.saltLength, 1024, 1024)
    else { return nil }
    self.pair = pair
  }

  deinit { csrtp_free(self.pair) }

  func protect(_ packet: [UInt8]) -> [UInt8]? {
    var bytes = packet + [UInt8](repeating: 0, count: Session.tailroom)
    let size = csrtp_protect(self.pair, &bytes, CInt(packet.count))
    return size > 0 ? Array(bytes[..<Int(size)]) : nil
  }

  func protectControl(_ packet: [UInt8]) -> [UInt8]? {
    var bytes = packet + [UInt8](repeating: 0, count: Session.tailroom)
    let size = csrtp_protect_control(self.pair, &bytes, CInt(packet.count))
    return size > 0 ? Array(bytes[..<Int(size)]) : nil
  }

  func unprotect(_ packet: [UInt8]) -> [UInt8]? {
    var bytes = packet
    let size = csrtp_unprotect(self.pair, &bytes, CInt(packet.count))
    return size >= 0 ? Array(bytes[..<Int(size)]) : nil
  }

  func unprotectControl(_ packet: [UInt8]) -> [UInt8]? {
    var bytes = packet
    let size = csrtp_unprotect_control(self.pair, &bytes, CInt(packet.count))
    return size >= 0 ? Array(bytes[..<Int(size)]) : nil
  }
}

/// An RTP packet with so many words of header extension, which are authenticated only.
private func packet(_ number: UInt16, extensionWords: Int, payload: Int) -> [UInt8] {
  var bytes: [UInt8] = [0x90, 96, UInt8(number >> 8), UInt8(truncatingIfNeeded: number), 0, 0, 0, 9, 1, 2, 3, 4]
  bytes += [0xBE, 0xDE, UInt8(extensionWords >> 8), UInt8(truncatingIfNeeded: extensionWords)]
  bytes += (0..<extensionWords * 4).map { UInt8(truncatingIfNeeded: $0) }
  bytes += (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 13) }
  return bytes
}

@Suite struct CipherTests {
  @Test(arguments: [ProtectionProfile.aeadAES128GCM, .aeadAES256GCM])
  func `kept ciphers make the bytes that libsrtp2's own make, whatever the sizes`(profile: ProtectionProfile) throws {
    let kept = try #require(Pair(profile, isBare: false))
    let own = try #require(Pair(profile, isBare: true))
    var number: UInt16 = 1
    for words in [0, 1, 30, 40, 200] {
      for payload in [0, 1, 15, 16, 17, 160, 255, 256, 257, 1200] {
        let plain = packet(number, extensionWords: words, payload: payload)
        number += 1
        let sealed = try #require(kept.protect(plain))
        #expect(sealed == own.protect(plain))
        #expect(own.unprotect(sealed) == plain)
        #expect(kept.unprotect(sealed) == plain)
      }
    }
  }

  @Test(arguments: [ProtectionProfile.aeadAES128GCM, .aeadAES256GCM])
  func `kept ciphers make the same control packets`(profile: ProtectionProfile) throws {
    let kept = try #require(Pair(profile, isBare: false))
    let own = try #require(Pair(profile, isBare: true))
    for words in [0, 5, 50] {
      let report = [0x80, 201, 0, UInt8(1 + words), 1, 2, 3, 4] + (0..<words * 4).map { UInt8(truncatingIfNeeded: $0) }
      let sealed = try #require(kept.protectControl(report))
      #expect(sealed == own.protectControl(report))
      #expect(own.unprotectControl(sealed) == report)
      #expect(kept.unprotectControl(sealed) == report)
    }
  }

  @Test func `a kept cipher refuses what was changed anywhere, and takes the genuine packet after it`() throws {
    let sender = try #require(Pair(.aeadAES128GCM, isBare: false))
    let receiver = try #require(Pair(.aeadAES128GCM, isBare: false))
    let plain = packet(7, extensionWords: 2, payload: 40)
    let sealed = try #require(sender.protect(plain))
    // The version and the lengths in front decide what is a packet at all.
    for index in [1, 2, 3, 5, 9, 17, 24, 40, sealed.count - 1] {
      var forged = sealed
      forged[index] ^= 0x10
      #expect(receiver.unprotect(forged) == nil, "byte \(index)")
    }
    #expect(receiver.unprotect(sealed) == plain)
  }
}
