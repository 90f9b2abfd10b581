/// What one side sent on a channel, and what of it arrived.
struct MessageLedger {
  struct Sent {
    var size: Int
    var isText: Bool
    var isDelivered = false
  }

  let channel: Int
  let sender: Int
  let isOrdered: Bool
  let isReliable: Bool
  private(set) var sent: [Sent] = []
  private(set) var delivered = 0
  private(set) var bytesSent = 0
  private(set) var bytesDelivered = 0
  /// Nothing before this is waited for: the next one of an ordered channel, the first that did not arrive of another.
  private var cursor = 0
  private var probesFrom: Int?

  init(channel: Int, sender: Int, isOrdered: Bool, isReliable: Bool) {
    self.channel = channel
    self.sender = sender
    self.isOrdered = isOrdered
    self.isReliable = isReliable
  }

  func nextPayload(size: Int) -> [UInt8] {
    Payload(source: self.channel, sender: self.sender, index: self.sent.count).bytes(size: size)
  }

  /// The next payload was accepted.
  mutating func noteSent(size: Int, isText: Bool) {
    self.sent.append(Sent(size: size, isText: isText))
    self.bytesSent += max(size, 1)
  }

  private func matches(_ index: Int, _ bytes: [UInt8], isText: Bool) -> Bool {
    let entry = self.sent[index]
    return entry.size == bytes.count && entry.isText == isText
      && Payload(source: self.channel, sender: self.sender, index: index).bytes(size: entry.size) == bytes
  }

  /// A message arrived; nil where it may have.
  mutating func receive(_ bytes: [UInt8], isText: Bool) -> Violation? {
    guard let index = self.place(of: bytes, isText: isText) else { return self.explain(bytes, isText: isText) }
    self.sent[index].isDelivered = true
    self.delivered += 1
    self.bytesDelivered += max(bytes.count, 1)
    if self.isOrdered {
      self.cursor = index + 1
    } else {
      while self.cursor < self.sent.count, self.sent[self.cursor].isDelivered { self.cursor += 1 }
    }
    return nil
  }

  private func place(of bytes: [UInt8], isText: Bool) -> Int? {
    if self.isOrdered, self.isReliable {
      return self.cursor < self.sent.count && self.matches(self.cursor, bytes, isText: isText) ? self.cursor : nil
    }
    if let name = Payload(reading: bytes[...]) {
      guard name.channelMatches(self), self.sent.indices.contains(name.index), name.index >= self.cursor || !self.isOrdered,
        !self.sent[name.index].isDelivered, self.matches(name.index, bytes, isText: isText)
      else { return nil }
      return name.index
    }
    var index = self.cursor
    while index < self.sent.count {
      if !self.sent[index].isDelivered, self.matches(index, bytes, isText: isText) { return index }
      index += 1
    }
    return nil
  }

  private func explain(_ bytes: [UInt8], isText: Bool) -> Violation {
    let text = "channel \(self.channel) from peer \(self.sender): \(bytes.count) bytes, \(self.delivered) of \(self.sent.count) delivered"
    for index in self.sent.indices where self.matches(index, bytes, isText: isText) {
      return Violation(self.sent[index].isDelivered ? .messageTwice : .messageOutOfOrder, "\(text); it is number \(index)")
    }
    return Violation(.messageCorrupt, text)
  }

  /// What was sent from now on has to arrive on a partially reliable channel, too: nothing gets lost any more.
  mutating func expectProbes() { self.probesFrom = self.sent.count }

  var areProbesComplete: Bool {
    guard let start = self.probesFrom, start < self.sent.count else { return true }
    return self.sent[start...].allSatisfy(\.isDelivered)
  }

  /// All that has to arrive has.
  var isComplete: Bool { !self.isReliable || self.delivered == self.sent.count }
}

extension Payload {
  fileprivate func channelMatches(_ ledger: MessageLedger) -> Bool {
    self.source == ledger.channel && self.sender == ledger.sender
  }
}
