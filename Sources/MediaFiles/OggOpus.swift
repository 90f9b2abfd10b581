import RTP

extension MediaClip {
  /// Opus in an Ogg file (RFC 7845), mono or stereo: the file's first Opus stream; others beside it are passed over, and so
  /// is what follows its end. Empty packets, which stand for lost ones, are left out, and show as longer durations.
  /// - Throws: `.notRecognized`, `.truncated`, `.unsupported` for more channels or a later format, `.malformed` for
  ///   checksums, missing pages, or packets that are not Opus.
  public init(oggOpus bytes: [UInt8]) throws(MediaFileError) {
    guard bytes.hasBytes("OggS", at: 0) else { throw .notRecognized }
    var reader = OggOpusReader()
    var offset = 0
    while offset < bytes.count, !reader.isAtEnd {
      let page = try OggPage(bytes, at: offset)
      try reader.take(page, bytes)
      offset = page.body.upperBound
    }
    guard reader.serial != nil else { throw .notRecognized }
    guard !reader.isInPacket else { throw .truncated }
    try self.init(format: .opus, channels: reader.channels, bytes: reader.audio, frames: reader.frames)
  }
}

/// Puts the packets of one logical stream together from its pages.
private struct OggOpusReader {
  private(set) var serial: UInt32?
  private(set) var channels = 0
  private(set) var audio: [UInt8] = []
  private(set) var frames: [MediaClip.Frame] = []
  private(set) var isAtEnd = false
  private(set) var isInPacket = false
  private var nextSequence: UInt32 = 0
  private var packets = 0
  private var time: Int64 = 0
  /// Where the packet under way starts in `audio`.
  private var start = 0

  mutating func take(_ page: OggPage, _ bytes: [UInt8]) throws(MediaFileError) {
    if self.serial == nil {
      guard page.flags & OggPage.beginning != 0, bytes.hasBytes("OpusHead", at: page.body.lowerBound) else { return }
      self.serial = page.serial
      self.nextSequence = page.sequence
    }
    guard page.serial == self.serial else { return }
    guard page.sequence == self.nextSequence, (page.flags & OggPage.continued != 0) == self.isInPacket else { throw .malformed }
    self.nextSequence = page.sequence &+ 1
    var offset = page.body.lowerBound
    for lacing in bytes[page.segments] {
      self.audio += bytes[offset..<(offset + Int(lacing))]
      offset += Int(lacing)
      self.isInPacket = lacing == 255
      if !self.isInPacket { try self.endPacket() }
    }
    self.isAtEnd = page.flags & OggPage.end != 0
  }

  private mutating func endPacket() throws(MediaFileError) {
    switch self.packets {
    case 0: try self.readHead()
    case 1: guard self.audio.hasBytes("OpusTags", at: 0) else { throw .malformed }
    default: try self.endAudio()
    }
    if self.packets < 2 { self.audio.removeAll() }
    self.packets += 1
    self.start = self.audio.count
  }

  /// RFC 7845 section 5.1.
  private mutating func readHead() throws(MediaFileError) {
    guard self.audio.count >= 19 else { throw .malformed }
    self.channels = Int(self.audio[9])
    // Channel mapping family 0: mono or stereo. A major version other than 0 is another format.
    guard self.audio[8] < 16, self.audio[18] == 0, (1...2).contains(self.channels) else { throw .unsupported }
  }

  private mutating func endAudio() throws(MediaFileError) {
    let range = self.start..<self.audio.count
    guard let duration = OpusPacket.duration(self.audio.span.extracting(range)) else { throw .malformed }
    if range.count == 1, let last = self.frames.indices.last {
      self.audio.removeLast()
      self.frames[last].duration += Int64(duration)
    } else {
      self.frames.append(
        MediaClip.Frame(range: range, timestamp: self.time, duration: Int64(duration), isKeyFrame: true))
    }
    self.time += Int64(duration)
  }
}

/// Writes Opus into an Ogg file (RFC 7845). Gaps are filled with empty packets, which decoders conceal (section 4.1).
public struct OggOpusWriter {
  private var output: MediaOutput
  private let serial: UInt32
  private let maximumGap: Int64
  private var sequence: UInt32 = 0
  private var segments: [UInt8] = []
  private var body: [UInt8] = []
  /// Samples in the file, and those on the pages written.
  public private(set) var sampleCount: Int64 = 0
  private var first: Int64?
  private var pageStart: Int64 = 0
  private var lastTOC: UInt8 = 0

