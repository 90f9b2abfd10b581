import Bytes
import Testing
import Time

@testable import SCTP

/// Everything sent arrives exactly once, in order per stream, whatever the network does.
@Test(arguments: 0..<200)
func `with 10 percent loss, reordering and duplication data arrives intact and both sides close`(seed: Int) throws {
  var world = World(seed: UInt64(seed))
  world.loss = 10
  world.duplication = 5
  world.reordering = 20
  world.a.setInitialRoundTrip(.milliseconds(100))
  world.b.setInitialRoundTrip(.milliseconds(100))
  world.a.connect(now: world.now)
  if seed % 2 == 0 { world.b.connect(now: world.now) }
  world.run(for: .seconds(30)) { $0.a.state == .established && $0.b.state == .established }
  #expect(world.a.state == .established && world.b.state == .established)
  for i in 0..<12 {
    let size = [1, 300, 1152, 4000, 12_000][i % 5]
    try world.a.send(pattern(size, i), on: UInt16(i % 3), ppid: UInt32(i), now: world.now)
    try world.b.send(pattern(size, i + 50), on: UInt16(i % 4), ppid: UInt32(i), .init(ordered: i % 2 == 0), now: world.now)
  }
  world.run(for: .seconds(300)) { $0.receivedByB.count >= 12 && $0.receivedByA.count >= 12 }
  #expect(world.receivedByB.count == 12)
  #expect(world.receivedByA.count == 12)
  for stream in 0..<3 {
    let got = world.receivedByB.filter { $0.stream == stream }
    #expect(got.map(\.protocolIdentifier) == (0..<12).filter { $0 % 3 == stream }.map { UInt32($0) })
  }
  for message in world.receivedByB {
    let i = Int(message.protocolIdentifier)
    #expect(message.bytes == pattern([1, 300, 1152, 4000, 12_000][i % 5], i))
  }
  for message in world.receivedByA {
    let i = Int(message.protocolIdentifier)
    #expect(message.bytes == pattern([1, 300, 1152, 4000, 12_000][i % 5], i + 50))
  }
  world.a.shutdown(now: world.now)
  world.run(for: .seconds(300)) { $0.a.phase == .ended && $0.b.phase == .ended }
  #expect(world.eventsOfA.last == .closed(.shutdown))
  let endOfB = world.eventsOfB.last
  // The last SHUTDOWN COMPLETE may be lost; then the peer asks again and is told that nobody is there.
  #expect(endOfB == .closed(.shutdown) || endOfB == .closed(.abortedByPeer(cause: 0)))
  #expect(world.idleAdvances == 0)
}
