extension MediaSection.Direction {
  @inlinable public var sends: Bool { self == .sendrecv || self == .sendonly }
  @inlinable public var receives: Bool { self == .sendrecv || self == .recvonly }

  public init(sends: Bool, receives: Bool) {
    self = sends ? (receives ? .sendrecv : .sendonly) : receives ? .recvonly : .inactive
  }

  /// As the other side sees it.
  public var reversed: MediaSection.Direction {
    MediaSection.Direction(sends: self.receives, receives: self.sends)
  }

  /// What both allow.
  public func limited(to other: MediaSection.Direction) -> MediaSection.Direction {
    MediaSection.Direction(sends: self.sends && other.sends, receives: self.receives && other.receives)
  }

  var name: StaticString {
    switch self {
    case .sendrecv: "sendrecv"
    case .sendonly: "sendonly"
    case .recvonly: "recvonly"
    case .inactive: "inactive"
    }
  }
}
