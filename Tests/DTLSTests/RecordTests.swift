import Bytes
import Cryptography
@testable import DTLS
import Testing
import Time

@Suite struct RecordTests {
  private func connected(_ suite: CipherSuite = .ecdheECDSAWithAES128GCM) -> Pair {
    let pair = Pair(client: { $0.cipherSuites = [suite] })
    pair.connect()
    precondition(pair.client.isConnected && pair.server.isConnected)
    return pair
  }

  @Test(arguments: [CipherSuite.ecdheECDSAWithAES128GCM, .ecdheECDSAWithChaCha20Poly1305])
  func `a record costs its header, its nonce and its tag`(suite: CipherSuite) throws {
    let pair = self.connected(suite)
    let record = try pair.client.seal([UInt8](repeating: 7, count: 100))
    #expect(record.count == (suite == .ecdheECDSAWithAES128GCM ? 137 : 129))
    #expect(record[0] == 23 && record[3] == 0 && record[4] == 1)
    #expect(Int(record[11]) << 8 | Int(record[12]) == record.count - 13)
    pair.server.receive(record, now: pair.now)
    #expect(pair.server.received == [[UInt8](repeating: 7, count: 100)])
  }

  @Test func `misuse of seal is told`() throws {
    let pair = self.connected()
    let client = pair.client
    var buffer = [UInt8](repeating: 0, count: 20_000)
    func error(_ plaintext: Range<Int>) -> UsageError? {
      var span = buffer.mutableSpan
      do throws(UsageError) {
        _ = try client.connection.seal(&span, plaintext: plaintext)
        return nil
      } catch { return error }
    }
    #expect(error(20..<30) == .insufficientRoom)
    #expect(error(21..<30) == nil)
    #expect(error(19_980..<19_985) == .insufficientRoom)
    #expect(error(21..<(21 + 16_385)) == .messageTooLarge)
    #expect(error(21..<(21 + 16_384)) == nil)
  }

  @Test func `a replayed record is delivered once`() throws {
    let pair = self.connected()
    let records = try (0..<100).map { try pair.client.seal([UInt8($0)]) }
    for record in records + records { pair.server.receive(record, now: pair.now) }
    #expect(pair.server.received == (0..<100).map { [UInt8($0)] })
    #expect(pair.server.statistics.replayedRecords == 100)
  }

  @Test func `records may come late by 63, not by 64`() throws {
    let pair = self.connected()
    let records = try (0..<130).map { try pair.client.seal([UInt8($0)]) }
    pair.server.receive(records[129], now: pair.now)
    pair.server.receive(records[66], now: pair.now)
    pair.server.receive(records[65], now: pair.now)
    #expect(pair.server.received == [[129], [66]])
    #expect(pair.server.statistics.replayedRecords == 1)
  }

  @Test func `a record with any byte changed is not delivered`() throws {
    let pair = self.connected()
    let record = try pair.client.seal([1, 2, 3, 4])
    for position in record.indices {
      for bit in 0..<8 {
        var forged = record
        forged[position] ^= 1 << UInt8(bit)
        // The version's minor byte is not looked at on the way in: what it says is in the authenticated data as 1.2.
        if position == 2 { continue }
        pair.server.receive(forged, now: pair.now)
      }
    }
    #expect(pair.server.received.isEmpty)
    #expect(pair.server.isConnected)
    let statistics = pair.server.statistics
    #expect(statistics.forgedRecords > 0 && statistics.malformedRecords > 0)
    #expect(statistics.replayedRecords == 1)  // the number of Finished
    pair.server.receive(record, now: pair.now)
    #expect(pair.server.received == [[1, 2, 3, 4]])
  }

  @Test func `a record cut at every length is not delivered, nor does it trap`() throws {
    let pair = self.connected()
    let record = try pair.client.seal([1, 2, 3, 4])
    for length in 0..<record.count { pair.server.receive(Array(record.prefix(length)), now: pair.now) }
    // With a length to match, down to nothing at all.
    for length in 0..<(record.count - 13) {
      var cut = Array(record.prefix(13 + length))
      cut[11] = 0
      cut[12] = UInt8(length)
      pair.server.receive(cut, now: pair.now)
    }
    #expect(pair.server.received.isEmpty && pair.server.isConnected)
    #expect(pair.server.statistics.malformedRecords == UInt32(record.count - 1))
    #expect(pair.server.statistics.forgedRecords == UInt32(record.count - 13))
  }

  @Test func `records of one datagram are handed out one by one, and a broken one hides only what follows`() throws {
    let pair = self.connected()
    let first = try pair.client.seal([1]), second = try pair.client.seal([2])
    pair.server.receive(first + Forge.record(99, []) + second + [23, 0xFE], now: pair.now)
    #expect(pair.server.received == [[1], [2]])
    #expect(pair.server.statistics.malformedRecords == 1 && pair.server.statistics.unexpectedRecords == 1)
  }

