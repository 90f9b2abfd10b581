import Testing

@testable import SCTP

@Test func `ordered messages keep their order where a stream's sequence numbers wrap`() {
  var streams = IncomingStreams(maximumStreams: 1)
  var pool = BlockPool(limit: 0)
  func arrive(_ sequence: UInt16) {
    var entry = IncomingStreams.Entry()
    entry.sequence = sequence
    entry.isOrdered = true
    let isTaken = streams.deliver(entry, pool: &pool)
    #expect(isTaken)
  }
  func ready() -> [UInt16] {
    var result: [UInt16] = []
    while let entry = streams.takeReady() { result.append(entry.sequence) }
    return result
  }
  for sequence in UInt16(0)..<65_534 {
    arrive(sequence)
    _ = streams.takeReady()
  }
  for sequence in [UInt16(1), 65_535, 0] {
    arrive(sequence)
    #expect(ready() == [])
  }
  arrive(65_534)
  #expect(ready() == [65_534, 65_535, 0, 1])
}
