import Time

/// Colours by meaning; the page's style sheet knows them.
enum Tone: String { case a, b, c, d, e, good, wait, warn, bad, off }

/// One curve of a plot.
struct Series {
  enum Shape {
    /// Amounts, added up by bins of one width; shown as a rate a second, `scale` times as large.
    case rate(Bins, scale: Double)
    /// Amounts, shown as they are, added up.
    case count(Bins)
    /// A value that holds until the next one; nil: there is none from here on.
    case level([(Instant, Double?)])
    case dots([(Instant, Double)])
  }

  var name: String
  var tone: Tone
  var shape: Shape

  var isEmpty: Bool {
    switch self.shape {
    case .rate(let bins, _), .count(let bins): bins.isEmpty
    case .level(let points): !points.contains { $0.1 != nil }
    case .dots(let points): points.isEmpty
    }
  }
}

struct Plot {
  var title: String
  var unit: String
  var isLogarithmic = false
  var series: [Series]
}

/// Amounts over time in at most 1,500 bins.
struct Bins {
  let start: Instant
  /// Of one bin.
  let width: Interval
  private(set) var amounts: [Double] = []
  static let limit = 1500

  init(from start: Instant, to end: Instant) {
    self.start = start
    self.width = Self.width((end - start).nanoseconds)
  }

  /// 1, 2 or 5 times a power of ten milliseconds.
  private static func width(_ length: UInt64) -> Interval {
    var power: UInt64 = 1_000_000
    while true {
      for factor in [1, 2, 5] as [UInt64] {
        let (width, overflow) = power.multipliedReportingOverflow(by: factor)
        if overflow || length / width < UInt64(Self.limit) { return Interval(nanoseconds: overflow ? .max : width) }
      }
      power = power.multipliedReportingOverflow(by: 10).overflow ? .max : power * 10
    }
  }

  var isEmpty: Bool { self.amounts.isEmpty }

  mutating func add(_ amount: Double, at time: Instant) {
    guard amount != 0 else { return }
    let index = min(Int(clamping: (time - self.start).nanoseconds / self.width.nanoseconds), Self.limit)
    if index >= self.amounts.count {
      self.amounts += [Double](repeating: 0, count: index + 1 - self.amounts.count)
    }
    self.amounts[index] += amount
  }
}

extension Plot {
  func json(since origin: Instant) -> JSON {
    .object([
      ("title", .string(self.title)), ("unit", .string(self.unit)), ("log", .bool(self.isLogarithmic)),
      ("series", .array(self.series.filter { !$0.isEmpty }.map { $0.json(since: origin) })),
    ])
  }

  var isEmpty: Bool { self.series.allSatisfy { $0.isEmpty } }
}

extension Series {
  func json(since origin: Instant) -> JSON {
    var members: [(String, JSON)] = [("name", .string(self.name)), ("tone", .string(self.tone.rawValue))]
    switch self.shape {
    case .rate(let bins, let scale): members += [("kind", .string("rate"))] + bins.members(since: origin, scale)
    case .count(let bins): members += [("kind", .string("count"))] + bins.members(since: origin, 1)
    case .level(let points):
      let values = points.map { JSON.array([.number(milliseconds($0.0 - origin)), $0.1.map { .number($0) } ?? .null]) }
      members += [("kind", .string("level")), ("points", .array(values))]
    case .dots(let points):
      let values = points.map { JSON.array([.number(milliseconds($0.0 - origin)), .number($0.1)]) }
      members += [("kind", .string("dots")), ("points", .array(values))]
    }
    return .object(members)
  }
}

extension Bins {
  fileprivate func members(since origin: Instant, _ scale: Double) -> [(String, JSON)] {
    [
      ("start", .number(milliseconds(self.start - origin))), ("width", .number(milliseconds(self.width))),
      ("scale", .number(scale)), ("values", .array(self.amounts.map { .number($0) })),
    ]
  }
}

/// A level without the points that say what the one before said, and no more than 3,000 of them.
func level(_ points: [(Instant, Double?)]) -> Series.Shape {
  var result: [(Instant, Double?)] = []
  for point in points where result.last.map({ $0.1 != point.1 }) ?? true { result.append(point) }
  if let last = points.last, let kept = result.last, kept.0 < last.0 { result.append(last) }
  return .level(result)
}
