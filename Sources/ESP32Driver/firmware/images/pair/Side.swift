import Bytes
import Cryptography
import Firmware
import STUN
import Time
import WebRTC

/// One of the two peers of the image, what it has sent, and what it has seen of the other's.
final class Side {
  var peer: PeerConnection
  /// Whose the heap's blocks are while the peer works.
  let owner: CInt
  let address: TransportAddress
  var channel: Channel?
  #if Audio
  var transceiver: Transceiver?
  #endif
  var isConnected = false
  var isFailed = false
  var messagesSent = 0
  var messages = 0
  var framesSent = 0
  var frames = 0
  /// Messages and frames with bytes that the other side has not sent.
  var wrong = 0

  @inline(never)
  init(owner: CInt, now: Instant) throws(ImageError) {
    self.owner = owner
    self.address = TransportAddress(ip: IPAddress(10, 0, 0, UInt8(owner)), port: 5000)
    heap_set_owner(owner)
    defer { heap_set_owner(0) }
    var random = SeededRandom(seed: try drawSeed())
    let identity = try makeIdentity(&random)
    self.peer = try makePeer(identity, seed: .init(bytes: randomBytes(&random)), now: now)
    self.peer.addLocalAddress(self.address, preference: 65535, now: now)
    self.peer.localAddressesComplete(now: now)
  }
}

enum ImageError: Error { case entropy, identity, peer, description }

/// Apart, so that the stack of making it does not lie under what follows.
@inline(never)
private func makePeer(_ identity: Identity, seed: SeededRandom.Seed, now: Instant) throws(ImageError) -> PeerConnection {
  do throws(PeerConnection.UsageError) {
    return try PeerConnection(configuration: .minimal, identity: identity, seed: seed, now: now)
  } catch {
    throw .peer
  }
}

private func drawSeed() throws(ImageError) -> SeededRandom.Seed {
  var seed = SeededRandom.Seed(0)
  for i in 0..<32 {
    var byte: UInt8 = 0
    guard platform_random(&byte, 1) == 0 else { throw .entropy }
    seed.bytes[i] = byte
  }
  return seed
}

@inline(never)
private func makeIdentity(_ random: inout SeededRandom) throws(ImageError) -> Identity {
  do throws(CryptographyError) { return try Identity(random: &random) } catch { throw .identity }
}

private func randomBytes(_ random: inout SeededRandom) -> InlineArray<32, UInt8> {
  var bytes = InlineArray<32, UInt8>(repeating: 0)
  for i in 0..<32 { bytes[i] = UInt8(truncatingIfNeeded: random.nextWord()) }
  return bytes
}

/// Runs `body` with the heap counting for the side.
func working<Result>(_ side: Side, _ body: (Side) -> Result) -> Result {
  heap_set_owner(side.owner)
  defer { heap_set_owner(0) }
  return body(side)
}

/// Text and data that each side sends, so that the other can tell whether it got what was meant.
enum Content {
  static let messageCount = 20
  static let frameCount = 50
  static let messageSize = 100
  /// 20 ms of G.711.
  static let frameSize = 160

  static func byte(_ index: Int, of number: Int, from owner: CInt, isFrame: Bool) -> UInt8 {
    UInt8(truncatingIfNeeded: index &* 7 &+ number &* 31 &+ Int(owner) &* 101 &+ (isFrame ? 57 : 0))
  }

  static func fill(_ bytes: inout MutableSpan<UInt8>, number: Int, from owner: CInt, isFrame: Bool) {
    for i in 0..<bytes.count { bytes[i] = self.byte(i, of: number, from: owner, isFrame: isFrame) }
  }

  static func matches(_ bytes: Span<UInt8>, number: Int, from owner: CInt, isFrame: Bool) -> Bool {
    guard bytes.count == (isFrame ? self.frameSize : self.messageSize) else { return false }
    for i in 0..<bytes.count where bytes[i] != self.byte(i, of: number, from: owner, isFrame: isFrame) { return false }
    return true
  }
}
