import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time
import WebRTC

/// The first record of a session: everything a peer is made from.
struct StartRecord: Sendable {
  var configuration: PeerConnection.Configuration
  var identity: Identity
  var seed: SeededRandom.Seed

  init(configuration: PeerConnection.Configuration, identity: Identity, seed: SeededRandom.Seed) {
    self.configuration = configuration
    self.identity = identity
    self.seed = seed
  }

  func encoded() -> [UInt8] {
    var writer = FieldWriter()
    for i in 0..<32 { writer.bytes.append(self.seed.bytes[i]) }
    for i in 0..<32 { writer.bytes.append(self.identity.key.privateKey[i]) }
    appendVarint(UInt64(self.identity.certificate.count), to: &writer.bytes)
    writer.bytes += self.identity.certificate
    var configuration = self.configuration
    configuration.visit(&writer)
    return writer.bytes
  }

  init(decoding bytes: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(bytes)
    var seed = InlineArray<32, UInt8>(repeating: 0)
    for i in 0..<32 { seed[i] = try cursor.read() }
    let key = try cursor.readBytes(32)
    let size: UInt16 = try number(try cursor.readVarint())
    let certificate = arrayCopy(try cursor.readBytes(Int(size)))
    guard let identity = try? Identity(privateKey: key, certificate: certificate) else { throw .malformed }
    var reader = FieldReader(numbers: [], failed: false)
    while !cursor.isAtEnd { reader.numbers.append(try cursor.readVarint()) }
    reader.numbers.reverse()
    var configuration = PeerConnection.Configuration()
    configuration.visit(&reader)
    guard !reader.failed, reader.numbers.isEmpty else { throw .malformed }
    self.init(configuration: configuration, identity: identity, seed: SeededRandom.Seed(bytes: seed))
  }
}

/// Goes over every field of a configuration in a fixed order: one list serves both directions, so that they agree.
protocol FieldVisitor {
  mutating func visit(_ value: inout UInt64)
  /// Whether fields follow that older recordings do not have; `isNeeded`: they differ from what is meant by their absence.
  mutating func hasMore(isNeeded: Bool) -> Bool
}

struct FieldWriter: FieldVisitor {
  var bytes: [UInt8] = []
  mutating func hasMore(isNeeded: Bool) -> Bool { isNeeded }
  mutating func visit(_ value: inout UInt64) { appendVarint(value, to: &self.bytes) }
}

struct FieldReader: FieldVisitor {
  /// The last one is next.
  var numbers: [UInt64]
  var failed: Bool
  mutating func hasMore(isNeeded: Bool) -> Bool { !self.numbers.isEmpty }
  mutating func visit(_ value: inout UInt64) {
    guard let number = self.numbers.popLast() else {
      self.failed = true
      return
    }
    value = number
  }
}

extension FieldVisitor {
  mutating func visit(_ value: inout Interval) { self.visit(&value.nanoseconds) }

  mutating func visit<T: FixedWidthInteger>(_ value: inout T) {
    var wide = UInt64(clamping: value)
    self.visit(&wide)
    value = T(clamping: wide)
  }

  mutating func visit(_ value: inout Bool) {
    var wide: UInt64 = value ? 1 : 0
    self.visit(&wide)
    value = wide != 0
  }

  mutating func visit<T: RawRepresentable>(_ value: inout T) where T.RawValue: FixedWidthInteger {
    var raw = value.rawValue
    self.visit(&raw)
    value = T(rawValue: raw) ?? value
  }

  mutating func visit<T: RawRepresentable>(_ values: inout [T]) where T.RawValue: FixedWidthInteger {
    var count = values.count
    self.visit(&count)
    guard count <= 64 else { return }
    var result: [T] = []
    for i in 0..<count {
      var raw: T.RawValue = i < values.count ? values[i].rawValue : 0
      self.visit(&raw)
      if let value = T(rawValue: raw) { result.append(value) }
    }
    values = result
  }

