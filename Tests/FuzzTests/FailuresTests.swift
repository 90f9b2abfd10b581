import Foundation
import Testing

import CallFuzz
import CandidateFuzz
import CertificateFuzz
import DCEPFuzz
import DTLSConnectionFuzz
import DTLSHandshakeFuzz
import DTLSRecordFuzz
import H264PayloadFuzz
import ICEAgentFuzz
import JPEGPayloadFuzz
import MJPEGChannelFuzz
import MediaFilesFuzz
import OpusPayloadFuzz
import PeerConnectionFuzz
import RTCPFuzz
import RTPPacketFuzz
import RTPReceiverFuzz
import RTPSessionFuzz
import RecordingFuzz
import SCTPAssociationFuzz
import SCTPPacketFuzz
import SDPFuzz
import SRTPFuzz
import STUNFuzz
import SessionViewsFuzz
import SpanCursorFuzz
import TURNServerFuzz
import VP8PayloadFuzz

typealias FuzzTarget = @Sendable (UnsafePointer<UInt8>?, Int) -> CInt

let fuzzTargets: [String: FuzzTarget] = [
  "CallFuzz": CallFuzz.fuzz,
  "CandidateFuzz": CandidateFuzz.fuzz,
  "CertificateFuzz": CertificateFuzz.fuzz,
  "DCEPFuzz": DCEPFuzz.fuzz,
  "DTLSConnectionFuzz": DTLSConnectionFuzz.fuzz,
  "DTLSHandshakeFuzz": DTLSHandshakeFuzz.fuzz,
  "DTLSRecordFuzz": DTLSRecordFuzz.fuzz,
  "H264PayloadFuzz": H264PayloadFuzz.fuzz,
  "ICEAgentFuzz": ICEAgentFuzz.fuzz,
  "JPEGPayloadFuzz": JPEGPayloadFuzz.fuzz,
  "MJPEGChannelFuzz": MJPEGChannelFuzz.fuzz,
  "MediaFilesFuzz": MediaFilesFuzz.fuzz,
  "OpusPayloadFuzz": OpusPayloadFuzz.fuzz,
  "PeerConnectionFuzz": PeerConnectionFuzz.fuzz,
  "RTCPFuzz": RTCPFuzz.fuzz,
  "RTPPacketFuzz": RTPPacketFuzz.fuzz,
  "RTPReceiverFuzz": RTPReceiverFuzz.fuzz,
  "RTPSessionFuzz": RTPSessionFuzz.fuzz,
  "RecordingFuzz": RecordingFuzz.fuzz,
  "SCTPAssociationFuzz": SCTPAssociationFuzz.fuzz,
  "SCTPPacketFuzz": SCTPPacketFuzz.fuzz,
  "SDPFuzz": SDPFuzz.fuzz,
  "SRTPFuzz": SRTPFuzz.fuzz,
  "STUNFuzz": STUNFuzz.fuzz,
  "SessionViewsFuzz": SessionViewsFuzz.fuzz,
  "SpanCursorFuzz": SpanCursorFuzz.fuzz,
  "TURNServerFuzz": TURNServerFuzz.fuzz,
  "VP8PayloadFuzz": VP8PayloadFuzz.fuzz,
]

/// What the fuzzers found once, and the seeds they start from: each target checks what must hold and stops the process where it does not.
@Suite struct FailuresTests {
  static let fuzz = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Fuzz").standardized

  static func files(_ folder: String, _ target: String) -> [URL] {
    let directory = Self.fuzz.appendingPathComponent(folder).appendingPathComponent(target)
    let files = try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    return (files ?? []).sorted { $0.path < $1.path }
  }

  @Test func `every fuzz target is run here`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.fuzz.appendingPathComponent("Targets").path)
    #expect(folders.sorted() == fuzzTargets.keys.sorted())
    for folder in ["Corpus", "Failures"] {
      let targets = try FileManager.default.contentsOfDirectory(atPath: Self.fuzz.appendingPathComponent(folder).path)
      #expect(targets.filter { fuzzTargets[$0] == nil } == [])
    }
  }

  @Test(arguments: fuzzTargets.keys.sorted(), ["Failures", "Corpus"])
  func `what is kept for a fuzz target passes`(target: String, folder: String) throws {
    let fuzz = try #require(fuzzTargets[target])
    for file in Self.files(folder, target) {
      let bytes = [UInt8](try Data(contentsOf: file))
      let result = bytes.withUnsafeBufferPointer { fuzz($0.baseAddress, $0.count) }
      // -1: an input that is not worth keeping.
      #expect(result == 0 || result == -1, "\(file.lastPathComponent)")
    }
  }
}
