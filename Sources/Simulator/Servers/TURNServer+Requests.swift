import Bytes
import Cryptography
import STUN
import Time
import WebRTC

/// Requests: who asks, and for what.
extension TURNServer {
  /// A request on its way through the checks.
  struct Request {
    var id: TransactionID
    var method: UInt16
    var client: TransportAddress
    var server: TransportAddress
    var fields: TURNFields
    /// Whose key the answer is protected with; nil before the sender has proved itself.
    var user: Int?
  }

  mutating func receiveMessage(
    _ datagram: Span<UInt8>, from client: TransportAddress, to server: TransportAddress, now: Instant
  ) {
    guard let message = try? Message(parsing: datagram),
      message.type.messageClass == .request || message.type.messageClass == .indication
    else {
      self.statistics.ignored &+= 1
      return
    }
    var request = Request(
      id: message.transactionID, method: message.type.method, client: client, server: server, fields: TURNFields(),
      user: nil)
    do throws(WireError) { request.fields = try message.turnFields() } catch {
      if message.type.messageClass == .request { self.refuse(request, 400) } else { self.statistics.ignored &+= 1 }
      return
    }
    if let fingerprint = request.fields.fingerprint, !message.isFingerprintValid(at: fingerprint) {
      self.statistics.ignored &+= 1
      return
    }
    guard message.type.messageClass == .request else {
      guard request.method == MessageType.sendMethod else {
        self.statistics.ignored &+= 1
        return
      }
      self.receiveSend(message, request.fields, from: client, to: server, now: now)
      return
    }
    self.statistics.requests &+= 1
    if request.method == MessageType.bindingMethod {
      self.succeed(request) { $0.writeXorMappedAddress(client, request.id) }
      return
    }
    if let code = self.authenticate(message, &request, now: now) {
      self.refuse(request, code, asksForCredentials: code == 401 || code == 438, now: now)
      return
    }
    if let code = self.serve(request, now: now) { self.refuse(request, code) }
  }

  /// RFC 8489 section 9.2.4; the code to refuse the request with, or nil.
  private func authenticate(_ message: borrowing Message, _ request: inout Request, now: Instant) -> UInt16? {
    let fields = request.fields
    guard let integrity = fields.integrity else { return 401 }
    guard let username = fields.username, let realm = fields.realm, let nonce = fields.nonce else { return 400 }
    guard self.isNonceValid(message.bytes.extracting(nonce), of: request.client, now: now) else { return 438 }
    guard areEqual(message.bytes.extracting(realm), self.configuration.realm.span) else { return 401 }
    for user in self.keys.indices {
      let name = self.configuration.users[user].name
      guard areEqual(message.bytes.extracting(username), name.span) else { continue }
      guard message.isIntegrityValid(at: integrity, key: self.keys[user].span) else { return 401 }
      request.user = user
      return nil
    }
    return 401
  }

  /// Does what an authenticated request asks for; the code to refuse it with, or nil.
  private mutating func serve(_ request: Request, now: Instant) -> UInt16? {
    guard request.fields.unknown.isEmpty else { return 420 }
    guard let user = request.user else { return 401 }
    let existing = self.allocation(of: request.client, at: request.server)
    if request.method == MessageType.allocateMethod { return self.allocate(request, user, existing, now: now) }
    guard let existing else { return 437 }
    // RFC 8656 section 5: all that follows comes from the user who allocated.
    guard self.allocations[existing].user == user else { return 441 }
    switch request.method {
    case MessageType.refreshMethod: return self.refresh(request, existing, now: now)
    case MessageType.createPermissionMethod: return self.createPermissions(request, existing, now: now)
    case MessageType.channelBindMethod: return self.bindChannel(request, existing, now: now)
    default: return 400
    }
  }

  // MARK: Allocations

  /// RFC 8656 section 7.2, whose checks are numbered there.
  private mutating func allocate(_ request: Request, _ user: Int, _ existing: Int?, now: Instant) -> UInt16? {
    if let existing {
      guard self.allocations[existing].transactionID == request.id else { return 437 }
      self.confirm(request, self.allocations[existing], now: now)
      return nil
    }
    let fields = request.fields
    guard let transport = fields.transport else { return 400 }
    guard transport == 17 else { return 442 }
    if fields.hasReservationToken {
      let isAlone = fields.evenPort == nil && fields.addressFamily == nil && fields.additionalAddressFamily == nil
      return isAlone ? 508 : 400
    }
    guard fields.addressFamily == nil || fields.additionalAddressFamily == nil else { return 400 }
    guard fields.additionalAddressFamily ?? 2 == 2 else { return 400 }
    if fields.evenPort == true { return fields.additionalAddressFamily == nil ? 508 : 400 }
    let family = fields.addressFamily ?? 1
    guard family == 1 || family == 2, self.relayIP(isV4: family == 1) != nil else { return 440 }
    guard self.allocations.count(where: { $0.user == user }) < self.configuration.maximumAllocationsPerUser else {
      return 486
    }
    guard self.allocations.count < self.configuration.maximumAllocations,
      let first = self.freeRelay(isV4: family == 1, isEven: fields.evenPort != nil)
    else { return 508 }
    var allocation = Allocation(
      client: request.client, server: request.server, user: user, transactionID: request.id, relays: [first],
      addressError: 0, expiry: now + self.lifetime(asked: fields.lifetime))
    if fields.additionalAddressFamily != nil {
      if self.relayIP(isV4: false) == nil {
        allocation.addressError = 440
      } else if let second = self.freeRelay(isV4: false, isEven: fields.evenPort != nil) {
        allocation.relays.append(second)
      } else {
        allocation.addressError = 508
      }
    }
    self.allocations.append(allocation)
    self.updateDeadline()
    self.confirm(request, allocation, now: now)
    return nil
  }

