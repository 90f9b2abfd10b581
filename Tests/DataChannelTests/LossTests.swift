import SCTP
import Testing
import Time

@testable import DataChannel

@Test func `with 10 percent loss at 50 ms channels open fast, and none is lost`() throws {
  var times: [UInt64] = []
  for seed in 0..<100 {
    var world = World(seed: UInt64(seed))
    world.loss = 10
    world.a.setInitialRoundTrip(.milliseconds(100))
    world.b.setInitialRoundTrip(.milliseconds(100))
    let start = world.now
    _ = try world.a.open(now: world.now)
    world.a.connect(now: world.now)
    world.b.connect(now: world.now)
    let opened = world.run(for: .seconds(20)) { $0.eventsOfB.contains { if case .opened = $0 { true } else { false } } }
    #expect(opened)
    times.append((world.now - start).nanoseconds / 1_000_000)
  }
  times.sort()
  #expect(times[0] >= 100)
  #expect(times[50] <= 200)
  #expect(times[90] <= 600)
  #expect(times[99] <= 2000)
}

@Test(arguments: 0..<30) func `channels open, carry and close under loss and reordering, with nothing missing`(seed: Int) throws {
  var world = World(seed: UInt64(seed))
  world.loss = 10
  world.reordering = 20
  world.connect()
  var channels: [DataChannels.Channel] = []
  for i in 0..<10 {
    let channel = try world.a.open("c\(i)", now: world.now) { $0.ordered = i % 2 == 0 }
    for j in 0..<5 { try world.a.send([UInt8](repeating: UInt8(i * 5 + j), count: 700 * j), on: channel, now: world.now) }
    channels.append(channel)
    world.run(for: .milliseconds(20))
  }
  for channel in channels { world.a.close(channel, now: world.now) }
  world.run(for: .seconds(200)) { world in channels.allSatisfy { world.a.info(of: $0) == nil } }
  world.run(for: .seconds(5))
  #expect(world.receivedByB.count == 50)
  for channel in channels { #expect(world.eventsOfA.contains(.closed(channel))) }
  let closed = world.eventsOfB.filter { if case .closed = $0 { true } else { false } }
  #expect(closed.count == 10)
  #expect(world.b.channels.count == 0)
}
