import Time

/// Sessions as one page that needs nothing else: HTML with its style, script and data inside, and no access to any network. A
/// section for each peer, all on one time axis.
///
/// It shows addresses, names of channels and numbers, and neither keys nor what was said.
public struct Report {
  private let sessions: [RecordedSession]
  private let title: String

  public init(_ sessions: [RecordedSession], title: String) {
    self.sessions = sessions
    self.title = title
  }

  /// The page.
  public func html() -> String {
    let origin = self.sessions.map { $0.start }.min() ?? .zero
    let end = self.sessions.map { $0.end }.max() ?? .zero
    let timelines = self.sessions.map { Timeline($0) }
    var data = ""
    JSON.object([
      ("end", .number(max(milliseconds(end - origin), 1))),
      ("peers", .array(timelines.map { $0.json(since: origin) })),
    ]).write(into: &data)
    let title = htmlEscaped(visible(self.title))
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <title>\(title)</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      <p class="kind">A WebRTC session, replayed\(self.sessions.count > 1 ? ": \(self.sessions.count) peers on one clock" : "")</p>
      </header>
      <nav id="tools" aria-label="Time">
      <button data-view="all">Whole session</button><button data-view="setup">Set-up</button><button data-view="in">+</button><button data-view="out">−</button><button data-view="left">‹</button><button data-view="right">›</button>
      <output id="range"></output>
      <span class="hint">drag to zoom, double-click for all, Ctrl and wheel, or the keys + − ← → 0</span>
      </nav>
      <noscript>The plots need JavaScript; nothing is loaded from elsewhere.</noscript>
      <main>
      \(timelines.enumerated().map { $0.element.section($0.offset) }.joined(separator: "\n"))
      </main>
      <div id="tip" role="status" hidden></div>
      <script type="application/json" id="data">\(data)</script>
      <script>
      \(Self.script)
      </script>
      </body>
      </html>

      """
  }
}

extension Timeline {
  /// What is told without a script: the verdict and the cards.
  fileprivate func section(_ index: Int) -> String {
    let verdict = self.verdict
    let cards = self.cards.map { card in
      "<div class=\"card\"><dt>\(htmlEscaped(card.label))</dt><dd><b>\(htmlEscaped(card.value))</b><small>\(htmlEscaped(card.detail))</small></dd></div>"
    }
    var replay = "\(self.session.datagramsCompared) datagrams, \(bytesText(UInt64(self.session.bytesCompared))) and \(self.session.eventsCompared) events came out as they were recorded."
    if self.marksLeftOut > 0 { replay += " \(self.marksLeftOut) more calls and events are not marked." }
    if self.checksLeftOut > 0 { replay += " \(self.checksLeftOut) more checks are not drawn." }
    let problem = self.session.problem.map { "<p class=\"problem\"><b>The recording is damaged or of another build:</b> \(htmlEscaped($0)).</p>" }
    return """
      <section class="peer" id="peer\(index)" data-peer="\(index)">
      <div class="verdict \(verdict.tone.rawValue)"><span class="dot"></span><div><h2>\(htmlEscaped(visible(self.session.name)))</h2><p><b>\(htmlEscaped(verdict.headline)).</b> \(htmlEscaped(verdict.text))</p></div></div>
      \(problem ?? "")
      <dl class="cards">\(cards.joined())</dl>
      <div class="plots"></div>
      <p class="replay">\(htmlEscaped(replay))</p>
      </section>
      """
  }

  fileprivate func json(since origin: Instant) -> JSON {
    func time(_ instant: Instant) -> JSON { .number(milliseconds(instant - origin)) }
    let setUp = [self.connected, self.channelsConnected, self.firstMedia].compactMap { $0 }.max()
    let lanes = self.lanes.map { lane in
      JSON.object([
        ("name", .string(lane.name)),
        ("spans", .array(lane.spans.suffix(1000).map { .array([time($0.from), time($0.to), .string($0.label), .string($0.tone.rawValue)]) })),
      ])
    }
    let marks = self.marks.map { JSON.array([time($0.time), .string($0.tone.rawValue), .string($0.text)]) }
    let checks = self.checks.map { check in
      JSON.array([
        time(check.sent), .integer(check.row), .bool(check.direction == .incoming), check.answered.map { time($0) } ?? .null,
        .bool(check.isSuccess), .bool(check.isNominating), .bool(check.isAgain),
        check.errorCode.map { .integer($0) } ?? .null,
      ])
    }
    let flights = self.flights.map { flight in
      JSON.array([
        time(flight.time), .bool(flight.direction == .incoming), .array(flight.messages.prefix(24).map { .string($0) }),
        .integer(flight.size), .bool(flight.isAgain), .bool(flight.isAlert),
      ])
    }
    let streams = self.streamPlots.map { stream in
      JSON.object([
        ("title", .string(stream.title)), ("detail", .string(stream.detail)),
        ("plots", .array(stream.plots.filter { !$0.isEmpty }.map { $0.json(since: origin) })),
      ])
    }
    return .object([
      ("setup", setUp.map { time($0) } ?? .null), ("start", time(self.signallingStarted ?? self.session.start)),
      ("lanes", .array(lanes)), ("marks", .array(marks)), ("rows", .array(self.checkRows.map { .string($0) })),
      ("checks", .array(checks)), ("flights", .array(flights)),
      ("plots", .array(self.transportPlots.filter { !$0.isEmpty }.map { $0.json(since: origin) })),
      ("streams", .array(streams)),
    ])
  }
}
