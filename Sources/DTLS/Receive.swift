import Bytes
import Cryptography
import Time

extension Connection {
  /// Processes ONE record at `offset` of the datagram and moves `offset` past it; returns where in the datagram decrypted
  /// application data lies, if the record brought some. Call until `offset == datagram.count`.
  ///
  /// The record is decrypted in place; one that is not authentic is destroyed. Data that follows the handshake's end in the
  /// same datagram is returned before `.connected` can be polled.
  public mutating func receive(
    _ datagram: inout MutableSpan<UInt8>, from offset: inout Int, now: Instant
  ) -> Range<Int>? {
    let header: RecordHeader
    let start = offset
    do throws(WireError) {
      guard start >= 0, start < datagram.count else { throw .truncated }
      header = try RecordHeader(parsing: datagram.span, at: start)
    } catch {
      // Where the next record begins is unknown.
      self.statistics.malformedRecords &+= 1
      offset = datagram.count
      return nil
    }
    let fragment = (start &+ RecordHeader.length)..<(start &+ RecordHeader.length &+ header.length)
    offset = fragment.upperBound
    if header.epoch == 1 && header.type == ContentType.applicationData.rawValue && self.phase == .connected {
      return self.open(&datagram, in: fragment, header: header)
    }
    self.receiveOther(&datagram, record: start..<fragment.upperBound, header: header, now: now)
    return nil
  }

  /// Decrypts in place, counting what is refused.
  @inline(__always)
  mutating func open(
    _ buffer: inout MutableSpan<UInt8>, in range: Range<Int>, header: RecordHeader
  ) -> Range<Int>? {
    switch self.records.open(&buffer, in: range, header: header) {
    case .plaintext(let plaintext): return plaintext
    case .replayed: self.statistics.replayedRecords &+= 1
    case .forged: self.statistics.forgedRecords &+= 1
    }
    return nil
  }

  private mutating func receiveOther(
    _ datagram: inout MutableSpan<UInt8>, record: Range<Int>, header: RecordHeader, now: Instant
  ) {
    guard let type = ContentType(rawValue: header.type), header.epoch <= 1, self.phase != .closed, self.phase != .failed
    else {
      self.statistics.unexpectedRecords &+= 1
      return
    }
    let fragment = (record.lowerBound &+ RecordHeader.length)..<record.upperBound
    if header.epoch == 0 {
      // Anybody could have written it. Once the connection stands, it means nothing any more.
      guard self.phase != .connected else {
        self.statistics.unexpectedRecords &+= 1
        return
      }
      self.receiveClear(type, datagram.span.extracting(fragment), header: header, now: now)
    } else if type == .applicationData || (type == .handshake && !self.records.canUnprotect) {
      // Reordered on the way, or sent by a peer that is connected while this side is not yet.
      guard self.phase != .idle || self.role == .server, self.early.keep(datagram.span.extracting(record)) else {
        self.statistics.droppedEarlyRecords &+= 1
        return
      }
    } else if !self.records.canUnprotect {
      self.statistics.unexpectedRecords &+= 1
    } else if let plaintext = self.open(&datagram, in: fragment, header: header) {
      switch type {
      case .alert: self.receiveAlert(datagram.span.extracting(plaintext), isAuthentic: true)
      case .handshake:
        self.receiveHandshake(datagram.span.extracting(plaintext), header: header, now: now)
        self.handleMessages(now: now)
      case .changeCipherSpec, .applicationData: self.statistics.unexpectedRecords &+= 1
      }
    }
  }

  private mutating func receiveClear(
    _ type: ContentType, _ content: Span<UInt8>, header: RecordHeader, now: Instant
  ) {
    switch type {
    case .changeCipherSpec:
      // The epoch in each record's header says all that this message could say, and is not lost by itself.
      break
    case .alert: self.receiveAlert(content, isAuthentic: false)
    case .handshake:
      self.receiveHandshake(content, header: header, now: now)
      self.handleMessages(now: now)
    case .applicationData: self.statistics.unexpectedRecords &+= 1
    }
  }

  /// Takes in the handshake fragments of one record.
  mutating func receiveHandshake(_ content: Span<UInt8>, header record: RecordHeader, now: Instant) {
    var cursor = SpanCursor(content)
    while !cursor.isAtEnd {
      let header: HandshakeHeader
      let fragment: Span<UInt8>
      do throws(WireError) {
        header = try HandshakeHeader(parsing: &cursor)
        fragment = try cursor.readBytes(header.fragmentLength)
      } catch {
        self.statistics.malformedRecords &+= 1
        return
      }
      if self.phase == .connected {
        self.receiveLateHandshake(header, now: now)
        continue
      }
      // Finished is the one message under the new keys, and never comes in the clear.
      guard (header.type == HandshakeType.finished.rawValue) == (record.epoch == 1) else {
        self.statistics.unexpectedRecords &+= 1
        continue
      }
      self.handshake.latestRecordNumber = record.sequenceNumber
      switch self.reassembly.insert(header, fragment) {
      case .kept: break
      case .ignored:
        self.statistics.ignoredFragments &+= 1
        self.answerRepetition(header, now: now)
      case .tooLarge:
        guard self.phase != .idle else {
          self.statistics.malformedRecords &+= 1
          return
        }
        self.fail(.alert(.illegalParameter))
        return
      }
    }
  }

  /// An authentic handshake message although the connection stands: the repetition of a flight, or the wish to renegotiate.
  private mutating func receiveLateHandshake(_ header: HandshakeHeader, now: Instant) {
    let wish: HandshakeType = self.role == .client ? .helloRequest : .clientHello
    if header.type == wish.rawValue {
      self.queueAlert(.noRenegotiation, isFatal: false)  // RFC 5746 section 4.5
    } else {
      self.statistics.ignoredFragments &+= 1
      self.answerRepetition(header, now: now)
    }
  }

  /// Hands out whole messages in order.
  mutating func handleMessages(now: Instant) {
    while self.phase != .failed, self.phase != .connected, let message = self.reassembly.removeNext() {
      do throws(Fault) {
        try self.handle(message, now: now)
      } catch {
        if self.phase == .idle {
          // A server that nobody has talked to yet goes on waiting for a proper hello.
          self.statistics.malformedRecords &+= 1
          self.reassembly = Reassembly(maximumMessageSize: self.configuration.maximumHandshakeMessageSize)
        } else {
          self.fail(error)
        }
      }
    }
  }

  /// Keys exist now: what came under them before can be read.
  mutating func receiveEarlyHandshakeRecords(now: Instant) {
    for record in self.early.removeHandshakeRecords() {
      var record = record
      guard let header = try? RecordHeader(parsing: record.span, at: 0) else { continue }
      var bytes = record.mutableSpan
      guard let plaintext = self.open(&bytes, in: RecordHeader.length..<bytes.count, header: header) else { continue }
      self.receiveHandshake(bytes.span.extracting(plaintext), header: header, now: now)
    }
  }
}
