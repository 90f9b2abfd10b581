import Simulator
import Testing
import WebRTC

@testable import SessionViews

@Suite struct TraceTests {
  @Test func `a session with Chromium is told datagram by datagram`() throws {
    let text = lines([try session("chromium")])
    for (number, line) in [
      (0, "    0.000000     call addLocalAddress 10.77.0.1:44193"),
      (4, "    0.000813     call setRemoteDescription offer: 656 bytes, application, 2 candidates"),
      (15, "    0.000813     event signalling stable"),
      (16, "    0.000813  -> 10.77.0.1:53341 from 10.77.0.1:44193, 92 bytes"),
    ] { #expect(text[number] == line) }
    for line in [
      "<-   STUN Binding success, transaction e18032b3cfe5f84e8b1d26d0, XOR-MAPPED-ADDRESS 10.77.0.1:44193, MESSAGE-INTEGRITY, FINGERPRINT",
      "<-   DTLS handshake (epoch 0, number 0, 121 bytes): ServerHello, message 0, 96 bytes, ECDHE-ECDSA-AES128-GCM, extended_master_secret renegotiation_info use_srtp",
      "->   DTLS handshake (epoch 1, number 0, 61 bytes): Finished, message 4, 12 bytes",
      "<-   SCTP INIT TSN 3588058227, window 5242880, streams 65535 out 65535 in",
      "<-   SCTP DATA TSN 3588058227, stream 42/0, BE, string, 9 bytes",
      "<-   SCTP SACK up to TSN 3748997310, window 4718592",
      "->   SCTP ABORT cause 12",
      "->   DTLS alert (epoch 1, number 7, 39 bytes): warning close_notify",
      "   event channel 0 opened \"negotiated\" on stream 42",
      "   call close",
    ] { #expect(text.contains { $0.hasSuffix(line) }, "\(line)") }
  }

  @Test func `media are told packet by packet`() throws {
    let text = lines([try session("chromium-media")])
    for line in [
      "<-   RTP 0x5b90c630, type 111, number 1726, time 3821156572, marker, mid \"0\", 32 bytes",
      "->   RTCP transport-wide feedback, numbers 1–20, 0 lost",
      "<-   RTCP SR 0xf670e787, time 820182753, 20 packets, 12500 bytes",
      "<-   RTCP SDES, 1 source, 0xf670e787 is \"8mVOoaqK03ZRC7n9\"",
      "<-   RTCP RR 0xf670e787; of 0x60fd88ca: lost 0 (0 %), up to 25328, jitter 539",
      "<-   SCTP DATA TSN 2773151809, stream 1/0, BE, DATA_CHANNEL_OPEN \"chat\", ordered, 16 bytes",
    ] { #expect(text.contains { $0.hasSuffix(line) }, "\(line)") }
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
