import Bytes
import CSRTP

extension Session {
  /// Authenticates and decrypts the SRTP packet that fills `buffer` and returns the RTP packet's length (RFC 3711 section
  /// 3.3). nil: refused and counted. Where the packet was not authentic the buffer holds zeros afterwards, so that nothing
  /// of it can be used by mistake.
  public mutating func unprotect(_ buffer: inout MutableSpan<UInt8>) -> Int? {
    let count = buffer.count
    guard count <= Session.maximumSize,
      let header = RTPHeader(buffer.span, count: count &- self.profile.tagLength)
    else {
      self.statistics.malformed &+= 1
      return nil
    }
    let known = self.receiving.find(header.ssrc)
    var index = UInt64(header.sequenceNumber)
    if let known {
      index = PacketIndex.estimate(header.sequenceNumber, highest: self.receiving.streams[known].highest)
      guard self.receiving.verdict(index, of: known) == .new else {
        self.statistics.replays &+= 1
        return nil
      }
    } else if self.receiving.streams.count >= self.configuration.maximumStreams {
      self.statistics.streamsRefused &+= 1
      return nil
    }
    let size = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
      unsafe csrtp_unprotect(self.context, bytes.baseAddress, CInt(truncatingIfNeeded: count))
    }
    guard size > 0 else {
      self.fail(size, &buffer)
      return nil
    }
    self.receiving.record(index, of: known ?? self.receiving.add(header.ssrc))
    self.statistics.packetsUnprotected &+= 1
    return Int(size)
  }

  /// Authenticates and decrypts the SRTCP packet that fills `buffer` and returns the RTCP packet's length (RFC 3711 section
  /// 3.4). nil: as `unprotect`.
  public mutating func unprotectControl(_ buffer: inout MutableSpan<UInt8>) -> Int? {
    let count = buffer.count
    guard count <= Session.maximumSize,
      let ssrc = controlSSRC(buffer.span, count: count &- self.profile.tagLength &- 4)
    else {
      self.statistics.malformed &+= 1
      return nil
    }
    let index = self.controlIndex(buffer.span)
    let known = self.receiving.find(ssrc)
    if let known {
      guard self.receiving.controlVerdict(index, of: known) == .new else {
        self.statistics.replays &+= 1
        return nil
      }
    } else if self.receiving.streams.count >= self.configuration.maximumStreams {
      self.statistics.streamsRefused &+= 1
      return nil
    }
    let size = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
      unsafe csrtp_unprotect_control(self.context, bytes.baseAddress, CInt(truncatingIfNeeded: count))
    }
    guard size > 0 else {
      self.fail(size, &buffer)
      return nil
    }
    self.receiving.recordControl(index, of: known ?? self.receiving.add(ssrc))
    self.statistics.packetsUnprotected &+= 1
    return Int(size)
  }

  /// The SRTCP index: before the tag with HMAC (RFC 3711 section 3.4), behind it with AEAD (RFC 7714 section 9.2). The
  /// bit above it says whether the packet is encrypted.
  private func controlIndex(_ packet: Span<UInt8>) -> UInt64 {
    let behind = self.profile == .aes128CMHMACSHA1_80 ? self.profile.tagLength : 0
    return UInt64(word(packet, at: packet.count &- behind &- 4) & 0x7FFF_FFFF)
  }

  private mutating func fail(_ result: CInt, _ buffer: inout MutableSpan<UInt8>) {
    unsafe buffer.withUnsafeMutableBufferPointer { unsafe $0.update(repeating: 0) }
    if result == CInt(CSRTP_NOT_AUTHENTIC.rawValue) {
      self.statistics.authenticationFailures &+= 1
    } else {
      self.statistics.malformed &+= 1
    }
  }
}
