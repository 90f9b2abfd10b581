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

/// A peer connection that can keep a record of everything it is told and everything it puts out, so that the session
/// can be replayed byte for byte. Without a recording it costs one comparison a call.
///
/// All calls that change the connection go through here; `connection` is there to be read.
public struct RecordingPeerConnection: ~Copyable {
  public internal(set) var connection: PeerConnection
  var recorder: Recorder?
  var isRecording: Bool { self.recorder != nil }

  public init(
    configuration: PeerConnection.Configuration, identity: Identity, seed: SeededRandom.Seed, isRecording: Bool,
    now: Instant
  ) throws(PeerConnection.UsageError) {
    self.connection = try PeerConnection(configuration: configuration, identity: identity, seed: seed, now: now)
    guard isRecording else { return }
    self.recorder = Recorder(now: now)
    self.recorder?.record(.start, StartRecord(configuration: configuration, identity: identity, seed: seed).encoded().span)
  }

  init(connection: consuming PeerConnection, recorder: Recorder?) {
    self.connection = connection
    self.recorder = recorder
  }

  /// Hands over what was recorded since the last call.
  public mutating func drainRecording(_ body: (Span<UInt8>) -> Void) {
    guard self.recorder != nil else { return }
    if let bytes = self.recorder?.bytes, !bytes.isEmpty { body(bytes.span) }
    self.recorder?.removeAll()
  }

  // MARK: Signalling

  public mutating func makeOffer(into writer: inout SpanWriter, now: Instant) throws(PeerConnection.UsageError) {
    self.recorder?.record(.makeOffer, at: now, numbers: [UInt64(writer.remaining)])
    let start = writer.count
    do throws(PeerConnection.UsageError) {
      try self.connection.makeOffer(into: &writer, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
    self.recorder?.record(.description, writer.bytes(in: start..<writer.count))
  }

  public mutating func makeAnswer(into writer: inout SpanWriter, now: Instant) throws(PeerConnection.UsageError) {
    self.recorder?.record(.makeAnswer, at: now, numbers: [UInt64(writer.remaining)])
    let start = writer.count
    do throws(PeerConnection.UsageError) {
      try self.connection.makeAnswer(into: &writer, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
    self.recorder?.record(.description, writer.bytes(in: start..<writer.count))
  }

  public mutating func setRemoteDescription(
    _ kind: DescriptionKind, _ text: Span<UInt8>, now: Instant
  ) throws(PeerConnection.DescriptionError) {
    self.recorder?.record(kind == .offer ? .setRemoteOffer : .setRemoteAnswer, at: now, text)
    do throws(PeerConnection.DescriptionError) {
      try self.connection.setRemoteDescription(kind, text, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func addRemoteCandidate(_ text: Span<UInt8>, now: Instant) throws(PeerConnection.UsageError) {
    self.recorder?.record(.addRemoteCandidate, at: now, text)
    do throws(PeerConnection.UsageError) {
      try self.connection.addRemoteCandidate(text, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func addRemoteFragment(_ text: Span<UInt8>, now: Instant) throws(PeerConnection.DescriptionError) {
    self.recorder?.record(.addRemoteFragment, at: now, text)
    do throws(PeerConnection.DescriptionError) {
      try self.connection.addRemoteFragment(text, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func remoteCandidatesComplete(now: Instant) throws(PeerConnection.UsageError) {
    self.recorder?.record(.remoteCandidatesComplete, at: now)
    do throws(PeerConnection.UsageError) {
      try self.connection.remoteCandidatesComplete(now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func restartICE(now: Instant) throws(PeerConnection.UsageError) {
    self.recorder?.record(.restartICE, at: now)
    do throws(PeerConnection.UsageError) {
      try self.connection.restartICE(now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func addLocalAddress(_ address: TransportAddress, preference: UInt16, now: Instant) {
    self.recorder?.record(.addLocalAddress, at: now, address: address, number: UInt64(preference))
    self.connection.addLocalAddress(address, preference: preference, now: now)
  }

  public mutating func removeLocalAddress(_ address: TransportAddress, now: Instant) {
    self.recorder?.record(.removeLocalAddress, at: now, address: address)
    self.connection.removeLocalAddress(address, now: now)
  }

  public mutating func localAddressesComplete(now: Instant) {
    self.recorder?.record(.localAddressesComplete, at: now)
    self.connection.localAddressesComplete(now: now)
  }

  // MARK: Flow

  public mutating func receive(
    _ datagram: inout MutableSpan<UInt8>, from remote: TransportAddress, to local: TransportAddress, now: Instant
  ) {
    self.recorder?.record(.receive, at: now, path: (remote, local), datagram.span)
    self.connection.receive(&datagram, from: remote, to: local, now: now)
  }

  public mutating func advance(to now: Instant) {
    self.recorder?.record(.advance, at: now)
    self.connection.advance(to: now)
  }

  public mutating func pollTransmit(into writer: inout SpanWriter) -> Transmit? {
    guard self.recorder != nil else { return self.connection.pollTransmit(into: &writer) }
    let start = writer.count
    self.recorder?.record(.pollTransmit, numbers: [UInt64(writer.remaining)])
    let transmit = self.connection.pollTransmit(into: &writer)
    if let transmit {
      self.recorder?.record(
        .datagram, path: (transmit.source, transmit.destination), writer.bytes(in: start..<writer.count))
    }
    return transmit
  }

  public mutating func pollEvent() -> PeerConnection.Event? {
    let event = self.connection.pollEvent()
    guard self.recorder != nil else { return event }
    self.recorder?.record(.pollEvent)
    if let event { self.recorder?.record(.event, event.encoded().span) }
    return event
  }

  public mutating func receiveMessage(into writer: inout SpanWriter) -> ReceivedMessage? {
    guard self.recorder != nil else { return self.connection.receiveMessage(into: &writer) }
    let start = writer.count
    self.recorder?.record(.receiveMessage, numbers: [UInt64(writer.remaining)])
    let message = self.connection.receiveMessage(into: &writer)
    if let message {
      self.recorder?.record(
        .message, numbers: [UInt64(message.channel.index), message.kind == .string ? 1 : 0],
        writer.bytes(in: start..<writer.count))
    }
    return message
  }

  public mutating func close(now: Instant) {
    self.recorder?.record(.close, at: now)
    self.connection.close(now: now)
  }

  // MARK: Channels

  public mutating func openChannel(
    _ options: ChannelOptions, now: Instant
  ) throws(DataChannels.OpenError) -> Channel {
    if self.recorder != nil { self.recorder?.record(.openChannel, at: now, options.encoded().span) }
    do throws(DataChannels.OpenError) {
      let channel = try self.connection.openChannel(options, now: now)
      self.recorder?.record(.channel, numbers: [UInt64(channel.index)])
      return channel
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func send(
    _ bytes: Span<UInt8>, kind: MessageKind, on channel: Channel, now: Instant
  ) throws(DataChannels.SendError) {
    self.recorder?.record(
      .send, at: now, numbers: [UInt64(channel.index), kind == .string ? 1 : 0], bytes)
    do throws(DataChannels.SendError) {
      try self.connection.send(bytes, kind: kind, on: channel, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func closeChannel(_ channel: Channel, now: Instant) {
    self.recorder?.record(.closeChannel, at: now, numbers: [UInt64(channel.index)])
    self.connection.closeChannel(channel, now: now)
  }

  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, on channel: Channel) {
    self.recorder?.record(
      .setBufferedAmountLowThreshold, numbers: [UInt64(channel.index), UInt64(max(bytes, 0))])
    self.connection.setBufferedAmountLowThreshold(bytes, on: channel)
  }
}
