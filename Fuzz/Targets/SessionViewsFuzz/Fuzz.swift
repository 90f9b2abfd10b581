import Simulator
@testable import SessionViews

/// Shows a recording of which nothing may be true in every way, and takes the bytes for what lies under the encryption, which no
/// change of a recording reaches: all ends, in bounded time and memory.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  if let packet = SCTPPacket(bytes) { precondition(packet.texts.count <= count) }
  precondition(controlTexts(bytes).count <= count + 1)
  precondition(handshakeMessages(bytes).map { $0.text }.count <= count)
  precondition(!controlMessage(bytes).isEmpty)
  guard let session = try? RecordedSession(name: "peer", recording: bytes) else { return 0 }
  Trace([session]).write { precondition(!$0.unicodeScalars.contains { $0.value < 0x20 }) }
  _ = PacketCapture([session, session]).encoded()
  precondition(Report([session], title: "a title").html().hasSuffix("</html>\n"))
  return 0
}
