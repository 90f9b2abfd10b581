/// What the header extensions of one packet say. Extensions that nobody negotiated, and those whose length is wrong, are left out.
///
/// Numbers lie beside the bits that tell which of them are there: as optionals they would make every copy of a header a dozen
/// moves of odd sizes.
@frozen
public struct ExtensionValues: Equatable, Sendable {
  /// RFC 9143 section 15.
  public var mid = ByteField()
  /// RFC 8852 section 3.1.
  public var rid = ByteField()
  /// RFC 8852 section 3.2.
  public var repairedRID = ByteField()
  /// One for each number that is there.
  @usableFromInline var present: UInt8 = 0
  @usableFromInline var audioLevelValue: UInt8 = 0
  @usableFromInline var transportSequenceValue: UInt16 = 0
  @usableFromInline var absoluteSendTimeValue: UInt32 = 0
  @usableFromInline var absoluteCaptureTimeValue: UInt64 = 0
  @usableFromInline var captureClockOffsetValue: Int64 = 0

  @inlinable public init() {}

  @inlinable func has(_ bit: UInt8) -> Bool { self.present & bit != 0 }

  @inlinable mutating func set(_ bit: UInt8, _ isThere: Bool) {
    self.present = isThere ? self.present | bit : self.present & ~bit
  }

  /// 24 bits: seconds modulo 64 in units of 2^-18 s.
  @inlinable public var absoluteSendTime: UInt32? {
    get { self.has(1) ? self.absoluteSendTimeValue : nil }
    set {
      self.set(1, newValue != nil)
      self.absoluteSendTimeValue = newValue ?? 0
    }
  }

  @inlinable public var transportSequence: UInt16? {
    get { self.has(2) ? self.transportSequenceValue : nil }
    set {
      self.set(2, newValue != nil)
      self.transportSequenceValue = newValue ?? 0
    }
  }

  /// RFC 6464: -dBov, 0 (loudest) to 127.
  @inlinable public var audioLevel: UInt8? {
    get { self.has(4) ? self.audioLevelValue : nil }
    set {
      self.set(4, newValue != nil)
      self.audioLevelValue = newValue ?? 0
    }
  }

  /// RFC 6464: counts where `audioLevel` is there.
  @inlinable public var hasVoice: Bool {
    get { self.has(8) }
    set { self.set(8, newValue) }
  }

  /// The NTP time of capture by the sender's clock, 32.32 bits.
  @inlinable public var absoluteCaptureTime: UInt64? {
    get { self.has(16) ? self.absoluteCaptureTimeValue : nil }
    set {
      self.set(16, newValue != nil)
      self.absoluteCaptureTimeValue = newValue ?? 0
    }
  }

  /// How far the capturing clock is ahead of the sender's, 32.32 bits.
  @inlinable public var captureClockOffset: Int64? {
    get { self.has(32) ? self.captureClockOffsetValue : nil }
    set {
      self.set(32, newValue != nil)
      self.captureClockOffsetValue = newValue ?? 0
    }
  }
}
