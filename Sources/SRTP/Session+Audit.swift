extension Session {
  /// How far a stream has come.
  package struct StreamIndex: Equatable, Sendable {
    package var ssrc: UInt32
    /// The highest packet index: the roll-over counter in the bits above the lowest 16.
    package var highest: UInt64
  }

  package var sentIndices: [StreamIndex] {
    self.sending.streams.map { StreamIndex(ssrc: $0.ssrc, highest: $0.highest) }
  }

  package var receivedIndices: [StreamIndex] {
    self.receiving.streams.map { StreamIndex(ssrc: $0.ssrc, highest: $0.highest) }
  }
}
