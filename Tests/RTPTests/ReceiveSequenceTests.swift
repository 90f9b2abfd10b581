import Testing
import Time

@testable import RTP

@Suite struct ReceiveSequenceTests {
  @Test func `the highest sequence number counts its wraps`() {
    var tracker = SequenceTracker()
    #expect(tracker.take(65_534, window: 64) == .first)
    #expect(tracker.take(65_535, window: 64) == .forward(1))
    #expect(tracker.take(1, window: 64) == .forward(2))
    #expect(tracker.take(0, window: 64) == .backward(1))
    let report = tracker.takeReport()
    #expect(report.extendedHighestSequence == 0x1_0001)
    #expect(report.packetsLost == 0)
    #expect(report.fractionLost == 0)
  }

  @Test func `the fraction lost is that since the report before, the number lost that since the start`() {
    var tracker = SequenceTracker()
    for sequence in UInt16(100)..<200 where sequence % 4 != 1 { _ = tracker.take(sequence, window: 64) }
    var report = tracker.takeReport()
    #expect(report.packetsLost == 25)
    #expect(report.fractionLost == 64)
    for sequence in UInt16(200)..<300 { _ = tracker.take(sequence, window: 64) }
    report = tracker.takeReport()
    #expect(report.packetsLost == 25)
    #expect(report.fractionLost == 0)
    #expect(report.extendedHighestSequence == 299)
  }

  @Test func `duplicates make the number lost negative and the fraction zero`() {
    var tracker = SequenceTracker()
    for sequence in UInt16(0)..<10 {
      _ = tracker.take(sequence, window: 64)
      #expect(tracker.take(sequence, window: 64) == .backward(0))
    }
    let report = tracker.takeReport()
    #expect(report.packetsLost == -10)
    #expect(report.fractionLost == 0)
  }

  @Test func `one packet far away is refused, a second in a row begins the sequence anew`() {
    var tracker = SequenceTracker()
    for sequence in UInt16(0)..<10 { _ = tracker.take(sequence, window: 64) }
    #expect(tracker.take(20_000, window: 64) == .refused)
    #expect(tracker.take(10, window: 64) == .forward(1))
    #expect(tracker.take(30_000, window: 64) == .refused)
    #expect(tracker.take(30_001, window: 64) == .restart)
    #expect(tracker.take(30_002, window: 64) == .forward(1))
    #expect(tracker.takeReport().extendedHighestSequence == 30_002)
    #expect(tracker.totalLost == 0)
  }

  @Test func `a jump backwards beyond what a repeat may be late by is one, too`() {
    var tracker = SequenceTracker()
    _ = tracker.take(5000, window: 64)
    #expect(tracker.take(4000, window: 64) == .backward(1000))
    #expect(tracker.take(3999, window: 64) == .refused)
    #expect(tracker.take(3900, window: 1100) == .backward(1100))
    #expect(tracker.take(3000, window: 64) == .refused)
    #expect(tracker.take(3001, window: 64) == .restart)
  }

  @Test func `a repeat by RTX changes no number of the report`() {
    var tracker = SequenceTracker()
    for sequence in [UInt16(1), 2, 4, 5] { _ = tracker.take(sequence, window: 64) }
    let before = tracker.totalLost
    #expect(tracker.place(3, window: 64) == .backward(2))
    #expect(tracker.place(8, window: 64) == .forward(3))
    #expect(tracker.place(2000, window: 64) == .refused)
    #expect(tracker.totalLost == before)
  }

  @Test func `jitter is that of RFC 3550 section A 8`() {
    var tracker = SequenceTracker()
    var reference = 0.0
    var random = SeededRandom(seed: .init(3))
    var before: Int64?
    for i in 0..<500 {
      let late = UInt64(random.next(below: 20_000_000))
      let arrival = UInt64(i) * 20_000_000 + late + (1 << 40)
      tracker.noteArrival(Instant(nanoseconds: arrival), timestamp: UInt32(i) &* 160 &+ 0xFFFF_F000, clockRate: 8000)
      let transit = Int64(arrival / 125_000) - Int64(i) * 160
      if let before { reference += (Double(abs(transit - before)) - reference) / 16 }
      before = transit
    }
    #expect(abs(Double(tracker.jitter) - reference) < 2)
    #expect(reference > 30)
  }

  @Test func `a change of clock rate, or a timestamp out of all reason, does not count as jitter`() {
    var tracker = SequenceTracker()
    let now = Instant(nanoseconds: 5_000_000_000)
    tracker.noteArrival(now, timestamp: 0, clockRate: 8000)
    tracker.noteArrival(now, timestamp: 0x7000_0000, clockRate: 8000)
    #expect(tracker.jitter == 0)
    tracker.noteArrival(now, timestamp: 1000, clockRate: 48_000)
    #expect(tracker.jitter == 0)
  }
}
