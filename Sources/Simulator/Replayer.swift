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

/// Runs a recorded session again and compares every byte and event that comes out with what came out then.
///
/// Call `step()` until it returns nil. A file that was cut off in the middle of a record is good up to there.
public struct Replayer: ~Copyable {
  /// Why a replay stopped; `offset` is where in the file the record starts.
  public enum Failure: Error, Equatable, Sendable {
    /// The file is not a recording, or of another version of the format.
    case notARecording
    case malformed(offset: Int)
    /// The engine put out something else than then.
    case differs(offset: Int)
    /// The configuration or identity was refused.
    case cannotStart
  }

  /// One thing that happened, for those who want to read along.
  public enum Step: Equatable, Sendable {
    case input, datagramIn(size: Int), datagramOut(size: Int), event(PeerConnection.Event), message(size: Int), frame(size: Int)
  }

  let bytes: [UInt8]
  var offset: Int
  public private(set) var now: Instant
  public internal(set) var connection: PeerConnection
  public private(set) var datagramsCompared = 0
  public private(set) var bytesCompared = 0
  public private(set) var eventsCompared = 0
  /// Whether the file ends in the middle of a record.
  public private(set) var isTruncated = false
  /// Where the record that the last step played starts.
  private(set) var lastRecord: Int?
  var output: [UInt8]

  public init(_ bytes: [UInt8]) throws(Failure) {
    var cursor = SpanCursor(bytes.span)
    var origin = Instant.zero
    do throws(WireError) {
      var i = 0
      while i < RecordingFormat.magic.utf8CodeUnitCount {
        let byte = try cursor.read(UInt8.self)
        guard unsafe byte == RecordingFormat.magic.utf8Start[i] else { throw WireError.malformed }
        i &+= 1
      }
      guard try cursor.read(UInt16.self) == UInt16(RecordingFormat.version) &<< 8 else { throw WireError.malformed }
      origin = Instant(nanoseconds: try cursor.read())
    } catch {
      throw .notARecording
    }
    let start: StartRecord
    do throws(WireError) {
      guard let record = try Record(&cursor), record.kind == .start else { throw WireError.malformed }
      start = try StartRecord(decoding: bytes.span.extracting(record.body))
    } catch {
      throw .malformed(offset: cursor.offset)
    }
    do throws(PeerConnection.UsageError) {
      self.connection = try PeerConnection(
        configuration: start.configuration, identity: start.identity, seed: start.seed, now: origin)
    } catch {
      throw .cannotStart
    }
    self.now = origin
    self.offset = cursor.offset
    self.bytes = bytes
    self.output = [UInt8](repeating: 0, count: 65_536)
  }

  /// Plays the next record; nil at the file's end.
  public mutating func step() throws(Failure) -> Step? {
    let start = self.offset
    self.lastRecord = start
    do throws(WireError) {
      guard let record = try self.nextRecord() else {
        self.lastRecord = nil
        return nil
      }
      return try self.play(record)
    } catch {
      throw error == .malformed ? .malformed(offset: start) : .differs(offset: start)
    }
  }

  struct Record {
    var kind: RecordingFormat.Kind
    var elapsed: Interval
    var body: Range<Int>

    /// Nil at the end.
    init?(_ cursor: inout SpanCursor) throws(WireError) {
      guard !cursor.isAtEnd else { return nil }
      guard let kind = RecordingFormat.Kind(rawValue: try cursor.read()) else { throw .malformed }
      self.kind = kind
      self.elapsed = Interval(nanoseconds: try cursor.readVarint())
      let size: UInt32 = try number(try cursor.readVarint())
      guard size <= UInt32(Int32.max) else { throw .malformed }
      let start = cursor.offset
      try cursor.skip(Int(size))
      self.body = start..<cursor.offset
    }
  }

