import Bytes
import DataChannel
import RTP
import SDP
import STUN
import Time
import WebRTC

/// What a record tells, for those who read along; ranges are of the recording's bytes.
public enum RecordedCall: Sendable {
  case addLocalAddress(TransportAddress, preference: UInt64)
  case removeLocalAddress(TransportAddress)
  case localAddressesComplete
  /// `text`: what was made; nil where the call was refused.
  case makeDescription(DescriptionKind, text: Range<Int>?)
  case setRemoteDescription(DescriptionKind, text: Range<Int>)
  case addRemoteCandidate(text: Range<Int>)
  case addRemoteFragment(text: Range<Int>)
  case remoteCandidatesComplete
  case restartICE
  case receive(Range<Int>, from: TransportAddress, to: TransportAddress)
  case advance
  /// `datagram`: nil where there was none to send.
  case pollTransmit(datagram: Range<Int>?, from: TransportAddress, to: TransportAddress)
  case pollEvent
  /// Nil where there was none.
  case receiveMessage(Channel?, MessageKind, size: Int)
  case openChannel(ChannelOptions, Channel?)
  case send(Channel, MessageKind, size: Int)
  case closeChannel(Channel)
  case setBufferedAmountLowThreshold(Channel, UInt64)
  case close
  case addTransceiver(MediaKind, TransceiverOptions, Transceiver?)
  case setDirection(Transceiver, MediaDirection)
  case stopTransceiver(Transceiver)
  case sendFrame(Transceiver, FrameTiming, size: Int)
  case sendPacket(Transceiver, FrameTiming, marker: Bool, size: Int)
  /// A frame, or a packet where those are taken; nil where there was none.
  case receiveFrame(Transceiver?, timestamp: UInt32, isKeyFrame: Bool, size: Int)
  case requestKeyFrame(Transceiver)
}

