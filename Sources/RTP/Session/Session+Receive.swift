import Bytes
import Time

extension Session {
  /// Takes a decrypted RTP packet.
  ///
  /// Gives back what a line with the delivery `.inPlace` has to forward; its payload lies in `packet`. `keeps`: it waits for
  /// `receivePacket` all the same.
  @discardableResult
  public mutating func receive(_ packet: Span<UInt8>, keeps: Bool = false, now: Instant) -> ReceivedPacket? {
    let header: PacketHeader
    do throws(WireError) {
      header = try PacketHeader(parsing: packet, extensions: self.extensions)
    } catch {
      self.statistics.malformedPackets &+= 1
      return nil
    }
    self.statistics.packetsReceived &+= 1
    // Whosever it is, it came: RTX padding that probes the path may precede the stream.
    if carriesVideo, let number = header.extensions.transportSequence, self.reportsTransport {
      self.noteArrival(number, media: header.ssrc, now: now)
    }
    guard let index = self.route(header, packet, now: now) else {
      self.statistics.unroutablePackets &+= 1
      return nil
    }
    self.streams[index].lastActivity = now
    defer { self.refreshStream(index) }
    guard header.ssrc == self.streams[index].ssrc else {
      return self.unwrap(header, packet, to: index, keeps: keeps, now: now)
    }
    return self.streams[index].receiver.receive(
      header, payload: header.payload(of: packet), isRepair: false, keeps: keeps, now: now)
  }

  /// RFC 4588 section 4: the original's sequence number stands before its payload.
  private mutating func unwrap(
    _ header: PacketHeader, _ packet: Span<UInt8>, to index: Int, keeps: Bool, now: Instant
  ) -> ReceivedPacket? {
    let payload = header.payload(of: packet)
    // Without a sequence number it is padding, by which senders probe the path.
    guard payload.count >= 2 else { return nil }
    let line = self.streams[index].line
    guard let mapping = self.lines[line].mapping(for: header.payloadType), mapping.isRepair else { return nil }
    var original = header
    original.payloadType = self.lines[line].parameters.receiveCodecs[mapping.index].payloadType
    original.ssrc = self.streams[index].ssrc
    original.sequenceNumber = UInt16(payload[0]) &<< 8 | UInt16(payload[1])
    original.payloadOffset &+= 2
    original.payloadCount &-= 2
    return self.streams[index].receiver.receive(
      original, payload: payload.extracting(2..<payload.count), isRepair: true, keeps: keeps, now: now)
  }

  /// Whose packet it is (RFC 9143 section 9.2): the stream's place; nil: nobody's.
  private mutating func route(_ header: PacketHeader, _ packet: Span<UInt8>, now: Instant) -> Int? {
    if let source = self.sources.find(header.ssrc) {
      switch source.role {
      case .own:
        guard self.resolveCollision(on: source.index) else { return nil }
        return self.bind(header, packet, now: now)
      case .stream, .repair:
        let stream = source.index
        let mid = header.extensions.mid.bytes(of: packet)
        let known = self.streams[stream].line
        // A mid of another line moves the SSRC there.
        if mid.count == 0 || bytesEqual(mid, self.lines[known].parameters.mid) {
          return self.streams[stream].isLeaving ? nil : stream
        }
        guard self.line(named: mid) != nil else { return nil }
        if source.role == .stream {
          self.removeStream(stream)
        } else {
          self.sources.remove(header.ssrc)
          self.streams[stream].rtxSSRC = nil
        }
        return self.bind(header, packet, now: now)
      }
    }
    return self.bind(header, packet, now: now)
  }

  /// An SSRC that was not heard before.
  private mutating func bind(_ header: PacketHeader, _ packet: Span<UInt8>, now: Instant) -> Int? {
    guard let line = self.findLine(header, packet), self.lines[line].parameters.receives,
      let mapping = self.lines[line].mapping(for: header.payloadType)
    else { return nil }
    if mapping.isRepair { return self.bindRepair(header, packet, on: line) }
    for departed in self.departed where departed.ssrc == header.ssrc && departed.until > now { return nil }
    var rtx: UInt32?
    for announced in self.lines[line].parameters.remoteStreams where announced.ssrc == header.ssrc {
      rtx = announced.rtxSSRC
    }
    return self.addStream(
      header.ssrc, on: line, rtxSSRC: rtx, rid: header.extensions.rid.bytes(of: packet),
      codec: self.lines[line].parameters.receiveCodecs[mapping.index].codec, now: now)
  }