  private mutating func nextRecord() throws(WireError) -> Record? {
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(self.offset..<bytes.count))
    let record: Record?
    do throws(WireError) {
      record = try Record(&cursor)
    } catch {
      guard error == .truncated else { throw error }
      self.isTruncated = true
      return nil
    }
    guard var record else { return nil }
    record.body = (record.body.lowerBound &+ self.offset)..<(record.body.upperBound &+ self.offset)
    self.offset = record.body.upperBound
    self.now = self.now + record.elapsed
    return record
  }

  /// The record of what the last call gave, if it is of that kind; otherwise nothing is consumed.
  mutating func nextOutput(_ kind: RecordingFormat.Kind) throws(WireError) -> Range<Int>? {
    let (offset, now) = (self.offset, self.now)
    guard let record = try self.nextRecord(), record.kind == kind else {
      self.offset = offset
      self.now = now
      return nil
    }
    return record.body
  }

  /// `WireError.truncated` stands for "the engine did something else" in here: it cannot arise otherwise.
  mutating func check(_ same: Bool) throws(WireError) {
    guard same || self.isTruncated else { throw .truncated }
  }

  private mutating func play(_ record: Record) throws(WireError) -> Step {
    let now = self.now
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(record.body))
    switch record.kind {
    case .addLocalAddress:
      let address = try cursor.readAddress()
      let preference: UInt16 = try number(try cursor.readVarint())
      self.connection.addLocalAddress(address, preference: preference, now: now)
    case .removeLocalAddress:
      let address = try cursor.readAddress()
      self.connection.removeLocalAddress(address, now: now)
    case .localAddressesComplete:
      self.connection.localAddressesComplete(now: now)
    case .makeOffer, .makeAnswer:
      let room = try self.readRoom(&cursor, enough: Self.longestDatagram)
      try self.playDescription(record.kind, room: room)
    case .setRemoteOffer, .setRemoteAnswer:
      let kind: DescriptionKind = record.kind == .setRemoteOffer ? .offer : .answer
      let accepted =
        (try? self.connection.setRemoteDescription(kind, bytes.span.extracting(record.body), now: now)) != nil
      try self.checkRefusal(accepted)
    case .addRemoteCandidate:
      let accepted = (try? self.connection.addRemoteCandidate(bytes.span.extracting(record.body), now: now)) != nil
      try self.checkRefusal(accepted)
    case .addRemoteFragment:
      let accepted = (try? self.connection.addRemoteFragment(bytes.span.extracting(record.body), now: now)) != nil
      try self.checkRefusal(accepted)
    case .remoteCandidatesComplete:
      let accepted = (try? self.connection.remoteCandidatesComplete(now: now)) != nil
      try self.checkRefusal(accepted)
    case .restartICE:
      let accepted = (try? self.connection.restartICE(now: now)) != nil
      try self.checkRefusal(accepted)
    case .receive:
      let remote = try cursor.readAddress()
      let local = try cursor.readAddress()
      var datagram = arrayCopy(try cursor.readBytes(cursor.remaining))
      var span = datagram.mutableSpan
      self.connection.receive(&span, from: remote, to: local, now: now)
      return .datagramIn(size: datagram.count)
    case .advance:
      self.connection.advance(to: now)
    case .pollTransmit:
      let room = try self.readRoom(&cursor, enough: Self.longestDatagram)
      return try self.playTransmit(room: room)
    case .pollEvent:
      return try self.playEvent()
    case .receiveMessage:
      let room = try self.readRoom(&cursor, enough: max(self.connection.nextMessageSize ?? 0, Self.longestDatagram))
      return try self.playMessage(room: room)
    case .addTransceiver, .setDirection, .stopTransceiver, .sendFrame, .sendPacket, .requestKeyFrame:
      try self.playMedia(record, &cursor)
    case .receiveFrame, .receivePacket:
      let room = try self.readRoom(&cursor, enough: max(self.connection.nextFrameSize ?? 0, Self.longestDatagram))
      return try self.playFrame(record.kind, room: room)
    case .openChannel, .send, .closeChannel, .setBufferedAmountLowThreshold:
      try self.playChannel(record, &cursor)
    case .close:
      self.connection.close(now: now)
    case .start, .description, .refused, .datagram, .event, .message, .channel, .transceiver, .frame, .packet:
      // An output where an input was due: the engine gave less than then.
      throw .truncated
    }
    return .input
  }

  mutating func checkRefusal(_ accepted: Bool) throws(WireError) {
    let wasRefused = try self.nextOutput(.refused) != nil
    try self.check(accepted != wasRefused)
  }

  /// How much room the caller had, in an output buffer of that size; `enough` is more than the engine can have made use of.
  private mutating func readRoom(_ cursor: inout SpanCursor, enough: Int) throws(WireError) -> Int {
    let room = Int(min(try cursor.readVarint(), UInt64(enough)))
    if room > self.output.count { self.output = [UInt8](repeating: 0, count: room) }
    return room
  }

  /// No description or datagram is longer.
  private static var longestDatagram: Int { 65_536 }

  private mutating func playDescription(_ kind: RecordingFormat.Kind, room: Int) throws(WireError) {
    let now = self.now
    var output = self.takeOutput()
    defer { self.output = output }
    var buffer = output.mutableSpan
    var writer = SpanWriter(buffer._mutatingExtracting(0..<room))
    do throws(PeerConnection.UsageError) {
      if kind == .makeOffer {
        try self.connection.makeOffer(into: &writer, now: now)
      } else {
        try self.connection.makeAnswer(into: &writer, now: now)
      }
    } catch {
      return try self.checkRefusal(false)
    }
    let count = writer.count
    let expected = try self.nextOutput(.description)
    guard let expected else { return try self.check(false) }
    try self.compare(output.span.extracting(0..<count), with: expected)
  }

  /// What came out with what was recorded.
  mutating func compare(_ output: Span<UInt8>, with expected: Range<Int>) throws(WireError) {
    let same = bytesEqual(output, self.bytes.span.extracting(expected))
    try self.check(same)
    self.bytesCompared &+= output.count
  }

  /// The output buffer, out of `self` while something is written into it.
  mutating func takeOutput() -> [UInt8] {
    var output: [UInt8] = []
    swap(&output, &self.output)
    return output
  }

  private mutating func playTransmit(room: Int) throws(WireError) -> Step {
    var output = self.takeOutput()
    defer { self.output = output }
    var buffer = output.mutableSpan
    var writer = SpanWriter(buffer._mutatingExtracting(0..<room))
    let transmit = self.connection.pollTransmit(into: &writer)
    let count = writer.count
    let expected = try self.nextOutput(.datagram)
    guard let transmit else {
      try self.check(expected == nil)
      return .input
    }
    guard let expected else {
      try self.check(false)
      return .input
    }
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(expected))
    let source = try cursor.readAddress()
    let destination = try cursor.readAddress()
    try self.check(source == transmit.source && destination == transmit.destination)
    try self.compare(output.span.extracting(0..<count), with: (expected.lowerBound &+ 36)..<expected.upperBound)
    self.datagramsCompared &+= 1
    return .datagramOut(size: count)
  }

  private mutating func playEvent() throws(WireError) -> Step {
    let event = self.connection.pollEvent()
    let expected = try self.nextOutput(.event)
    guard let event else {
      try self.check(expected == nil)
      return .input
    }
    let encoded = event.encoded()
    guard let expected else {
      try self.check(false)
      return .input
    }
    let same = bytesEqual(encoded.span, self.bytes.span.extracting(expected))
    try self.check(same)
    self.eventsCompared &+= 1
    return .event(event)
  }

  private mutating func playMessage(room: Int) throws(WireError) -> Step {
    var output = self.takeOutput()
    defer { self.output = output }
    var buffer = output.mutableSpan
    var writer = SpanWriter(buffer._mutatingExtracting(0..<room))
    let message = self.connection.receiveMessage(into: &writer)
    let count = writer.count
    let expected = try self.nextOutput(.message)
    guard let message else {
      try self.check(expected == nil)
      return .input
    }
    guard let expected else {
      try self.check(false)
      return .input
    }
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(expected))
    let channel = try cursor.readVarint()
    let kind = try cursor.readVarint()
    let start = expected.lowerBound &+ cursor.offset
    try self.check(channel == UInt64(message.channel.index) && kind == (message.kind == .string ? 1 : 0))
    try self.compare(output.span.extracting(0..<count), with: start..<expected.upperBound)
    return .message(size: count)
  }

  private mutating func playChannel(_ record: Record, _ cursor: inout SpanCursor) throws(WireError) {
    if record.kind == .openChannel {
      let options = try ChannelOptions(decoding: &cursor)
      guard let channel = try? self.connection.openChannel(options, now: self.now) else {
        return try self.checkRefusal(false)
      }
      guard let expected = try self.nextOutput(.channel) else { return try self.check(false) }
      let bytes = self.bytes
      var output = SpanCursor(bytes.span.extracting(expected))
      let index = try output.readVarint()
      return try self.check(index == UInt64(channel.index))
    }
    let channel = Channel(index: try number(try cursor.readVarint()))
    switch record.kind {
    case .send:
      let kind: MessageKind = try cursor.readVarint() == 1 ? .string : .binary
      let body = try cursor.readBytes(cursor.remaining)
      let accepted = (try? self.connection.send(body, kind: kind, on: channel, now: self.now)) != nil
      try self.checkRefusal(accepted)
    case .closeChannel:
      self.connection.closeChannel(channel, now: self.now)
    default:
      self.connection.setBufferedAmountLowThreshold(Int(clamping: try cursor.readVarint()), on: channel)
    }
  }
}
