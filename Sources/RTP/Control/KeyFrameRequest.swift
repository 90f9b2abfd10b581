import Bytes

/// The two ways to ask for a key frame.
public enum KeyFrameRequest {
  /// Picture Loss Indication (RFC 4585 section 6.3.1).
  public static func writePictureLoss(sender: UInt32, media: UInt32, into writer: inout SpanWriter) {
    let start = ControlPacket.begin(
      ControlPacket.Kind.payloadFeedback, count: ControlPacket.Format.pictureLoss, into: &writer)
    writer.write(sender)
    writer.write(media)
    ControlPacket.end(start, into: &writer)
  }

  /// Full Intra Request (RFC 5104 section 4.3.1). `number` goes up with each new request and stays for a repeated one.
  public static func writeFullIntra(sender: UInt32, media: UInt32, number: UInt8, into writer: inout SpanWriter) {
    let start = ControlPacket.begin(
      ControlPacket.Kind.payloadFeedback, count: ControlPacket.Format.fullIntraRequest, into: &writer)
    writer.write(sender)
    // The media source of the header is not used: each entry names its own (section 4.3.1.2).
    writer.write(0 as UInt32)
    writer.write(media)
    writer.write(number)
    writer.write24(0)
    ControlPacket.end(start, into: &writer)
  }
}