  /// - Parameters:
  ///   - channels: 1 or 2: what players are told; packets of either kind may follow.
  ///   - preSkip: 48 kHz samples that the decoder throws away at the start; encoders' usual delay by default.
  ///   - serial: tells streams apart that are put into one file later.
  ///   - maximumGap: the longest gap that is filled, in 48 kHz samples; a longer one is cut to this.
  /// - Throws: `.unsupported` for other numbers of channels.
  public init(
    channels: Int, preSkip: UInt16 = 312, serial: UInt32 = 1, maximumGap: Int64 = 48_000 * 600, to sink: @escaping MediaSink
  ) throws(MediaFileError) {
    guard (1...2).contains(channels) else { throw .unsupported }
    self.output = MediaOutput(sink)
    self.serial = serial
    self.maximumGap = max(0, maximumGap)
    var head = [UInt8]("OpusHead".utf8) + [1, UInt8(channels)]
    head.appendLittleEndian(preSkip)
    head.appendLittleEndian(UInt32(48_000))
    head += [0, 0, 0]  // no gain, channel mapping family 0
    var tags = [UInt8]("OpusTags".utf8)
    let vendor = [UInt8]("swift-rtc".utf8)
    tags.appendLittleEndian(UInt32(vendor.count))
    tags += vendor
    tags.appendLittleEndian(UInt32(0))
    // Each of the two has a page to itself (section 3).
    try self.write(head)
    try self.endPage(OggPage.beginning)
    try self.write(tags)
    try self.endPage(0)
  }

  /// Appends a packet.
  /// - Parameter timestamp: 48 kHz, unwrapped; the first packet's may be any. What lies before the end of the file is left
  ///   out.
  /// - Returns: whether it was written.
  /// - Throws: `.malformed` where it is no Opus packet, `.tooLarge` beyond 60,000 bytes.
  @discardableResult
  public mutating func append(_ packet: Span<UInt8>, timestamp: Int64) throws(MediaFileError) -> Bool {
    guard let duration = OpusPacket.duration(packet) else { throw .malformed }
    guard packet.count <= 60_000 else { throw .tooLarge }
    let first = self.first ?? timestamp
    let (position, overflow) = timestamp.subtractingReportingOverflow(first)
    // Clocks that differ by less than the shortest frame make neither gap nor overlap.
    guard !overflow, position > self.sampleCount - 120 else { return false }
    self.first = first
    if self.sampleCount == 0 { self.lastTOC = packet[0] }
    let gap = position - self.sampleCount
    if gap > self.maximumGap { self.first = first + (gap - self.maximumGap) }
    try self.fill(min(gap, self.maximumGap))
    self.lastTOC = packet[0]
    try self.add(packet, duration: Int64(duration))
    return true
  }

  /// Writes the last page.
  public mutating func finish() throws(MediaFileError) { try self.endPage(OggPage.end) }

  private mutating func fill(_ gap: Int64) throws(MediaFileError) {
    var left = gap
    while left >= 120 {
      let toc = OpusPacket.emptyFrame(like: self.lastTOC, atMost: Int(min(left, 960)))
      let duration = Int64(OpusPacket.frameDuration(toc))
      try self.add([toc].span, duration: duration)
      left -= duration
    }
  }

  private mutating func add(_ packet: Span<UInt8>, duration: Int64) throws(MediaFileError) {
    // A page a second, and always one packet in hand, so that the last page is never empty.
    let full = self.segments.count + packet.count / 255 + 1 > 255
    if !self.segments.isEmpty, full || self.sampleCount - self.pageStart >= 48_000 { try self.endPage(0) }
    for i in packet.indices { self.body.append(packet[i]) }
    self.lace(packet.count)
    self.sampleCount += duration
  }

  private mutating func write(_ packet: [UInt8]) throws(MediaFileError) {
    self.body += packet
    self.lace(packet.count)
  }

  private mutating func lace(_ size: Int) {
    for _ in 0..<(size / 255) { self.segments.append(255) }
    self.segments.append(UInt8(size % 255))
  }

  private mutating func endPage(_ flags: UInt8) throws(MediaFileError) {
    let page = OggPage.encode(
      flags: flags, granule: self.sampleCount, serial: self.serial, sequence: self.sequence, segments: self.segments,
      body: self.body)
    try self.output.append(page)
    self.sequence &+= 1
    self.segments.removeAll(keepingCapacity: true)
    self.body.removeAll(keepingCapacity: true)
    self.pageStart = self.sampleCount
  }
}