  @Test(arguments: [Role.client, .server])
  func `records in the clear do not touch a connection that stands`(role: Role) throws {
    let pair = self.connected()
    let victim = role == .client ? pair.client : pair.server
    let ill: [[UInt8]] = [
      Forge.record(21, [2, 40]), Forge.record(21, [1, 0]), Forge.record(20, [1]), Forge.record(23, [1, 2, 3]),
      Forge.message(1, sequence: 0, [UInt8](repeating: 0, count: 80)), Forge.message(0, sequence: 0, []),
      Forge.record(22, epoch: 2, [1, 2, 3]), Forge.record(23, epoch: 0xFFFF, [1, 2, 3]),
      Forge.record(21, epoch: 1, number: 999, [2, 40]), Forge.record(22, epoch: 1, number: 998, [UInt8](repeating: 0, count: 60)),
    ]
    for record in ill { victim.receive(record, now: pair.now) }
    #expect(victim.isConnected && victim.received.isEmpty && victim.transmit().isEmpty)
    #expect(victim.statistics.unexpectedRecords == 8 && victim.statistics.forgedRecords == 2)
    #expect(victim.events == [.connected(srtpProfile: .aeadAES128GCM)])
  }

  @Test(arguments: [Role.client, .server])
  func `an alert in the clear ends a handshake with its reason, a warning does not`(role: Role) {
    let victim = Story(role).victim(after: 1)
    victim.receive(Forge.record(21, [1, 90]), now: .zero + .seconds(1))
    victim.receive(Forge.record(21, [2]), now: .zero + .seconds(1))
    #expect(victim.phase == .handshaking)
    victim.receive(Forge.record(21, [2, 70]), now: .zero + .seconds(1))
    #expect(victim.events == [.failed(.peerAlert(.protocolVersion))])
    #expect(victim.nextDeadline == nil && victim.transmit().isEmpty)
  }

  @Test(arguments: [Role.client, .server])
  func `close_notify closes both sides`(role: Role) throws {
    let pair = self.connected()
    let (first, second) = role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
    first.connection.close()
    #expect(first.phase == .closed)
    pair.exchange()
    #expect(second.phase == .closed)
    #expect(second.events.last == .closed && first.events.count == 1)
    #expect(throws: UsageError.notConnected) { _ = try first.seal([1]) }
    #expect(throws: UsageError.notConnected) { _ = try second.seal([1]) }
    #expect(throws: UsageError.notConnected) { _ = try second.export() }
  }

  @Test func `the client's Finished may overtake the rest of its flight`() throws {
    let pair = Pair(client: { $0.maximumTransmissionUnit = 200 })
    pair.client.connection.start(now: pair.now)
    for datagram in pair.client.transmit() { pair.server.receive(datagram, now: pair.now) }
    for datagram in pair.server.transmit() { pair.client.receive(datagram, now: pair.now) }
    let flight = pair.client.transmit()
    #expect(flight.count > 2)
    for datagram in flight.reversed() { pair.server.receive(datagram, now: pair.now) }
    #expect(pair.server.isConnected)
    pair.exchange()
    #expect(pair.client.isConnected)
    #expect(pair.server.received.isEmpty && pair.server.earlyData().isEmpty)
  }

  @Test func `data that overtakes the server's last flight is kept within bounds, in order`() throws {
    let pair = Pair(client: { $0.maximumEarlyBytes = 300 })
    pair.client.connection.start(now: pair.now)
    for datagram in pair.client.transmit() { pair.server.receive(datagram, now: pair.now) }
    for datagram in pair.server.transmit() { pair.client.receive(datagram, now: pair.now) }
    for datagram in pair.client.transmit() { pair.server.receive(datagram, now: pair.now) }
    #expect(pair.server.isConnected)
    let last = pair.server.transmit()
    let records = try (0..<10).map { try pair.server.seal([UInt8]([UInt8($0), 1, 2])) }
    pair.client.receive(Forge.record(23, epoch: 1, number: 77, [UInt8](repeating: 9, count: 30)), now: pair.now)
    for record in records { pair.client.receive(record, now: pair.now) }
    #expect(!pair.client.isConnected && pair.client.received.isEmpty && pair.client.earlyData().isEmpty)
    for datagram in last { pair.client.receive(datagram, now: pair.now) }
    #expect(pair.client.isConnected)
    #expect(pair.client.earlyData() == (0..<6).map { [UInt8($0), 1, 2] })  // 43 bytes of forgery, 6 records of 40
    #expect(pair.client.statistics.droppedEarlyRecords == 4 && pair.client.statistics.forgedRecords == 1)
    pair.client.receive(records[0], now: pair.now)
    #expect(pair.client.statistics.replayedRecords == 1 && pair.client.received.isEmpty)
  }

