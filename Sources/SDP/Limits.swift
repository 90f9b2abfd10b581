extension SessionDescription {
  /// What a description may cost before it is refused. The defaults leave ample room for a browser's
  /// offer of dozens of tracks and bound what a hostile one can take.
  public struct Limits: Sendable {
    /// Bytes of the whole description.
    public var size = 131_072
    /// Bytes of a line, without its end; at most 65,535.
    public var lineLength = 8_192
    /// `m=` sections.
    public var sections = 128
    /// Lines of a section, or before the first.
    public var linesPerSection = 512
    /// `a=candidate` lines of a section.
    public var candidatesPerSection = 128
    /// `a=fingerprint` lines of a section, or before the first.
    public var fingerprints = 8

    public init() {}
  }
}
