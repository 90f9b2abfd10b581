import Simulator
import Testing
import WebRTC

@testable import SessionViews

@Suite struct TraceTests {
  /// Whether some line, without its time, is like that; numbers, addresses and identifiers differ from recording to recording.
  static func has(_ lines: [String], _ pattern: String) throws -> Bool {
    let regex = try Regex(pattern)
    return lines.contains { $0.dropFirst(12).wholeMatch(of: regex) != nil }
  }

  @Test func `a session with Chromium is told datagram by datagram`() throws {
    let text = lines([try session("chromium")])
    for pattern in [
      "     call addLocalAddress 10\\.77\\.0\\.1:\\d+",
      "     call setRemoteDescription offer: \\d+ bytes, application, \\d+ candidates?",
      "     event signalling stable",
      "  -> 10\\.77\\.0\\.1:\\d+ from 10\\.77\\.0\\.1:\\d+, \\d+ bytes",
      "  <-   STUN Binding success, transaction [0-9a-f]{24}, XOR-MAPPED-ADDRESS 10\\.77\\.0\\.1:\\d+, MESSAGE-INTEGRITY, FINGERPRINT",
      "  <-   DTLS handshake \\(epoch 0, number 0, \\d+ bytes\\): ServerHello, message 0, \\d+ bytes, ECDHE-ECDSA-AES128-GCM, .*use_srtp.*",
      "  ->   DTLS handshake \\(epoch 1, number 0, 61 bytes\\): Finished, message 4, 12 bytes",
      "  <-   SCTP INIT TSN \\d+, window 5242880, streams 65535 out 65535 in",
      "  <-   SCTP DATA TSN \\d+, stream 42/0, BE, string, 9 bytes",
      "  <-   SCTP SACK up to TSN \\d+, window \\d+",
      "  ->   SCTP ABORT cause 12",
      "  ->   DTLS alert \\(epoch 1, number \\d+, 39 bytes\\): warning close_notify",
      "     event channel 0 opened \"negotiated\" on stream 42",
      "     call close",
    ] {
      let isThere = try Self.has(text, pattern)
      #expect(isThere, "\(pattern)")
    }
  }

  @Test func `media are told packet by packet`() throws {
    let text = lines([try session("chromium-media")])
    for pattern in [
      "  <-   RTP 0x[0-9a-f]{8}, type 111, number \\d+, time \\d+, marker, mid \"0\", \\d+ bytes",
      "  ->   RTP 0x[0-9a-f]{8}, type 96, number \\d+, time \\d+, mid \"1\", .*\\d+ bytes",
      "  <-   RTCP transport-wide feedback, numbers \\d+–\\d+, 0 lost",
      "  <-   SCTP DATA TSN \\d+, stream 1/0, BE, DATA_CHANNEL_OPEN \"chat\", ordered, 16 bytes",
    ] {
      let isThere = try Self.has(text, pattern)
      #expect(isThere, "\(pattern)")
    }
    let call = try #require(lossyCall)
    let reports = lines([try RecordedSession(name: "x", recording: call.offerer)])
    for pattern in [
      "  ->   RTCP SR 0x[0-9a-f]{8}, time \\d+, \\d+ packets, \\d+ bytes",
      "  ->   RTCP SDES, 1 source, 0x[0-9a-f]{8} is \".+\"",
      "  <-   RTCP RR 0x[0-9a-f]{8}; of 0x[0-9a-f]{8}: lost \\d+ \\(\\d+ %\\), up to \\d+, jitter \\d+",
      "     call sendFrame of \\d+ bytes, time \\d+, on transceiver 0",
    ] {
      let isThere = try Self.has(reports, pattern)
      #expect(isThere, "\(pattern)")
    }
  }

  @Test(arguments: sessionNames)
  func `all that real peers encrypted is read, and well-formed`(name: String) throws {
    let text = lines([try session(name)])
    for word in ["malformed", "not decrypted", ": encrypted", "no SCTP packet", "no protocol", "chunk of type", "message of type"] {
      #expect(!text.contains { $0.contains(word) }, "\(word)")
    }
  }

  @Test(arguments: sessionNames)
  func `keys and passwords are in no line, and not in the page`(name: String) throws {
    let bytes = try recording(name)
    let session = try RecordedSession(name: name, recording: bytes)
    let text = lines([session]).joined(separator: "\n") + Report([session], title: name).html()
    let secrets = try #require(session.secrets)
    var passwords: [String] = []
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      if let range = line.firstRange(of: "a=ice-pwd:") { passwords.append(String(line[range.upperBound...])) }
    }
    #expect(passwords.count >= 2)
    for secret in passwords + [hex(secrets.masterSecret), hex(secrets.clientRandom)] {
      #expect(!text.lowercased().contains(secret.lowercased()))
    }
  }

  @Test func `losses and retransmissions of both peers are told in one order of time`() throws {
    let call = try #require(lossyCall)
    let sessions = [
      try RecordedSession(name: "one", recording: call.offerer), try RecordedSession(name: "two", recording: call.answerer),
    ]
    let text = lines(sessions)
    #expect(text.contains { $0.contains("  one  ->   SCTP DATA") } && text.contains { $0.contains("  two  <-   SCTP DATA") })
    #expect(text.contains { $0.contains("SCTP SACK") && $0.contains(", and ") })
    let times = text.compactMap { Double($0.prefix(12).drop { $0 == " " }) }
    #expect(times.count == text.count && times == times.sorted())
  }

  @Test func `what a peer names its channel moves no terminal`() throws {
    let call = try #require(lossyCall)
    let text = lines([try RecordedSession(name: "a\u{1B}b\n", recording: call.answerer), try session("chromium")])
    #expect(text.contains { $0.contains("DATA_CHANNEL_OPEN \"</script><img src=x onerror=alert(1)>\\u{1b}[31m\"") })
    #expect(!text.contains { $0.unicodeScalars.contains { $0.value < 0x20 } })
  }
}
