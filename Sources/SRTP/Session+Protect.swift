import Bytes
import CSRTP

extension Session {
  /// Protects the RTP packet in the first `count` bytes of `buffer`, which has `tailroom` bytes more, and returns its new
  /// length (RFC 3711 section 3.3).
  ///
  /// An identical packet may be protected again, within `Configuration.repeatWindow`, and gives identical bytes. A
  /// *different* packet of the same SSRC and sequence number would reveal both: that is the caller's to prevent.
  /// nil: refused and counted, and the packet is as it was.
  public mutating func protect(_ buffer: inout MutableSpan<UInt8>, count: Int) -> Int? {
    guard Session.hasRoom(buffer.count, for: count), let header = RTPHeader(buffer.span, count: count) else {
      self.statistics.malformed &+= 1
      return nil
    }
    let known = self.sending.find(header.ssrc)
    guard known != nil || self.sending.streams.count < self.configuration.maximumStreams else {
      self.statistics.streamsRefused &+= 1
      return nil
    }
    let size = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
      unsafe csrtp_protect(self.context, bytes.baseAddress, CInt(truncatingIfNeeded: count))
    }
    guard size > 0 else {
      self.statistics.sendsRefused &+= 1
      return nil
    }
    let slot = known ?? self.sending.add(header.ssrc)
    let highest = self.sending.streams[slot].highest
    self.sending.streams[slot].highest = max(highest, PacketIndex.estimate(header.sequenceNumber, highest: highest))
    self.statistics.packetsProtected &+= 1
    return Int(size)
  }

  /// Protects the RTCP packet, compound or not, in the first `count` bytes of `buffer`, which has `tailroom` bytes more,
  /// and returns its new length (RFC 3711 section 3.4). nil: refused and counted.
  public mutating func protectControl(_ buffer: inout MutableSpan<UInt8>, count: Int) -> Int? {
    guard Session.hasRoom(buffer.count, for: count), let ssrc = controlSSRC(buffer.span, count: count) else {
      self.statistics.malformed &+= 1
      return nil
    }
    let known = self.sending.find(ssrc)
    guard known != nil || self.sending.streams.count < self.configuration.maximumStreams else {
      self.statistics.streamsRefused &+= 1
      return nil
    }
    let size = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
      unsafe csrtp_protect_control(self.context, bytes.baseAddress, CInt(truncatingIfNeeded: count))
    }
    guard size > 0 else {
      self.statistics.sendsRefused &+= 1
      return nil
    }
    let slot = known ?? self.sending.add(ssrc)
    self.sending.streams[slot].controlIndex &+= 1
    self.statistics.packetsProtected &+= 1
    return Int(size)
  }

  @inline(__always)
  static func hasRoom(_ capacity: Int, for count: Int) -> Bool {
    count >= 0 && count <= Session.maximumSize && capacity &- count >= Session.tailroom
  }
}
