import Bytes
import Testing
import Time

@testable import RTP

@Suite struct TransportFeedbackTests {
  /// All statuses of the reports that the log writes, with absolute times in 250 µs.
  func report(_ log: inout ArrivalLog, room: Int = 1200) throws -> [(number: UInt16, time: Int?)] {
    var result: [(UInt16, Int?)] = []
    var buffer = [UInt8](repeating: 0, count: room)
    while log.isDue {
      var writer = SpanWriter(buffer.mutableSpan)
      guard log.write(sender: 1, media: 2, into: &writer) else { continue }
      let count = writer.count
      let bytes = Array(buffer[..<count])
      #expect(count % 4 == 0 && count <= room)
      var offset = 0
      let packet = try #require(try ControlPacket.next(in: bytes.span, at: &offset))
      #expect(packet.kind == 205 && packet.count == 15 && offset == count)
      let body = Array(bytes[4...])
      var feedback = try TransportFeedback(parsing: body.span)
      var time = Int(feedback.referenceTime) * 256
      while let status = feedback.next(in: body.span) {
        if let delta = status.delta { time += Int(delta) }
        result.append((status.sequenceNumber, status.delta == nil ? nil : time))
      }
    }
    return result
  }

  @Test(arguments: 0..<40)
  func `every arrival and every loss is told, whatever the pattern`(seed: Int) throws {
    var random = SeededRandom(seed: .init(UInt64(seed)))
    var log = ArrivalLog()
    var time: UInt64 = 1_000_000_000
    var number = UInt16(truncatingIfNeeded: 65_400 + seed)
    var expected: [(UInt16, Int?)] = []
    let count = 20 + Int(random.next(below: 600))
    let loss = random.next(below: 60)
    let slow = random.next(below: 2) == 0
    for i in 0..<count {
      time += UInt64(random.next(below: slow ? 200_000_000 : 400_000))
      // The ends arrive, so that it is known what the report is about.
      let arrives = i == 0 || i == count - 1 || random.next(below: 100) >= loss
      if arrives { log.note(number, at: Instant(nanoseconds: time)) }
      expected.append((number, arrives ? Int(time / 250_000) : nil))
      number &+= 1
    }
    let told = try self.report(&log, room: seed % 2 == 0 ? 1200 : 100)
    #expect(told.map(\.number) == expected.map(\.0))
    #expect(told.map(\.time) == expected.map(\.1))
  }

  @Test func `a straggler is told after its loss was`() throws {
    var log = ArrivalLog()
    let now = Instant(nanoseconds: 2_000_000_000)
    for number in [10, 11, 13] as [UInt16] { log.note(number, at: now) }
    let first = try self.report(&log)
    #expect(first.map { $0.time == nil } == [false, false, true, false])
    log.note(12, at: now + .milliseconds(3))
    let second = try self.report(&log)
    #expect(second.first?.number == 12 && second.first?.time == (2000 + 3) * 4)
    // A duplicate is nothing new.
    log.note(12, at: now + .milliseconds(9))
    #expect(!log.isDue)
  }

  @Test func `a jump begins anew, without a report of thousands of losses`() throws {
    var log = ArrivalLog()
    let now = Instant(nanoseconds: 2_000_000_000)
    log.note(10, at: now)
    log.note(20_000, at: now)
    let told = try self.report(&log)
    #expect(told.map(\.number) == [20_000])
  }

  @Test func `a sender that counts anew from a lower number is reported on`() throws {
    var log = ArrivalLog()
    let now = Instant(nanoseconds: 2_000_000_000)
    log.note(20_000, at: now)
    _ = try self.report(&log)
    log.note(10_000, at: now)
    log.note(10_001, at: now)
    let told = try self.report(&log)
    #expect(told.map(\.number) == [10_000, 10_001])
  }

  @Test func `where there is no room for a status no report is written`() throws {
    var log = ArrivalLog()
    log.note(7, at: Instant(nanoseconds: 2_000_000_000))
    var buffer = [UInt8](repeating: 0, count: 25)
    var writer = SpanWriter(buffer.mutableSpan)
    let isWritten = log.write(sender: 1, media: 2, into: &writer)
    #expect(!isWritten && log.isDue)
    let told = try self.report(&log)
    #expect(told.map(\.number) == [7])
  }

  @Test func `chunks of every kind are read`() throws {
    // Base 5, nine packets: a run of 2 small ones, then one-bit symbols of which 1 counts, then two-bit ones.
    let body: [UInt8] =
      [0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 23, 0, 0, 2, 7]
      + [0x20, 0x02]  // run: small, 2
      + [0x90, 0x00]  // one bit each: not, small, not…
      + [0xD8, 0x00]  // two bits each: small, large, not…
      + [1, 2, 3, 4, 0xFF, 0xFE]
    var feedback = try TransportFeedback(parsing: body.span)
    #expect(feedback.referenceTime == 2 && feedback.feedbackCount == 7)
    var deltas: [Int16?] = []
    while let status = feedback.next(in: body.span) { deltas.append(status.delta) }
    #expect(deltas.count == 23)
    #expect(deltas[0] == 1 && deltas[1] == 2 && deltas[2] == nil && deltas[3] == 3 && deltas[4] == nil)
    #expect(deltas[16] == 4 && deltas[17] == -2)
    for count in 0..<body.count {
      let cut = Array(body[..<count])
      #expect(throws: WireError.self) { try TransportFeedback(parsing: cut.span) }
    }
  }

  @Test func `reports that lie about their length are refused`() {
    let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2, 0, 5]
    // No packets; a run of no packets; more packets than any report has.
    for rest in [
      [0, 0, 0, 0, 2, 7, 0x20, 0x02, 1, 2], [0, 2, 0, 0, 2, 7, 0x20, 0x00, 1, 2], [0xFF, 0xFF, 0, 0, 2, 7, 0x1F, 0xFF],
    ] as [[UInt8]] {
      let body = head + rest
      #expect(throws: WireError.self) { try TransportFeedback(parsing: body.span) }
    }
  }

  @Test func `departures are counted once, and a loss is taken back when the packet comes`() throws {
    var departures = DepartureLog(first: 65_530)
    var arrivals = ArrivalLog()
    let now = Instant(nanoseconds: 2_000_000_000)
    var numbers: [UInt16] = []
    for _ in 0..<10 { numbers.append(departures.depart(1000, at: now)) }
    func tell(_ chosen: [Int]) throws {
      for i in chosen { arrivals.note(numbers[i], at: now) }
      var buffer = [UInt8](repeating: 0, count: 1200)
      var writer = SpanWriter(buffer.mutableSpan)
      let isWritten = arrivals.write(sender: 1, media: 2, into: &writer)
      #expect(isWritten)
      let count = writer.count
      let body = Array(buffer[4..<count])
      // The same report twice counts once.
      let feedback = try TransportFeedback(parsing: body.span)
      departures.take(feedback, body: body.span, at: now + .seconds(1))
      departures.take(feedback, body: body.span, at: now + .seconds(1))
    }
    try tell([0, 1, 2, 5, 9])
    #expect(departures.statistics.packetsAcknowledged == 5 && departures.statistics.packetsLost == 5)
    // 5,000 bytes in a second.
    #expect(departures.statistics.acknowledgedBitRate == 40_000)
    #expect(departures.statistics.fractionLost == 128)
    try tell([3])
    #expect(departures.statistics.packetsAcknowledged == 6 && departures.statistics.packetsLost == 4)
  }
}
