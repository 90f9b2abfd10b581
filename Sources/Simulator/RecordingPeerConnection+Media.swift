import Bytes
import RTP
import SDP
import Time
import WebRTC

/// Audio and video.
extension RecordingPeerConnection {
  @discardableResult
  public mutating func addTransceiver(
    _ kind: MediaKind, _ options: TransceiverOptions = .init(), now: Instant
  ) throws(PeerConnection.UsageError) -> Transceiver {
    if self.isRecording { self.recorder?.record(.addTransceiver, at: now, options.encoded(kind).span) }
    do throws(PeerConnection.UsageError) {
      let transceiver = try self.connection.addTransceiver(kind, options, now: now)
      self.recorder?.record(.transceiver, numbers: [UInt64(transceiver.index)])
      return transceiver
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func setDirection(
    _ direction: MediaDirection, of transceiver: Transceiver
  ) throws(PeerConnection.UsageError) {
    self.recorder?.record(.setDirection, numbers: [transceiver.code, direction.code])
    do throws(PeerConnection.UsageError) {
      try self.connection.setDirection(direction, of: transceiver)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func stopTransceiver(_ transceiver: Transceiver, now: Instant) throws(PeerConnection.UsageError) {
    self.recorder?.record(.stopTransceiver, at: now, numbers: [transceiver.code])
    do throws(PeerConnection.UsageError) {
      try self.connection.stopTransceiver(transceiver, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func sendFrame(
    _ frame: Span<UInt8>, _ timing: FrameTiming, on transceiver: Transceiver, now: Instant
  ) throws(FrameSendError) {
    if self.isRecording {
      self.recorder?.record(
        .sendFrame, at: now, numbers: [transceiver.code] + timing.encoded(), frame)
    }
    do throws(FrameSendError) {
      try self.connection.sendFrame(frame, timing, on: transceiver, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func sendPacket(
    _ payload: Span<UInt8>, marker: Bool, _ timing: FrameTiming, on transceiver: Transceiver, now: Instant
  ) throws(FrameSendError) {
    if self.isRecording {
      self.recorder?.record(
        .sendPacket, at: now, numbers: [transceiver.code, marker ? 1 : 0] + timing.encoded(), payload)
    }
    do throws(FrameSendError) {
      try self.connection.sendPacket(payload, marker: marker, timing, on: transceiver, now: now)
    } catch {
      self.recorder?.record(.refused)
      throw error
    }
  }

  public mutating func receiveFrame(into writer: inout SpanWriter) -> (Transceiver, ReceivedFrame)? {
    guard self.isRecording else { return self.connection.receiveFrame(into: &writer) }
    let start = writer.count
    self.recorder?.record(.receiveFrame, numbers: [UInt64(writer.remaining)])
    let received = self.connection.receiveFrame(into: &writer)
    if let (transceiver, frame) = received {
      self.recorder?.record(
        .frame, numbers: [UInt64(transceiver.index), UInt64(frame.timestamp), frame.isKeyFrame ? 1 : 0],
        writer.bytes(in: start..<writer.count))
    }
    return received
  }

  public mutating func receivePacket(into writer: inout SpanWriter) -> (Transceiver, ReceivedPacket)? {
    guard self.isRecording else { return self.connection.receivePacket(into: &writer) }
    let start = writer.count
    self.recorder?.record(.receivePacket, numbers: [UInt64(writer.remaining)])
    let received = self.connection.receivePacket(into: &writer)
    if let (transceiver, packet) = received {
      self.recorder?.record(
        .packet, numbers: [UInt64(transceiver.index), UInt64(packet.header.timestamp)],
        writer.bytes(in: start..<writer.count))
    }
    return received
  }

  public mutating func requestKeyFrame(of transceiver: Transceiver, now: Instant) {
    self.recorder?.record(.requestKeyFrame, at: now, numbers: [transceiver.code])
    self.connection.requestKeyFrame(of: transceiver, now: now)
  }
}