  @Test(arguments: [Role.client, .server])
  func `a fork goes on byte for byte, at every point`(role: Role) throws {
    // The story of the original is repeated on a fork that was made before each datagram.
    let pair = Pair()
    let (original, other) = role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
    pair.client.connection.start(now: pair.now)
    var forks = 0
    for _ in 0..<8 {
      let copy = Endpoint(try original.connection.fork())
      forks += 1
      let sent = original.transmit()
      #expect(copy.transmit() == sent)
      for datagram in sent { other.receive(datagram, now: pair.now) }
      for datagram in other.transmit() {
        original.receive(datagram, now: pair.now)
        copy.receive(datagram, now: pair.now)
      }
      #expect(copy.phase == original.phase && copy.nextDeadline == original.nextDeadline)
      let (again, also) = (original.transmit(), copy.transmit())
      #expect(again == also)
      for datagram in again { other.receive(datagram, now: pair.now) }
      if original.isConnected {
        #expect(try copy.export() == original.export())
        #expect(try copy.seal([1, 2, 3]) == original.seal([1, 2, 3]))
        if other.isConnected {
          let data = try other.seal([UInt8(forks)])
          original.receive(data, now: pair.now)
          copy.receive(data + data, now: pair.now)
          #expect(copy.received == [[UInt8(forks)]])
          #expect(copy.statistics.replayedRecords == 1)
        }
      }
    }
    #expect(original.isConnected && original.received.count > 3)
  }

  @Test(arguments: [Role.client, .server])
  func `a wish to renegotiate is declined by a warning`(role: Role) throws {
    let pair = self.connected()
    let (wisher, other) = role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
    let wish = Forge.fragment(role == .client ? 1 : 0, sequence: 7, [UInt8](repeating: 0, count: role == .client ? 50 : 0))
    other.receive(try wisher.seal(wish, type: .handshake), now: pair.now)
    let answer = other.transmit()
    #expect(answer.count == 1)
    wisher.receive(answer[0], now: pair.now)
    #expect(wisher.isConnected && other.isConnected)
    #expect(wisher.statistics.unexpectedRecords == 1)
  }

  @Test(arguments: [Role.client, .server])
  func `other handshake messages and change_cipher_spec under the keys are ignored`(role: Role) throws {
    let pair = self.connected()
    let (first, second) = role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
    for type in HostileHandshakeTests.types where type != (role == .client ? 1 : 0) && type != 20 {
      second.receive(try first.seal(Forge.fragment(type, sequence: 3, [1, 2, 3]), type: .handshake), now: pair.now)
    }
    second.receive(try first.seal([1], type: .changeCipherSpec), now: pair.now)
    second.receive(try first.seal([22], type: .handshake), now: pair.now)
    #expect(second.isConnected && second.transmit().isEmpty)
    #expect(second.statistics.malformedRecords == 1 && second.statistics.unexpectedRecords == 1)
  }

  @Test func `an authentic fatal alert ends the connection with its reason`() throws {
    let pair = self.connected()
    pair.server.receive(try pair.client.seal([2, 80], type: .alert), now: pair.now)
    #expect(pair.server.events.last == .failed(.peerAlert(.internalError)))
    #expect(pair.server.phase == .failed)
  }

  @Test func `configurations out of range are refused`() {
    func error(_ role: Role, _ configure: (inout Connection.Configuration) -> Void) -> UsageError? {
      var configuration = Connection.Configuration(role: role)
      configure(&configuration)
      do throws(UsageError) {
        _ = try Connection(configuration: configuration, identity: alice, random: SeededRandom(seed: .init(1)), now: .zero)
        return nil
      } catch { return error }
    }
    #expect(error(.client) { _ in } == nil)
    #expect(error(.client) { $0.maximumTransmissionUnit = 127 } == .invalidConfiguration)
    #expect(error(.client) { $0.maximumTransmissionUnit = 16_385 } == .invalidConfiguration)
    #expect(error(.client) { $0.groups = [] } == .invalidConfiguration)
    #expect(error(.client) { $0.cipherSuites = [.ecdheRSAWithAES128GCM] } == nil)
    #expect(error(.server) { $0.cipherSuites = [.ecdheRSAWithAES128GCM] } == .invalidConfiguration)
    #expect(error(.client) { $0.maximumHandshakeMessageSize = 100 } == .invalidConfiguration)
    #expect(error(.client) { $0.maximumEarlyBytes = -1 } == .invalidConfiguration)
  }
}
