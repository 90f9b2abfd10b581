import Bytes
import SDP
import Testing

@Suite struct ParsingTests {
  @Test func `chromium's offer of a data channel is understood`() throws {
    let offer = try parse(try vector("chromium-data-offer"))
    #expect(offer.string(offer.origin?.sessionID) == "1282204896659390527")
    #expect(offer.string(offer.origin?.sessionVersion) == "2")
    #expect(offer.bundleGroups.map { $0.map { offer.string($0) } } == [["0"]])
    let section = try #require(offer.sections.first)
    #expect(offer.sections.count == 1)
    #expect(section.kind == .application && section.port == 54800 && section.line == 8)
    #expect(offer.string(section.protocolName) == "UDP/DTLS/SCTP")
    #expect(offer.string(section.formats) == "webrtc-datachannel")
    #expect(offer.string(section.mid) == "0")
    #expect(section.sctpPort == 5000 && section.maximumMessageSize == 262_144)
    #expect(section.transport.setup == .actpass && section.transport.iceOptions == .trickle)
    #expect(offer.string(section.transport.iceUfrag) == "1jvj")
    #expect(offer.string(section.transport.icePassword) == "P1KFbaES3meS4fE9T0gyTkxO")
    #expect(!section.transport.endOfCandidates)
    #expect(
      section.transport.candidates.map { offer.string($0) } == [
        "1972455700 1 udp 2122260223 10.9.9.1 54800 typ host generation 0 network-id 1",
        "2335939968 1 tcp 1518280447 10.9.9.1 9 typ host tcptype active generation 0 network-id 1",
      ])
    let print = try #require(section.transport.fingerprints.first)
    #expect(print.algorithm == .sha256 && print.bytes.first == 0x7e && print.bytes.last == 0xd2)
  }

  @Test func `firefox's fingerprint and ice-options stand at session level and hold for the section`() throws {
    let offer = try parse(try vector("firefox-data-offer"))
    #expect(offer.transport.fingerprints.count == 1 && offer.transport.iceOptions == .trickle)
    #expect(offer.direction == .sendrecv)
    #expect(offer.sections[0].transport.fingerprints.isEmpty)
    let remote = try RemoteParameters(offer: offer)
    #expect(remote.fingerprints == offer.transport.fingerprints)
    #expect(remote.iceOptions == .trickle && remote.endOfCandidates)
    #expect(remote.maximumMessageSize == 1_073_741_823)
    #expect(string(remote.iceUfrag) == "4ce49230" && string(remote.icePassword) == "1a52ac94d79cc7a8e2f0784efbef348a")
    #expect(remote.candidates.count == 2 && string(remote.dataMid) == "0" && remote.dataSection == 0)
  }

  @Test func `an offer of audio, video and data keeps every line of each section`() throws {
    for name in ["chromium-media-offer", "firefox-media-offer"] {
      let offer = try parse(try vector(name))
      #expect(offer.sections.map(\.kind) == [.audio, .video, .application])
      #expect(offer.sections.allSatisfy { $0.kind == .application || $0.hasRTCPMux && $0.direction == .sendrecv })
      let covered = offer.sections.map(\.lines)
      #expect(covered.last?.upperBound == offer.lines.count)
      #expect(zip(covered, covered.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      #expect(covered.allSatisfy { offer.lines[$0.lowerBound].type == UInt8(ascii: "m") })
      let rtpmaps = offer.lines[covered[1]].filter { offer.string($0.value)?.hasPrefix("rtpmap:") == true }
      #expect(rtpmaps.count >= 8)
      #expect(try RemoteParameters(offer: offer).dataSection == 2)
    }
  }

  @Test func `aiortc's three fingerprints are all kept, in order`() throws {
    let remote = try RemoteParameters(offer: try parse(try vector("aiortc-data-offer")))
    #expect(remote.fingerprints.map(\.algorithm) == [.sha256, .sha384, .sha512])
    #expect(remote.fingerprints.allSatisfy { $0.bytes.count == $0.algorithm.length })
    #expect(remote.iceOptions == [] && remote.endOfCandidates)
  }

  @Test func `libdatachannel separates ice-options by commas`() throws {
    let remote = try RemoteParameters(offer: try parse(try vector("libdatachannel-data-offer")))
    #expect(remote.iceOptions == [.trickle, .ice2])
    #expect(remote.candidates.count == 2)
  }

  @Test func `a bundle-only section with port 0 is in use`() throws {
    let offer = try parse(try vector("gstreamer-media-offer"))
    #expect(offer.sections[1].port == 0 && offer.sections[1].isBundleOnly)
    let remote = try RemoteParameters(offer: offer)
    #expect(remote.dataSection == 1 && string(remote.dataMid) == "application1")
    #expect(remote.maximumMessageSize == 65_536)
  }

  @Test func `the old form with the port for a format is understood`() throws {
    let offer = try parse(try vector("firefox-45-data-offer"))
    #expect(offer.sections[0].mapsDataChannels && offer.sections[0].sctpPort == 5000)
    let remote = try RemoteParameters(offer: offer)
    #expect(remote.sctpPort == 5000 && string(remote.dataMid) == "sdparta_0")
  }

  @Test(arguments: allVectors) func `what was parsed is written, and parses to the same`(_ name: String) throws {
    let bytes = try vector(name)
    let description = try parse(bytes)
    let written = try bytesWritten { (writer) throws(SDPError) in description.write(into: &writer) }
    #expect(written == bytes)
    #expect(try parse(written) == description)
    let bare = bytes.filter { $0 != 0x0d }
    #expect(try parse(bare) == description)
  }

  @Test func `trailing spaces, empty lines, doubled CRs and a missing last line end are taken`() throws {
    let lines = "v=0 \r\r\n\r\nm=application 9  UDP/DTLS/SCTP webrtc-datachannel \r\na=mid: x \na=Setup:ACTIVE\r\na=sctp-port:7"
    let description = try parse([UInt8](lines.utf8))
    let section = description.sections[0]
    #expect(description.string(section.mid) == "x")
    #expect(section.transport.setup == .active && section.sctpPort == 7 && section.line == 3)
    #expect(description.string(section.formats) == "webrtc-datachannel")
    let again = try bytesWritten { (writer) throws(SDPError) in description.write(into: &writer) }
    #expect(try parse(again) == description)
  }

  @Test func `the same attribute twice is harmless, unknown attributes and lines are kept`() throws {
    let description = try parse(
      "v=0", "x=what", "a=novel:1", "m=audio 9 RTP/AVP 0", "a=mid:1", "a=mid:1", "a=setup:passive", "a=setup:passive",
      "a=fingerprint:md5 00:01", "b=AS:5", "a=whatever")
    #expect(description.lines.count == 11)
    #expect(description.sections[0].lines == 3..<11)
    #expect(description.sections[0].transport.fingerprints.isEmpty)
  }

  @Test func `lower-case fingerprints and legacy ICE characters are taken`() throws {
    let print = somePrint.bytes.map { String($0, radix: 16).count == 1 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
    let description = try parse(
      "v=0", "m=audio 9 RTP/AVP 0", "a=fingerprint:SHA-256 " + print.joined(separator: ":"), "a=ice-ufrag:a-_=#")
    #expect(description.sections[0].transport.fingerprints == [somePrint])
    #expect(description.string(description.sections[0].transport.iceUfrag) == "a-_=#")
  }

  @Test func `a range of another description reads as nothing`() throws {
    let long = try parse(try vector("chromium-media-offer"))
    let short = try parse("v=0")
    let count = short.bytes(in: long.sections[2].medium).count
    #expect(count == 0)
  }

  @Test func `a maximum message size beyond 64 bits is the largest`() throws {
    let description = try parse("v=0", "m=application 9 x y", "a=max-message-size:99999999999999999999999")
    #expect(description.sections[0].maximumMessageSize == .max)
  }
}
