import Bytes
import SDP

/// Any bytes as a description and as a fragment: what parses is written to what parses to the same, an offer that can
/// be answered has an answer that it accepts, and an answer is taken or refused.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  fuzzDescription(input)
  fuzzFragment(input)
  return 0
}

private func fuzzDescription(_ input: [UInt8]) {
  guard let offer = try? SessionDescription(parsing: input.span) else { return }
  let text = written { (writer) throws(SDPError) in offer.write(into: &writer) }
  guard let text, let again = try? SessionDescription(parsing: text.span) else { preconditionFailure("not written") }
  precondition(again == offer)
  for section in offer.sections { precondition(section.lines.upperBound <= offer.lines.count) }

  let rejection = written { (writer) throws(SDPError) in
    try OfferAnswer.writeRejection(of: offer, sessionID: 1, into: &writer)
  }
  guard let rejection, let rejected = try? SessionDescription(parsing: rejection.span) else {
    preconditionFailure("no rejection")
  }
  precondition(rejected.sections.count == offer.sections.count && rejected.sections.allSatisfy { $0.port == 0 })

  var local = LocalParameters(
    iceUfrag: Array("abcd".utf8), icePassword: Array("abcdefghijklmnopqrstuv".utf8),
    fingerprints: [Fingerprint(algorithm: .sha256, bytes: [UInt8](repeating: 7, count: 32))], sessionID: 1)
  fuzzAnswering(offer, local)
  fuzzOffering(offer, local)
  guard let remote = try? RemoteParameters(offer: offer) else { return }
  // The peer's candidates as ours: text that nobody checked.
  local.candidates = remote.candidates
  let answer = written { (writer) throws(SDPError) in try OfferAnswer.writeAnswer(local, to: offer, into: &writer) }
  guard let answer, let parsed = try? SessionDescription(parsing: answer.span),
    let accepted = try? RemoteParameters(answer: parsed, to: offer)
  else { preconditionFailure("no answer") }
  precondition(accepted.dataMid == remote.dataMid && accepted.candidates == remote.candidates)
}

private func fuzzFragment(_ input: [UInt8]) {
  guard let fragment = try? TrickleFragment(parsing: input.span) else { return }
  let text = written { (writer) throws(SDPError) in try fragment.write(into: &writer) }
  guard let text, let again = try? TrickleFragment(parsing: text.span) else { preconditionFailure("not written") }
  precondition(again == fragment)
}
