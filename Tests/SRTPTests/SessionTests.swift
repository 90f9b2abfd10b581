import Testing

@testable import SRTP

@Suite struct SessionTests {
  @Test(arguments: profiles)
  func `what one side protects the other unprotects`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    for sequence in UInt16(1)...50 {
      let sent = try #require(client.protected(rtp(sequence)))
      #expect(sent.count == rtp(sequence).count + profile.tagLength)
      #expect(Array(sent[..<12]) == Array(rtp(sequence)[..<12]))
      #expect(Array(sent[12..<52]) != Array(rtp(sequence)[12...]))
      #expect(server.unprotected(sent) == rtp(sequence))
      let back = try #require(server.protectedControl(rtcp(fill: UInt8(sequence))))
      #expect(back.count == rtcp().count + profile.tagLength + 4)
      #expect(client.unprotectedControl(back) == rtcp(fill: UInt8(sequence)))
    }
    let statistics = (client.statistics, server.statistics)
    #expect(statistics.0.packetsProtected == 50 && statistics.0.packetsUnprotected == 50)
    #expect(statistics.1.packetsProtected == 50 && statistics.1.packetsUnprotected == 50)
  }

  @Test(arguments: profiles)
  func `packets of every length pass, with short headers and long ones`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    var sequence: UInt16 = 0
    for extensionWords in [0, 20, 27, 28, 29, 60] {
      for size in [0, 1, 100, 239, 240, 241, 255, 256, 257, 300, 1000] {
        sequence += 1
        var packet = rtp(sequence, size: 0)
        if extensionWords > 0 {
          packet[0] = 0x90
          packet += [0xBE, 0xDE, 0, UInt8(extensionWords)] + [UInt8](repeating: 0, count: 4 * extensionWords)
        }
        packet += (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let sent = try #require(client.protected(packet))
        var forged = sent
        forged[forged.count - 1] ^= 1
        #expect(server.unprotected(forged) == nil)
        #expect(server.unprotected(sent) == packet)
      }
    }
  }

  @Test(arguments: profiles)
  func `header extensions and CSRCs stay in the clear and are authenticated`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    var packet = rtp(7, size: 0)
    packet[0] = 0x92  // extension, two CSRCs
    packet += [1, 2, 3, 4, 5, 6, 7, 8, 0xBE, 0xDE, 0, 1, 0x10, 0xAA, 0, 0]
    let header = packet.count
    packet += [UInt8](repeating: 0x55, count: 100)
    let sent = try #require(client.protected(packet))
    #expect(Array(sent[..<header]) == Array(packet[..<header]))
    #expect(server.unprotected(sent) == packet)
    packet[3] = 8
    var forged = try #require(client.protected(packet))
    forged[header - 3] ^= 1
    #expect(server.unprotected(forged) == nil)
  }

  @Test(arguments: profiles)
  func `an empty payload and the largest packet pass`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    for (sequence, size) in [(UInt16(1), 0), (2, 65_535 - 12 - Session.tailroom)] {
      let sent = try #require(client.protected(rtp(sequence, size: size)))
      #expect(server.unprotected(sent) == rtp(sequence, size: size))
    }
    #expect(client.protected(rtp(3, size: 65_536)) == nil)
  }

  @Test(arguments: profiles)
  func `the identical packet is protected to the identical bytes within the repeat window`(profile: ProtectionProfile)
    throws
  {
    var configuration = Configuration()
    configuration.repeatWindow = 128
    let client = try session(profile, client: true, configuration)
    let first = try #require(client.protected(rtp(100)))
    for sequence in UInt16(101)...227 { _ = client.protected(rtp(sequence)) }
    #expect(client.protected(rtp(100)) == first)
    _ = client.protected(rtp(228))
    #expect(client.protected(rtp(100)) == nil)
    #expect(client.statistics.sendsRefused == 1)
  }

  @Test(arguments: profiles, [128, 1024])
  func `late packets pass within the replay window and no later`(profile: ProtectionProfile, window: Int) throws {
    var configuration = Configuration()
    configuration.replayWindow = window
    configuration.repeatWindow = 4096
    let client = try session(profile, client: true, configuration)
    let server = try session(profile, client: false, configuration)
    let sent = (0...UInt16(window)).map { client.protected(rtp(1000 + $0))! }
    #expect(server.unprotected(sent[window]) != nil)
    #expect(server.unprotected(sent[0]) == nil)
    #expect(server.unprotected(sent[1]) != nil)
    #expect(server.unprotected(sent[1]) == nil)
    #expect(server.statistics.replays == 2)
  }

  @Test(arguments: profiles)
  func `the roll-over counter advances on both sides`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    var seen: Set<[UInt8]> = []
    var sequence: UInt16 = 30_000
    for _ in 0..<40 {
      let sent = try #require(client.protected(rtp(sequence)))
      #expect(seen.insert(sent).inserted)
      #expect(server.unprotected(sent) == rtp(sequence))
      sequence &+= 16_384
    }
    #expect(server.receiving.streams[0].highest >> 16 == 10)
    #expect(client.sending.streams[0].highest == server.receiving.streams[0].highest)
  }

  @Test(arguments: profiles)
  func `each role sends with its own key, in the order of RFC 5764`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let fromClient = try #require(client.protected(rtp(1)))
    let fromServer = try #require(server.protected(rtp(1)))
    #expect(fromClient != fromServer)

    // With key and salt of the two sides exchanged, the roles are exchanged.
    let (key, salt) = (profile.keyLength, profile.saltLength)
    let m = material(profile)
    let swapped = m[key..<2 * key] + m[..<key] + m[(2 * key + salt)...] + m[2 * key..<2 * key + salt]
    let exchanged = Peer(try Session(profile: profile, keyingMaterial: Array(swapped).span, isDTLSClient: false))
    #expect(exchanged.protected(rtp(1)) == fromClient)
  }

  @Test func `keying material of another length is refused`() {
    for profile in profiles {
      for length in [0, profile.keyingMaterialLength - 1, profile.keyingMaterialLength + 1] {
        #expect(throws: SRTPError.invalidKeyingMaterial) {
          _ = try Session(
            profile: profile, keyingMaterial: [UInt8](repeating: 1, count: length).span, isDTLSClient: true)
        }
      }
    }
  }

  @Test func `configurations out of range are refused`() {
    let wrong: [(inout Configuration) -> ()] = [
      { $0.replayWindow = 127 }, { $0.replayWindow = 32_705 }, { $0.repeatWindow = 0 }, { $0.repeatWindow = .max },
      { $0.maximumStreams = 0 }, { $0.maximumStreams = 65_537 }, { $0.replayWindow = .min },
    ]
    for change in wrong {
      var configuration = Configuration()
      change(&configuration)
      #expect(throws: SRTPError.invalidConfiguration) { try session(.aeadAES128GCM, client: true, configuration) }
    }
  }

  @Test func `sessions start on many threads at once`() async throws {
    let good = await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<16 {
        group.addTask {
          guard let a = try? session(.aeadAES128GCM, client: true, seed: UInt8(seed)),
            let b = try? session(.aeadAES128GCM, client: false, seed: UInt8(seed)),
            let sent = a.protected(rtp(1))
          else { return false }
          return b.unprotected(sent) == rtp(1)
        }
      }
      return await group.reduce(true) { $0 && $1 }
    }
    #expect(good)
  }
}