  mutating func visit(_ values: inout [TransportAddress]) {
    var count = values.count
    self.visit(&count)
    guard count <= 64 else { return }
    var result: [TransportAddress] = []
    for i in 0..<count {
      var address = i < values.count ? values[i] : TransportAddress(ip: IPAddress(high: 0, low: 0), port: 0)
      self.visit(&address.ip.high)
      self.visit(&address.ip.low)
      self.visit(&address.port)
      result.append(address)
    }
    values = result
  }
}

extension PeerConnection.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    self.ice.visit(&visitor)
    self.dtls.visit(&visitor)
    self.channels.visit(&visitor)
    visitor.visit(&self.answersActive)
    visitor.visit(&self.maximumEarlyDatagrams)
    visitor.visit(&self.offersDataChannels)
    self.audio.visit(&visitor)
    self.video.visit(&visitor)
    visitor.visit(&self.receivesOfferedMedia)
    self.rtp.visit(&visitor)
    visitor.visit(&self.srtp.replayWindow)
    visitor.visit(&self.srtp.repeatWindow)
    visitor.visit(&self.srtp.maximumStreams)
    let usual = Self()
    guard
      visitor.hasMore(
        isNeeded: self.ice.gatheringTimeout != usual.ice.gatheringTimeout
          || self.acceptsDataChannels != usual.acceptsDataChannels)
    else { return }
    visitor.visit(&self.ice.gatheringTimeout)
    visitor.visit(&self.acceptsDataChannels)
  }
}

extension ICE.Agent.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.role)
    visitor.visit(&self.pacingInterval)
    visitor.visit(&self.initialRTO)
    visitor.visit(&self.maximumRTO)
    visitor.visit(&self.maximumCheckAttempts)
    visitor.visit(&self.maximumCandidates)
    visitor.visit(&self.maximumPairs)
    visitor.visit(&self.consentInterval)
    visitor.visit(&self.consentTimeout)
    visitor.visit(&self.disconnectedTimeout)
    visitor.visit(&self.nominationDelay)
    visitor.visit(&self.checksTimeout)
    visitor.visit(&self.keepaliveInterval)
    visitor.visit(&self.stunServers)
    visitor.visit(&self.maximumGatheringAttempts)
  }
}

extension DTLS.Connection.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.maximumTransmissionUnit)
    visitor.visit(&self.initialTimeout)
    visitor.visit(&self.maximumTimeout)
    visitor.visit(&self.handshakeTimeout)
    visitor.visit(&self.srtpProfiles)
    visitor.visit(&self.cipherSuites)
    visitor.visit(&self.groups)
    visitor.visit(&self.requiresCookie)
    visitor.visit(&self.requiresExtendedMasterSecret)
    visitor.visit(&self.maximumEarlyBytes)
    visitor.visit(&self.maximumHandshakeMessageSize)
  }
}

extension DataChannels.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    self.association.visit(&visitor)
    visitor.visit(&self.maximumChannels)
    visitor.visit(&self.maximumNameLength)
    visitor.visit(&self.maximumEarlyBytes)
  }
}

extension SCTP.Association.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.localPort)
    visitor.visit(&self.remotePort)
    visitor.visit(&self.maximumPacketSize)
    visitor.visit(&self.receiveWindow)
    visitor.visit(&self.sendBufferLimit)
    visitor.visit(&self.maximumMessageSize)
    visitor.visit(&self.remoteMaximumMessageSize)
    visitor.visit(&self.streams)
    visitor.visit(&self.maximumActiveStreams)
    visitor.visit(&self.maximumPendingResets)
    visitor.visit(&self.initialRTO)
    visitor.visit(&self.minimumRTO)
    visitor.visit(&self.maximumRTO)
    visitor.visit(&self.maximumBackoff)
    visitor.visit(&self.toleratesLoss)
    visitor.visit(&self.delayedAcknowledgement)
    visitor.visit(&self.heartbeatInterval)
    visitor.visit(&self.maximumRetransmissions)
    visitor.visit(&self.maximumInitRetransmissions)
    visitor.visit(&self.maximumBurst)
    visitor.visit(&self.initialWindow)
    visitor.visit(&self.cookieLifetime)
    visitor.visit(&self.zeroChecksum)
  }
}