  /// The stream that an RTX stream repairs: as announced, else by its rid (RFC 8852), else the line's only one, or the one that was
  /// active last.
  private mutating func bindRepair(_ header: PacketHeader, _ packet: Span<UInt8>, on line: Int) -> Int? {
    var original: UInt32?
    for announced in self.lines[line].parameters.remoteStreams where announced.rtxSSRC == header.ssrc {
      original = announced.ssrc
    }
    let rid = header.extensions.repairedRID.bytes(of: packet)
    var chosen: Int?
    for i in self.streams.indices where self.streams[i].line == line && !self.streams[i].isLeaving {
      if let original {
        guard self.streams[i].ssrc == original else { continue }
      } else if rid.count > 0 {
        guard bytesEqual(rid, self.streams[i].rid) else { continue }
      } else if let chosen, self.streams[chosen].lastActivity >= self.streams[i].lastActivity {
        continue
      }
      chosen = i
    }
    guard let chosen else {
      self.statistics.unboundRepairs &+= 1
      return nil
    }
    self.bindRepair(header.ssrc, to: chosen)
    return chosen
  }

  /// By mid, by announced SSRC, then by payload type where only one line takes it.
  private func findLine(_ header: PacketHeader, _ packet: Span<UInt8>) -> Int? {
    if !header.extensions.mid.isEmpty { return self.line(named: header.extensions.mid.bytes(of: packet)) }
    for i in self.lines.indices {
      for announced in self.lines[i].parameters.remoteStreams
      where announced.ssrc == header.ssrc || announced.rtxSSRC == header.ssrc { return i }
    }
    var found: Int?
    for i in self.lines.indices
    where self.lines[i].parameters.receives && self.lines[i].mapping(for: header.payloadType) != nil {
      guard found == nil else { return nil }
      found = i
    }
    return found
  }

  @inline(__always) private func line(named mid: Span<UInt8>) -> Int? {
    for i in self.lines.indices where bytesEqual(mid, self.lines[i].parameters.mid) { return i }
    return nil
  }

  /// The size of the frame that `receiveFrame` would give next; nil: there is none.
  public var nextFrameSize: Int? {
    guard let index = self.frameReady.first(from: self.turns.frames) else { return nil }
    return self.streams[index].receiver.nextFrameSize
  }

  /// `nextFrameSize`, asked where the session lies: a class that holds one would have it copied for a getter.
  public mutating func sizeOfNextFrame() -> Int? {
    guard let index = self.frameReady.first(from: self.turns.frames) else { return nil }
    return self.streams[index].receiver.nextFrameSize
  }

  /// Writes the next frame at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receiveFrame(into writer: inout SpanWriter) -> ReceivedFrame? {
    while let index = self.frameReady.first(from: self.turns.frames) {
      let frame = self.streams[index].receiver.receiveFrame(into: &writer)
      self.refreshStream(index)
      // What was ready may turn out to be no frame: then it is gone, and other streams have their turn.
      guard frame != nil || !self.streams[index].receiver.readiness().hasFrame else { return nil }
      self.turns.frames = index &+ 1
      self.removeIfLeft(index)
      if frame != nil { return frame }
    }
    return nil
  }

  /// As `nextFrameSize`, of lines that deliver packets.
  public var nextPacketSize: Int? {
    guard let index = self.packetReady.first(from: self.turns.packets) else { return nil }
    return self.streams[index].receiver.nextPacketSize
  }

  /// As `receiveFrame`, of lines that deliver packets.
  public mutating func receivePacket(into writer: inout SpanWriter) -> ReceivedPacket? {
    guard let index = self.packetReady.first(from: self.turns.packets),
      let size = self.streams[index].receiver.nextPacketSize, writer.remaining >= size
    else { return nil }
    defer {
      self.turns.packets = index &+ 1
      self.refreshStream(index)
      self.removeIfLeft(index)
    }
    return self.streams[index].receiver.receivePacket(into: &writer)
  }

  /// Asks the senders of the line's streams for a key frame, until one has come.
  public mutating func requestKeyFrame(of line: Int, now: Instant) {
    for i in self.streams.indices where self.streams[i].line == line {
      self.streams[i].receiver.requestKeyFrame(now: now)
      self.refreshStream(i)
    }
  }
}
