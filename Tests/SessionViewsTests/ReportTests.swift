import Foundation
import Testing
import Time
import WebRTC

@testable import SessionViews

@Suite struct ReportTests {
  /// The data in a page, decoded.
  static func data(_ html: String) throws -> [String: Any] {
    let start = try #require(html.firstRange(of: "<script type=\"application/json\" id=\"data\">"))
    let end = try #require(html[start.upperBound...].firstRange(of: "</script>"))
    let bytes = Data(html[start.upperBound..<end.lowerBound].utf8)
    return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  static func peers(_ sessions: [RecordedSession]) throws -> [[String: Any]] {
    try #require(try Self.data(Report(sessions, title: "A title").html())["peers"] as? [[String: Any]])
  }

  @Test func `a session with Chromium is drawn with its states, checks and flights`() throws {
    let html = Report([try session("chromium")], title: "A title").html()
    for pattern in [
      "<b>Connected in [0-9.]+ ms\\.</b> Closed by this side [0-9.]+ m?s later\\.",
      "<b>host ↔ host</b><small>10\\.77\\.0\\.1:\\d+ ↔ 10\\.77\\.0\\.1:\\d+</small>",
    ] {
      let isThere = html.firstMatch(of: try Regex(pattern)) != nil
      #expect(isThere, "\(pattern)")
    }
    let peer = try #require(try Self.peers([try session("chromium")]).first)
    let lanes = try #require(peer["lanes"] as? [[String: Any]])
    #expect(
      lanes.compactMap { $0["name"] as? String }
        == ["Connection", "Signalling", "ICE gathering", "ICE", "Selected pair", "DTLS", "SCTP", "\"negotiated\""])
    let flights = try #require(peer["flights"] as? [[Any]])
    let first = flights.filter { $0[4] as? Bool == false }.compactMap { ($0[2] as? [String])?.first }
    #expect(first == ["ClientHello", "ServerHello", "Certificate", "ChangeCipherSpec", "alert: warning close_notify"])
    // What is said to have been sent again went before in the same direction.
    for (index, flight) in flights.enumerated() where flight[4] as? Bool == true {
      let before = flights[..<index].contains { $0[1] as? Bool == flight[1] as? Bool && $0[2] as? [String] == flight[2] as? [String] }
      #expect(before)
    }
    let checks = try #require(peer["checks"] as? [[Any]])
    #expect(checks.count >= 2 && checks.allSatisfy { $0[3] is Double })
    let plots = try #require(peer["plots"] as? [[String: Any]])
    #expect(plots.prefix(4).compactMap { $0["title"] as? String } == ["Bit rate", "Datagrams a second", "Round trip", "SCTP windows"])
  }

  @Test func `each stream of media has its plots`() throws {
    let peer = try #require(try Self.peers([try session("chromium-media")]).first)
    let streams = try #require(peer["streams"] as? [[String: Any]])
    #expect(
      streams.compactMap { $0["title"] as? String }
        == ["Received audio · Opus", "Received video · VP8", "Sent audio · Opus", "Sent video · VP8"])
    let titles = (streams[1]["plots"] as? [[String: Any]])?.compactMap { $0["title"] as? String }
    #expect(titles?.prefix(2) == ["Bit rate", "Jitter and buffer"])
  }

  @Test func `losses are drawn, and both peers stand on one clock`() throws {
    let call = try #require(lossyCall)
    let peers = try Self.peers([
      try RecordedSession(name: "one", recording: call.offerer), try RecordedSession(name: "two", recording: call.answerer),
    ])
    #expect(peers.count == 2)
    let plots = try #require(peers[0]["plots"] as? [[String: Any]])
    let loss = try #require(plots.first { $0["title"] as? String == "Loss and repair" })
    let series = try #require(loss["series"] as? [[String: Any]])
    let again = try #require(series.first { $0["name"] as? String == "DATA sent again" })
    #expect((again["values"] as? [Double] ?? []).reduce(0, +) > 10)
    let received = try #require((peers[1]["streams"] as? [[String: Any]])?.first)
    #expect(received["title"] as? String == "Received audio · Opus")
    let lanes = try #require(peers[1]["lanes"] as? [[String: Any]])
    let connection = try #require((lanes.first { $0["name"] as? String == "DTLS" })?["spans"] as? [[Any]])
    // The client of DTLS, which spoke first, did so after the check that crossed the path of 20 ms twice.
    #expect((connection[0][0] as? Double ?? 0) > 40)
  }

  @Test func `nothing from a recording becomes markup`() throws {
    let call = try #require(lossyCall)
    let session = try RecordedSession(name: "<script>alert(1)</script>\u{202E}", recording: call.answerer)
    let html = Report([session], title: "\"><script>alert(2)</script>").html()
    #expect(!html.contains("<img") && !html.contains("alert(1)</script>") && !html.contains("alert(2)</script>"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}"))
    #expect(html.contains("<title>&quot;&gt;&lt;script&gt;alert(2)&lt;/script&gt;</title>"))
    let peers = try #require(try Self.data(html)["peers"] as? [[String: Any]])
    let marks = try #require(peers[0]["marks"] as? [[Any]])
    #expect(marks.contains { ($0[2] as? String ?? "").contains("</script><img src=x onerror=alert(1)>\\u{1b}[31m") })
    #expect(html.components(separatedBy: "</script>").count == 3)
  }

  @Test func `the page asks for nothing from elsewhere`() throws {
    let html = Report([try session("chromium-media")], title: "t").html()
    #expect(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\""))
    for word in ["src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval("] {
      #expect(!html.contains(word), "\(word)")
    }
  }

  @Test func `a string of JSON comes back as it was`() throws {
    let text = "\"\\/<>&'\u{0}\u{1F}\n\u{2028}ß語😀</script><!--"
    var json = ""
    JSON.array([.string(text), .number(1.5), .number(.nan), .bool(true), .null]).write(into: &json)
    #expect(json.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "&") })
    let decoded = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [Any])
    #expect(decoded[0] as? String == text)
    #expect(decoded[1] as? Double == 1.5)
    #expect(decoded[2] is NSNull)
  }

  @Test(arguments: [0, 1, 999_999, 1_500_000_000, 86_400_000_000_000, .max] as [UInt64])
  func `amounts of any length of time go into few bins`(length: UInt64) {
    let end = Instant(nanoseconds: length)
    var bins = Bins(from: .zero, to: end)
    bins.add(1, at: .zero)
    bins.add(2, at: end)
    bins.add(4, at: .distantFuture)
    #expect(bins.amounts.count <= Bins.limit + 1)
    #expect(bins.amounts.reduce(0, +) == 7)
  }
}
