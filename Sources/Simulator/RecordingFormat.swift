import Bytes

/// The file that a session is recorded in, and from which it is replayed byte for byte.
///
///     file   = "RTCREC" version(1) reserved(1) record*
///     record = kind(1) varint(nanoseconds since the record before) varint(size) body(size)
///
/// The first record is `.start`: it holds the configuration, the identity and the seed, and so every key of the
/// session. Later records are the calls made on the peer, in order, and what the peer put out. A file that ends
/// in the middle of a record (the process was killed) is good up to there.
public enum RecordingFormat {
  static let magic: StaticString = "RTCREC"
  static let version: UInt8 = 2

  enum Kind: UInt8, Sendable {
    // Inputs: what the host called.
    case start = 0x01
    case addLocalAddress = 0x10
    case removeLocalAddress = 0x11
    case localAddressesComplete = 0x12
    case makeOffer = 0x13
    case makeAnswer = 0x14
    case setRemoteOffer = 0x15
    case setRemoteAnswer = 0x16
    case addRemoteCandidate = 0x17
    case addRemoteFragment = 0x18
    case remoteCandidatesComplete = 0x19
    case restartICE = 0x1a
    case receive = 0x20
    case advance = 0x21
    case pollTransmit = 0x22
    case pollEvent = 0x23
    case receiveMessage = 0x24
    case openChannel = 0x30
    case send = 0x31
    case closeChannel = 0x32
    case setBufferedAmountLowThreshold = 0x33
    case close = 0x34
    case addTransceiver = 0x40
    case setDirection = 0x41
    case stopTransceiver = 0x42
    case sendFrame = 0x43
    case sendPacket = 0x44
    case receiveFrame = 0x45
    case receivePacket = 0x46
    case requestKeyFrame = 0x47
    // Outputs: what the call before it gave.
    case description = 0x80
    case refused = 0x81
    case datagram = 0x82
    case event = 0x83
    case message = 0x84
    case channel = 0x85
    case transceiver = 0x86
    case frame = 0x87
    case packet = 0x88
  }
}
