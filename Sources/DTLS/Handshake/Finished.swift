import Bytes
import Cryptography

/// Proof that both sides saw the same handshake (RFC 5246 section 7.4.9).
enum Finished {
  static var length: Int { 12 }

  /// verify_data of one side over all messages before this one.
  static func verifyData(
    from role: Role, master: Span<UInt8>, prf: PRF, transcript: Span<UInt8>
  ) -> InlineArray<12, UInt8> {
    var data = InlineArray<12, UInt8>(repeating: 0)
    var output = data.mutableSpan
    let label: StaticString = role == .client ? "client finished" : "server finished"
    let empty = transcript.extracting(first: 0)
    switch prf {
    case .sha256:
      prf.derive(secret: master, label: label, seed: Hash.sha256(transcript).span, empty, into: &output)
    case .sha384:
      prf.derive(secret: master, label: label, seed: Hash.sha384(transcript).span, empty, into: &output)
    }
    return data
  }

  static func write(_ verifyData: InlineArray<12, UInt8>, sequence: UInt16) -> [UInt8] {
    MessageWriter.message(.finished, sequence: sequence) { $0.write(verifyData.span) }
  }
}
