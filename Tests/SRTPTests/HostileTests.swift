import Testing

@testable import SRTP

@Suite struct HostileTests {
  @Test(arguments: profiles)
  func `a truncated packet is refused at every length`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let media = try #require(client.protected(rtp(1)))
    let control = try #require(client.protectedControl(rtcp()))
    for length in 0..<media.count { #expect(server.unprotected(Array(media[..<length])) == nil) }
    for length in 0..<control.count { #expect(server.unprotectedControl(Array(control[..<length])) == nil) }
    #expect(server.receiving.streams.isEmpty)
    #expect(server.unprotected(media) == rtp(1))
    #expect(server.unprotectedControl(control) == rtcp())
  }

  @Test(arguments: profiles)
  func `a packet changed in any bit is refused and nothing of it is left`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let media = try #require(client.protected(rtp(1)))
    let control = try #require(client.protectedControl(rtcp()))
    for i in 0..<media.count * 8 {
      var forged = media
      forged[i / 8] ^= 1 << (i % 8)
      let before = server.statistics
      let (result, left) = server.run(.unprotect, forged)
      #expect(result == nil, "bit \(i)")
      if server.statistics.authenticationFailures > before.authenticationFailures {
        #expect(left.allSatisfy { $0 == 0 })
      }
    }
    for i in 0..<control.count * 8 {
      var forged = control
      forged[i / 8] ^= 1 << (i % 8)
      #expect(server.run(.unprotectControl, forged).result == nil, "bit \(i)")
    }
    #expect(server.statistics.packetsUnprotected == 0)
    #expect(server.statistics.authenticationFailures > UInt64(media.count * 8))
    // No forgery moved anything: the real ones still pass.
    #expect(server.receiving.streams.isEmpty)
    #expect(server.unprotected(media) == rtp(1))
    #expect(server.unprotectedControl(control) == rtcp())
  }

  @Test(arguments: profiles)
  func `a forgery far ahead does not move the window of a live stream`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let packets = (UInt16(1)...40).map { client.protected(rtp($0))! }
    #expect(server.unprotected(packets[0]) != nil)
    for sequence in stride(from: UInt16(2), to: 60_000, by: 1_000) {
      var forged = packets[5]
      forged[2] = UInt8(sequence >> 8)
      forged[3] = UInt8(sequence & 255)
      #expect(server.unprotected(forged) == nil)
    }
    for packet in packets[1...] { #expect(server.unprotected(packet) != nil) }
  }

  @Test(arguments: profiles)
  func `every replay is refused, of both protocols`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let media = (UInt16(1)...100).map { client.protected(rtp($0))! }
    let control = (0..<300).map { client.protectedControl(rtcp(fill: UInt8($0 & 255)))! }
    for packet in media { #expect(server.unprotected(packet) != nil) }
    for packet in control { #expect(server.unprotectedControl(packet) != nil) }
    for packet in media { #expect(server.unprotected(packet) == nil) }
    for packet in control { #expect(server.unprotectedControl(packet) == nil) }
    #expect(server.statistics.replays == 400)
  }

  @Test(arguments: profiles)
  func `a packet sent back to its sender is refused`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let media = try #require(client.protected(rtp(1)))
    let control = try #require(client.protectedControl(rtcp()))
    #expect(client.unprotected(media) == nil)
    #expect(client.unprotectedControl(control) == nil)
    #expect(client.statistics.authenticationFailures == 2)
  }

  @Test(arguments: profiles)
  func `a packet under other keys is refused`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true, seed: 1)
    let server = try session(profile, client: false, seed: 2)
    let media = try #require(client.protected(rtp(1)))
    #expect(server.unprotected(media) == nil)
  }

  @Test(arguments: profiles)
  func `RTCP passed off as RTP and the other way round is refused`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let media = try #require(client.protected(rtp(1)))
    let control = try #require(client.protectedControl(rtcp()))
    #expect(server.unprotectedControl(media) == nil)
    #expect(server.unprotected(control) == nil)
  }

  @Test(arguments: profiles)
  func `a flood of forged SSRCs leaves no state`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    let server = try session(profile, client: false)
    let media = try #require(client.protected(rtp(1)))
    for i in 0..<2000 {
      var forged = media
      forged[8] = UInt8(i >> 8)
      forged[9] = UInt8(i & 255)
      #expect(server.unprotected(forged) == nil)
    }
    #expect(server.receiving.streams.isEmpty)
    #expect(server.statistics.authenticationFailures == 2000)
  }

  @Test(arguments: profiles)
  func `SSRCs beyond the bound are refused in both directions, and the others go on`(profile: ProtectionProfile) throws {
    var configuration = Configuration()
    configuration.maximumStreams = 4
    let client = try session(profile, client: true)
    let server = try session(profile, client: false, configuration)
    for ssrc in UInt32(0)..<10 {
      let media = try #require(client.protected(rtp(1, ssrc: ssrc)))
      #expect((server.unprotected(media) != nil) == (ssrc < 4))
      let control = try #require(client.protectedControl(rtcp(ssrc: ssrc)))
      #expect((server.unprotectedControl(control) != nil) == (ssrc < 4))
      #expect((server.protected(rtp(1, ssrc: ssrc)) != nil) == (ssrc < 4))
      #expect((server.protectedControl(rtcp(ssrc: ssrc)) != nil) == (ssrc < 4))
    }
    #expect(server.statistics.streamsRefused == 24)
    let media = try #require(client.protected(rtp(2, ssrc: 3)))
    #expect(server.unprotected(media) != nil)
  }

  @Test(arguments: profiles)
  func `headers that do not hold together are refused before they reach libsrtp2`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    var wrong: [[UInt8]] = []
    for length in 0..<12 { wrong.append(Array(rtp(1)[..<length])) }
    var packet = rtp(1, size: 20)
    packet[0] = 0x8F  // 15 CSRCs in 20 bytes
    wrong.append(packet)
    packet[0] = 0x90  // an extension of 65,535 words
    packet[14] = 0xFF
    packet[15] = 0xFF
    wrong.append(packet)
    packet = rtp(1)
    packet[0] = 0x40  // version 1
    wrong.append(packet)
    for packet in wrong {
      #expect(client.protected(packet) == nil)
      #expect(client.unprotected(packet + [UInt8](repeating: 0, count: profile.tagLength)) == nil)
    }
    #expect(client.sending.streams.isEmpty)
    #expect(client.statistics.malformed == UInt64(2 * wrong.count))
  }

  @Test func `too little room behind the packet is refused and the packet is as it was`() throws {
    let client = try session(.aes128CMHMACSHA1_80, client: true)
    var buffer = rtp(1) + [UInt8](repeating: 0, count: Session.tailroom - 1)
    let before = buffer
    let count = rtp(1).count
    let results = (
      client.protect(.protect, &buffer, count: count), client.protect(.protectControl, &buffer, count: count),
      client.protect(.protect, &buffer, count: -1), client.protect(.protect, &buffer, count: .max)
    )
    #expect(results.0 == nil && results.1 == nil && results.2 == nil && results.3 == nil)
    #expect(buffer == before)
  }

  @Test(arguments: profiles)
  func `nothing is written beyond the tailroom`(profile: ProtectionProfile) throws {
    let client = try session(profile, client: true)
    for direction in [Direction.protect, .protectControl] {
      let packet = direction == .protect ? rtp(1) : rtcp()
      let (result, left) = client.run(direction, packet)
      let size = try #require(result?.count)
      #expect(size <= packet.count + Session.tailroom)
      #expect(left[size...].allSatisfy { $0 == 0xEE })
    }
  }
}