  private mutating func confirm(_ request: Request, _ allocation: Allocation, now: Instant) {
    self.succeed(request) { writer in
      for relay in allocation.relays { writer.writeXorAddress(.xorRelayedAddress, relay, request.id) }
      writer.writeAttribute(.lifetime, seconds(allocation.expiry - now))
      writer.writeXorMappedAddress(request.client, request.id)
      if allocation.addressError != 0 {
        // RFC 8656 section 18.12: the family, then class and number as in ERROR-CODE.
        let code = UInt32(allocation.addressError)
        writer.writeAttribute(.addressErrorCode, 2 &<< 24 | (code / 100) &<< 8 | code % 100)
      }
    }
  }

  /// RFC 8656 section 8.2.
  private mutating func refresh(_ request: Request, _ index: Int, now: Instant) -> UInt16? {
    if let family = request.fields.addressFamily {
      guard family == 1 || family == 2,
        self.allocations[index].relays.contains(where: { $0.ip.isV4 == (family == 1) })
      else { return 443 }
    }
    let lifetime = request.fields.lifetime == 0 ? Interval.zero : self.lifetime(asked: request.fields.lifetime)
    if lifetime == .zero {
      self.allocations.remove(at: index)
    } else {
      self.allocations[index].expiry = now + lifetime
    }
    self.updateDeadline()
    self.succeed(request) { $0.writeAttribute(.lifetime, seconds(lifetime)) }
    return nil
  }

  private func lifetime(asked: UInt32?) -> Interval {
    let asked = min(Interval.seconds(asked ?? 0), self.configuration.maximumLifetime)
    return max(asked, self.configuration.defaultLifetime)
  }

  private func relayIP(isV4: Bool) -> IPAddress? { self.configuration.relayAddresses.first { $0.isV4 == isV4 } }

  /// An address with a drawn port, as RFC 6056 recommends, that no allocation has.
  private mutating func freeRelay(isV4: Bool, isEven: Bool) -> TransportAddress? {
    guard let ip = self.relayIP(isV4: isV4) else { return nil }
    let ports = self.configuration.ports
    let count = UInt32(ports.upperBound &- ports.lowerBound) &+ 1
    let start = self.random.next(below: count)
    for i in 0..<count {
      let port = ports.lowerBound &+ UInt16(truncatingIfNeeded: (start &+ i) % count)
      let address = TransportAddress(ip: ip, port: port)
      if isEven, port & 1 == 1 { continue }
      if !self.allocations.contains(where: { $0.relays.contains(address) }) { return address }
    }
    return nil
  }

  // MARK: Permissions and channels

  /// RFC 8656 section 10.2: all addresses or none.
  private mutating func createPermissions(_ request: Request, _ index: Int, now: Instant) -> UInt16? {
    guard request.fields.peerCount > 0 else { return 400 }
    for i in 0..<request.fields.peerCount {
      if let code = self.check(request.fields.peers[i], for: index) { return code }
    }
    self.allocations[index].permissions.removeAll { $0.expiry <= now }
    let before = self.allocations[index].permissions
    for i in 0..<request.fields.peerCount where !self.permit(request.fields.peers[i].ip, by: index, now: now) {
      self.allocations[index].permissions = before
      return 508
    }
    self.succeed(request) { _ in }
    return nil
  }

  /// RFC 8656 section 12.2.
  private mutating func bindChannel(_ request: Request, _ index: Int, now: Instant) -> UInt16? {
    guard let number = request.fields.channelNumber, ChannelData.numbers.contains(number), request.fields.peerCount == 1
    else { return 400 }
    let peer = request.fields.peers[0]
    self.allocations[index].channels.removeAll { $0.expiry <= now }
    for channel in self.allocations[index].channels where (channel.number == number) != (channel.peer == peer) {
      return 400
    }
    if let code = self.check(peer, for: index) { return code }
    let place = self.allocations[index].channels.firstIndex { $0.number == number }
    guard place != nil || self.allocations[index].channels.count < self.configuration.maximumChannels else { return 508 }
    self.allocations[index].permissions.removeAll { $0.expiry <= now }
    guard self.permit(peer.ip, by: index, now: now) else { return 508 }
    let expiry = now + self.configuration.channelLifetime
    if let place {
      self.allocations[index].channels[place].expiry = expiry
    } else {
      self.allocations[index].channels.append(ChannelBinding(number: number, peer: peer, expiry: expiry))
    }
    self.succeed(request) { _ in }
    return nil
  }

  /// Whether an allocation may have this peer at all; the code to refuse it with.
  private func check(_ peer: TransportAddress, for index: Int) -> UInt16? {
    guard self.allocations[index].relays.contains(where: { $0.ip.isV4 == peer.ip.isV4 }) else { return 443 }
    return peer.ip.isAny || peer.ip.isMulticast || peer.ip.isLoopback ? 403 : nil
  }

  private mutating func permit(_ ip: IPAddress, by index: Int, now: Instant) -> Bool {
    let expiry = now + self.configuration.permissionLifetime
    if let place = self.allocations[index].permissions.firstIndex(where: { $0.ip == ip }) {
      self.allocations[index].permissions[place].expiry = expiry
      return true
    }
    guard self.allocations[index].permissions.count < self.configuration.maximumPermissions else { return false }
    self.allocations[index].permissions.append(Permission(ip: ip, expiry: expiry))
    return true
  }
}

func areEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
  guard a.count == b.count else { return false }
  for i in a.indices where a[i] != b[i] { return false }
  return true
}

func seconds(_ interval: Interval) -> UInt32 { UInt32(clamping: interval.nanoseconds / 1_000_000_000) }
