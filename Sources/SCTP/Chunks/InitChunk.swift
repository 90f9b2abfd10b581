import Bytes

/// What one side tells the other of itself, by INIT or by INIT ACK.
struct EndpointParameters: Equatable, Sendable {
  var tag: UInt32 = 0
  var receiveWindow: UInt32 = 0
  var outboundStreams: UInt16 = 0
  var inboundStreams: UInt16 = 0
  var initialTSN: UInt32 = 0
  /// RFC 3758, RFC 6525, RFC 9653.
  var supportsForwardTSN = false
  var supportsReconfig = false
  var acceptsZeroChecksum = false
}

/// INIT and INIT ACK (RFC 9260 sections 3.3.2 and 3.3.3).
/// ```
/// +---------------+---------------+-------------------------------+
/// |  Type = 1, 2  |  Chunk Flags  |         Chunk Length          |
/// +---------------+---------------+-------------------------------+
/// |                         Initiate Tag                          |
/// +---------------------------------------------------------------+
/// |           Advertised Receiver Window Credit (a_rwnd)          |
/// +-------------------------------+-------------------------------+
/// |  Number of Outbound Streams   |   Number of Inbound Streams   |
/// +-------------------------------+-------------------------------+
/// |                          Initial TSN                          |
/// +---------------------------------------------------------------+
/// \              Optional/Variable-Length Parameters              \
/// +---------------------------------------------------------------+
/// ```
struct InitChunk: ~Escapable {
  enum ParameterType {
    static let stateCookie: UInt16 = 7
    static let unrecognized: UInt16 = 8
    static let supportedExtensions: UInt16 = 0x8008
    static let zeroChecksum: UInt16 = 0x8001
    static let forwardTSN: UInt16 = 0xC000
    /// Addresses, cookie preservative, supported address types, host name, ECN, and AUTH's three: understood as
    /// having no meaning over DTLS (RFC 8261 section 6.1).
    static let ignored: [UInt16] = [5, 6, 9, 11, 12, 0x8000, 0x8002, 0x8003, 0x8004, 0xC006]
  }
  /// RFC 9653 section 4: SCTP over DTLS.
  static let zeroChecksumByDTLS: UInt32 = 1

  let parameters: EndpointParameters
  /// Empty if absent, as in INIT.
  let cookie: Span<UInt8>
  private let rest: Span<UInt8>

  @_lifetime(copy chunk)
  init(parsing chunk: borrowing Chunk) throws(WireError) {
    var cursor = SpanCursor(chunk.value)
    var result = EndpointParameters()
    result.tag = try cursor.read()
    result.receiveWindow = try cursor.read()
    result.outboundStreams = try cursor.read()
    result.inboundStreams = try cursor.read()
    result.initialTSN = try cursor.read()
    // Sections 3.3.2 and 3.3.3: zero is no tag and no stream count. A window below 1,500 is, too, but harmless.
    guard result.tag != 0, result.outboundStreams != 0, result.inboundStreams != 0 else { throw .malformed }
    let rest = try cursor.readBytes(cursor.remaining)
    var cookie = rest.extracting(0..<0)
    var parameters = SpanCursor(rest)
    scan: while parameters.remaining >= 4 {
      let parameter = try Parameter(parsing: &parameters)
      switch parameter.type {
      case ParameterType.stateCookie: cookie = parameter.value
      case ParameterType.forwardTSN: result.supportsForwardTSN = true
      case ParameterType.supportedExtensions:
        var i = 0
        while i < parameter.value.count {
          if parameter.value[i] == ChunkType.reconfig { result.supportsReconfig = true }
          if parameter.value[i] == ChunkType.forwardTSN { result.supportsForwardTSN = true }
          i &+= 1
        }
      case ParameterType.zeroChecksum:
        var value = SpanCursor(parameter.value)
        result.acceptsZeroChecksum = try value.read(UInt32.self) == Self.zeroChecksumByDTLS
      default:
        if Self.isUnknown(parameter.type), parameter.type & 0x8000 == 0 { break scan }
      }
    }
    self.parameters = result
    self.cookie = cookie
    self.rest = rest
  }

  private static func isUnknown(_ type: UInt16) -> Bool {
    switch type {
    case ParameterType.stateCookie, ParameterType.unrecognized, ParameterType.supportedExtensions,
      ParameterType.zeroChecksum, ParameterType.forwardTSN:
      return false
    default: return !ParameterType.ignored.contains(type)
    }
  }

  /// Unknown parameters whose type asks to be reported (RFC 9260 section 3.2.2), each wrapped in an Unrecognized
  /// Parameter, as far as `limit` bytes go.
  func unrecognized(limit: Int) -> [UInt8] {
    var report: [UInt8] = []
    var cursor = SpanCursor(self.rest)
    while cursor.remaining >= 4, let parameter = try? Parameter(parsing: &cursor) {
      guard Self.isUnknown(parameter.type) else { continue }
      let length = 4 &+ parameter.value.count
      if parameter.type & 0x4000 != 0, report.count &+ 4 &+ length &+ 3 <= limit {
        append(ParameterType.unrecognized, to: &report)
        append(UInt16(truncatingIfNeeded: length &+ 4), to: &report)
        append(parameter.type, to: &report)
        append(UInt16(truncatingIfNeeded: length), to: &report)
        var i = 0
        while i < parameter.value.count {
          report.append(parameter.value[i])
          i &+= 1
        }
        report.append(contentsOf: repeatElement(0, count: padding(of: length)))
      }
      if parameter.type & 0x8000 == 0 { break }
    }
    return report
  }

  /// Writes the fixed part and what we support; the caller adds a cookie and calls `Chunk.end`.
  static func begin(_ type: UInt8, _ parameters: EndpointParameters, into writer: inout SpanWriter) -> Int {
    let start = Chunk.begin(type, in: &writer)
    writer.write(parameters.tag)
    writer.write(parameters.receiveWindow)
    writer.write(parameters.outboundStreams)
    writer.write(parameters.inboundStreams)
    writer.write(parameters.initialTSN)
    // The chunk's length counts all padding but the last parameter's (RFC 9260 section 3.2): that one has none.
    let extensions = Parameter.begin(ParameterType.supportedExtensions, in: &writer)
    writer.write(ChunkType.reconfig)
    writer.write(ChunkType.forwardTSN)
    Chunk.end(extensions, in: &writer)
    Chunk.end(Parameter.begin(ParameterType.forwardTSN, in: &writer), in: &writer)
    if parameters.acceptsZeroChecksum {
      let method = Parameter.begin(ParameterType.zeroChecksum, in: &writer)
      writer.write(Self.zeroChecksumByDTLS)
      Chunk.end(method, in: &writer)
    }
    return start
  }
}

private func append(_ value: UInt16, to bytes: inout [UInt8]) {
  bytes.append(UInt8(truncatingIfNeeded: value &>> 8))
  bytes.append(UInt8(truncatingIfNeeded: value))
}
