import Bytes
import Cryptography
import Time

/// One DTLS 1.2 association, as WebRTC uses it (RFC 6347, RFC 5764, RFC 8827 section 6.5): both sides show certificates, which
/// are trusted for their fingerprints alone; nothing is resumed or renegotiated.
///
/// A client begins with `start`; a server answers whenever it is asked. Feed what arrives to `receive`, call `advance` at
/// `nextDeadline`, and after either poll `pollTransmit` until false and `pollEvent` until nil. The messages of a handshake are
/// in `Handshake/`, the state's transitions in `Client.swift`, `Server.swift` and `Dispatch.swift`.
public struct Connection: ~Copyable, Sendable {
  public enum Phase: Equatable, Sendable {
    /// A client before `start`, a server before the first whole ClientHello.
    case idle
    case handshaking
    /// The handshake cannot go on before signalling tells the peer's fingerprint.
    case awaitingFingerprint
    case connected
    /// `close` was called, or the peer said close_notify.
    case closed
    case failed
  }

  enum Timer: Int, Sendable {
    case retransmission = 0
    case handshake = 1
  }

  let configuration: Configuration
  let identity: Identity
  var random: SeededRandom
  var cookieSecret = InlineArray<32, UInt8>(repeating: 0)
  public internal(set) var phase = Phase.idle
  public internal(set) var statistics = Statistics()

  var records = RecordLayer()
  var secrets = SessionSecrets()
  var early: EarlyRecords
  var negotiated = Negotiated()
  var handshake = Handshake()
  var reassembly: Reassembly
  var remoteFingerprints: [Fingerprint] = []

  var flight = Flight()
  /// message_seq of the message that ended the peer's latest flight: its repetition means that ours got lost.
  var peerFlightEnd: UInt16?
  var flightStartedAt = Instant.zero
  /// Timeouts of the present flight.
  var flightTimeouts = 0
  var initialTimeout: Interval
  var timeout: Interval
  var timers = TimerTable<Timer, 2>()

  var pendingAlert: PendingAlert?
  var pendingConnected = false
  var pendingEnd: Event?

  /// Throws `.invalidConfiguration`.
  @inline(never)
  public init(
    configuration: Configuration, identity: Identity, random: SeededRandom, now: Instant
  ) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.configuration = configuration
    self.identity = identity
    self.random = random
    self.early = EarlyRecords(limit: configuration.maximumEarlyBytes)
    self.reassembly = Reassembly(maximumMessageSize: configuration.maximumHandshakeMessageSize)
    self.initialTimeout = configuration.boundedInitialTimeout(configuration.initialTimeout)
    self.timeout = self.initialTimeout
    if configuration.role == .server {
      self.handshake.expectation = .clientHello
      if configuration.requiresCookie { self.cookieSecret = self.random.bytes() }
    }
  }

  private init(forking original: borrowing Connection, records: consuming RecordLayer) {
    self.configuration = original.configuration
    self.identity = original.identity
    self.random = original.random
    self.cookieSecret = original.cookieSecret
    self.phase = original.phase
    self.statistics = original.statistics
    self.records = records
    self.secrets = original.secrets.fork()
    self.early = original.early
    self.negotiated = original.negotiated
    self.handshake = original.handshake
    self.reassembly = original.reassembly
    self.remoteFingerprints = original.remoteFingerprints
    self.flight = original.flight
    self.peerFlightEnd = original.peerFlightEnd
    self.flightStartedAt = original.flightStartedAt
    self.flightTimeouts = original.flightTimeouts
    self.initialTimeout = original.initialTimeout
    self.timeout = original.timeout
    self.timers = original.timers
    self.pendingAlert = original.pendingAlert
    self.pendingConnected = original.pendingConnected
    self.pendingEnd = original.pendingEnd
  }

  /// A second connection that goes on byte for byte as this one would. Only one of them may ever reach a network: both
  /// would use the same nonces. Throws `.outOfMemory`.
  public func fork() throws(UsageError) -> Connection {
    do throws(CryptographyError) {
      return Connection(forking: self, records: try self.records.fork())
    } catch {
      throw .outOfMemory
    }
  }

  // MARK: What was settled

  public var role: Role { self.configuration.role }
  public var isConnected: Bool { self.phase == .connected }
  public var negotiatedCipherSuite: CipherSuite? { self.negotiated.cipherSuite }
  public var negotiatedGroup: KeyExchange.Group? { self.negotiated.group }
  public var negotiatedSRTPProfile: SRTPProfile? { self.negotiated.srtpProfile }
  public var usesExtendedMasterSecret: Bool { self.negotiated.usesExtendedMasterSecret }
  /// The SHA-256 fingerprint of the certificate that the peer sent, be it the right one or not.
  public var peerFingerprint: Fingerprint? { self.negotiated.peerFingerprint }

  // MARK: Control

  /// As client: sends the ClientHello from here on. Nothing to a server, which answers whenever it is asked, nor a second
  /// time.
  public mutating func start(now: Instant) {
    guard self.role == .client, self.phase == .idle else { return }
    self.startClient(now: now)
  }

  /// The fingerprints that signalling announced, of which one must match. May come late: the handshake then waits. Ignored
  /// once connected, for a new fingerprint means a new association (RFC 8842 section 3).
  public mutating func setRemoteFingerprints(_ fingerprints: [Fingerprint], now: Instant) {
    switch self.phase {
    case .idle, .handshaking, .awaitingFingerprint: break
    case .connected, .closed, .failed: return
    }
    self.remoteFingerprints = fingerprints
    guard !fingerprints.isEmpty, !self.handshake.peerCertificate.isEmpty else { return }
    do throws(Fault) {
      try self.checkFingerprint()
      if self.phase == .awaitingFingerprint { try self.resumeAfterFingerprint(now: now) }
    } catch {
      self.fail(error)
    }
  }

  /// How long the next flights wait for an answer, from what ICE has measured since; see
  /// `Configuration.initialTimeout` for the bounds.
  public mutating func setInitialTimeout(_ timeout: Interval) {
    self.initialTimeout = self.configuration.boundedInitialTimeout(timeout)
    if self.flightTimeouts == 0 { self.timeout = self.initialTimeout }
  }

  /// Says close_notify and is done. Nothing can be sent or received afterwards.
  public mutating func close() {
    switch self.phase {
    case .closed, .failed: return
    case .idle: break
    case .handshaking, .awaitingFingerprint, .connected: self.queueAlert(.closeNotify, isFatal: false)
    }
    self.end(.closed)
  }
}

extension Connection.Configuration {
  /// Whether all values lie in their ranges, and a connection of this role can be made.
  public var isValid: Bool {
    (128...16384).contains(self.maximumTransmissionUnit) && !self.groups.isEmpty
      && self.cipherSuites.contains { self.role == .client || !$0.authenticatesWithRSA }
      && (1024...65536).contains(self.maximumHandshakeMessageSize) && (0...1_048_576).contains(self.maximumEarlyBytes)
      && self.maximumTimeout >= .milliseconds(50)
  }

  func boundedInitialTimeout(_ timeout: Interval) -> Interval {
    min(max(timeout, .milliseconds(50)), self.maximumTimeout)
  }
}