extension Replayer {
  /// The call that the last `step` played, and whether it was refused then. Nil before the first step, and where the record
  /// is malformed or no call.
  public var lastCall: (call: RecordedCall, isRefused: Bool)? {
    guard let start = self.lastRecord else { return nil }
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(start..<bytes.count))
    guard let record = (try? Record(&cursor))??.moved(by: start) else { return nil }
    var result: Record?
    if let next = (try? Record(&cursor)) ?? nil, next.kind.rawValue >= RecordingFormat.Kind.description.rawValue {
      result = next.moved(by: start)
    }
    guard let call = (try? self.read(record, result)) ?? nil else { return nil }
    return (call, result?.kind == .refused)
  }

  private func read(_ record: Record, _ result: Record?) throws(WireError) -> RecordedCall? {
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(record.body))
    let body = record.body
    switch record.kind {
    case .addLocalAddress: return .addLocalAddress(try cursor.readAddress(), preference: try cursor.readVarint())
    case .removeLocalAddress: return .removeLocalAddress(try cursor.readAddress())
    case .localAddressesComplete: return .localAddressesComplete
    case .makeOffer, .makeAnswer:
      let text = result?.kind == .description ? result?.body : nil
      return .makeDescription(record.kind == .makeOffer ? .offer : .answer, text: text)
    case .setRemoteOffer: return .setRemoteDescription(.offer, text: body)
    case .setRemoteAnswer: return .setRemoteDescription(.answer, text: body)
    case .addRemoteCandidate: return .addRemoteCandidate(text: body)
    case .addRemoteFragment: return .addRemoteFragment(text: body)
    case .remoteCandidatesComplete: return .remoteCandidatesComplete
    case .restartICE: return .restartICE
    case .receive:
      let (remote, local) = (try cursor.readAddress(), try cursor.readAddress())
      return .receive((body.lowerBound &+ cursor.offset)..<body.upperBound, from: remote, to: local)
    case .advance: return .advance
    case .pollTransmit:
      let nobody = TransportAddress(ip: .anyV4, port: 0)
      guard let result, result.kind == .datagram else { return .pollTransmit(datagram: nil, from: nobody, to: nobody) }
      var output = SpanCursor(bytes.span.extracting(result.body))
      let (local, remote) = (try output.readAddress(), try output.readAddress())
      let datagram = (result.body.lowerBound &+ output.offset)..<result.body.upperBound
      return .pollTransmit(datagram: datagram, from: local, to: remote)
    case .pollEvent: return .pollEvent
    case .receiveMessage:
      guard let result, result.kind == .message else { return .receiveMessage(nil, .binary, size: 0) }
      var output = SpanCursor(bytes.span.extracting(result.body))
      let channel = Channel(index: try number(try output.readVarint()))
      return .receiveMessage(channel, try output.readVarint() == 1 ? .string : .binary, size: output.remaining)
    case .openChannel:
      var channel: Channel?
      if let result, result.kind == .channel {
        var output = SpanCursor(bytes.span.extracting(result.body))
        channel = Channel(index: try number(try output.readVarint()))
      }
      return .openChannel(try ChannelOptions(decoding: &cursor), channel)
    case .send:
      let channel = Channel(index: try number(try cursor.readVarint()))
      return .send(channel, try cursor.readVarint() == 1 ? .string : .binary, size: cursor.remaining)
    case .closeChannel: return .closeChannel(Channel(index: try number(try cursor.readVarint())))
    case .setBufferedAmountLowThreshold:
      return .setBufferedAmountLowThreshold(Channel(index: try number(try cursor.readVarint())), try cursor.readVarint())
    case .close: return .close
    case .receiveFrame, .receivePacket:
      guard let result, result.kind == .frame || result.kind == .packet else {
        return .receiveFrame(nil, timestamp: 0, isKeyFrame: false, size: 0)
      }
      var output = SpanCursor(bytes.span.extracting(result.body))
      let transceiver = try self.readTransceiver(&output)
      let timestamp: UInt32 = try number(try output.readVarint())
      let isKeyFrame = result.kind == .frame ? try output.readVarint() == 1 : false
      return .receiveFrame(transceiver, timestamp: timestamp, isKeyFrame: isKeyFrame, size: output.remaining)
    case .addTransceiver, .setDirection, .stopTransceiver, .sendFrame, .sendPacket, .requestKeyFrame:
      return try self.readMedia(record, result, &cursor)
    case .start, .description, .refused, .datagram, .event, .message, .channel, .transceiver, .frame, .packet:
      return nil
    }
  }

  private func readMedia(
    _ record: Record, _ result: Record?, _ cursor: inout SpanCursor
  ) throws(WireError) -> RecordedCall {
    if record.kind == .addTransceiver {
      var transceiver: Transceiver?
      if let result, result.kind == .transceiver {
        let bytes = self.bytes
        var output = SpanCursor(bytes.span.extracting(result.body))
        transceiver = try self.readTransceiver(&output)
      }
      let (kind, options) = try TransceiverOptions.decode(&cursor)
      return .addTransceiver(kind, options, transceiver)
    }
    let transceiver = try self.readTransceiver(&cursor)
    switch record.kind {
    case .setDirection: return .setDirection(transceiver, MediaDirection(code: try cursor.readVarint()))
    case .stopTransceiver: return .stopTransceiver(transceiver)
    case .sendFrame: return .sendFrame(transceiver, try FrameTiming(decoding: &cursor), size: cursor.remaining)
    case .sendPacket:
      let marker = try cursor.readVarint() == 1
      return .sendPacket(transceiver, try FrameTiming(decoding: &cursor), marker: marker, size: cursor.remaining)
    default: return .requestKeyFrame(transceiver)
    }
  }

  private func readTransceiver(_ cursor: inout SpanCursor) throws(WireError) -> Transceiver {
    let index: UInt32 = try number(try cursor.readVarint())
    return Transceiver(index: Int(clamping: index))
  }
}

extension Replayer.Record {
  /// As it lies in the file, having been read from `offset` on.
  fileprivate func moved(by offset: Int) -> Self {
    var record = self
    record.body = (self.body.lowerBound &+ offset)..<(self.body.upperBound &+ offset)
    return record
  }
}
