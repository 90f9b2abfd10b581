import Bytes
import STUN

extension Agent {
  /// Writes the next packet at `writer.count`, and says where it goes; nil when there is none. A packet that does not fit
  /// is dropped as if lost on the way: give it room for 1,200 bytes, which is more than any packet needs.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Transmit? {
    guard self.dueTransactions > 0 || !self.responses.isEmpty else { return nil }
    let start = writer.count
    while !self.responses.isEmpty {
      let response = self.responses.removeFirst()
      self.write(response, into: &writer)
      guard !writer.overflowed else {
        writer.rewind(to: start)
        self.statistics.droppedResponses &+= 1
        continue
      }
      self.statistics.responsesSent &+= 1
      return Transmit(source: response.local, destination: response.remote)
    }
    while self.dueTransactions > 0, let i = self.transactions.firstIndex(where: { $0.isDue }) {
      self.transactions[i].isDue = false
      self.dueTransactions &-= 1
      let transaction = self.transactions[i]
      guard self.write(transaction, into: &writer), !writer.overflowed else {
        writer.rewind(to: start)
        continue
      }
      switch transaction.purpose {
      case .check: self.statistics.checksSent &+= 1
      case .consent: self.statistics.consentChecksSent &+= 1
      case .gathering: break
      }
      return Transmit(source: transaction.local, destination: transaction.remote)
    }
    return nil
  }

  func write(_ response: PendingResponse, into writer: inout SpanWriter) {
    let start = writer.beginMessage(response.code == 0 ? .bindingSuccess : .bindingError, response.id)
    switch response.code {
    case 0:
      writer.writeXorMappedAddress(response.remote, response.id)
    case 420:
      writer.writeErrorCode(420)
      writer.writeUnknownAttributes(response.unknown)
    default:
      writer.writeErrorCode(response.code)
    }
    // RFC 8489 section 9.1.3: there is no key to sign 400 and 401 with.
    if response.code == 400 || response.code == 401 {
      writer.finishMessage(at: start)
    } else {
      let previous = response.isPrevious ? self.previousLocalCredentials : nil
      let credentials = previous ?? self.localCredentials
      writer.finishMessage(at: start, key: credentials.password.span)
    }
  }

  /// RFC 8445 sections 7.1 and 7.2.2. False where the credentials are gone.
  func write(_ transaction: Transaction, into writer: inout SpanWriter) -> Bool {
    if transaction.purpose == .gathering {
      let start = writer.beginMessage(.bindingRequest, transaction.id)
      writer.finishMessage(at: start)
      return true
    }
    let local = transaction.isPrevious ? self.previousLocalCredentials : self.localCredentials
    let remote = transaction.isPrevious ? self.previousRemoteCredentials : self.remoteCredentials
    guard let local, let remote else { return false }
    let start = writer.beginMessage(.bindingRequest, transaction.id)
    writer.writeUsername(remote.ufrag.span, local.ufrag.span)
    writer.writeAttribute(.priority, transaction.priority)
    if transaction.usesCandidate { writer.writeAttribute(.useCandidate) }
    writer.writeAttribute(transaction.role == .controlling ? .iceControlling : .iceControlled, self.tieBreaker)
    writer.finishMessage(at: start, key: remote.password.span)
    return true
  }
}
