import RTP
import Testing

@Suite struct PayloadH264ProfileTests {
  @Test(arguments: [
    (0x42e01f as UInt32, H264Profile.constrainedBaseline), (0x42c01f, .constrainedBaseline), (0x4d801f, .constrainedBaseline),
    (0x58c01f, .constrainedBaseline), (0x42001f, .baseline), (0x42a01f, .baseline), (0x58801f, .baseline),
    (0x4d001f, .main), (0x4d401f, .main), (0x58001f, .extended), (0x64001f, .high), (0x640c1f, .constrainedHigh),
    (0x6e001f, .high10), (0x6e101f, .high10Intra), (0x7a001f, .high422), (0x7a101f, .high422Intra), (0xf4001f, .high444),
    (0xf4101f, .high444Intra), (0x2c101f, .cavlc444Intra), (0x4d201f, .other), (0x42e11f, .other), (0x64081f, .other),
    (0x2c001f, .other), (0x53001f, .other),
  ])
  func `a profile-level-id names its profile`(_ id: UInt32, _ profile: H264Profile) {
    #expect(h264(id).profile == profile)
  }

  @Test func `levels are ordered, with 1b between 1 and 1.1`() {
    #expect(h264(0x42f00b).level == .level1b && h264(0x640009).level == .level1b)
    #expect(h264(0x42e00a).level < .level1b && .level1b < h264(0x42e00b).level)
    #expect(h264(0x64100b).level == h264(0x42e00b).level)
    #expect(h264(0x42e01f).level < h264(0x640028).level)
  }

  @Test func `one profile in two spellings is compatible, whatever the level`() {
    #expect(h264(0x42e01f).isCompatible(with: h264(0x42c028)))
    #expect(h264(0x42e01f).isCompatible(with: h264(0x4d8015)))
    #expect(!h264(0x42e01f).isCompatible(with: h264(0x42001f)))
    #expect(!h264(0x42e01f).isCompatible(with: h264(0x64001f)))
    #expect(!h264(0x64001f).isCompatible(with: h264(0x640c1f)))
  }

  @Test func `profiles outside the table are compatible with themselves alone`() {
    #expect(h264(0x53001f).isCompatible(with: h264(0x530028)))
    #expect(!h264(0x53001f).isCompatible(with: h264(0x56001f)))
    #expect(!h264(0x64081f).isCompatible(with: h264(0x64041f)))
  }

  @Test func `packetization modes must agree`() {
    var other = h264(0x42e01f)
    other.packetizationMode = 0
    #expect(!h264(0x42e01f).isCompatible(with: other))
    #expect(h264(0x42e01f).answering(other) == nil)
  }

  @Test func `without asymmetry the lower level is answered, in the offer's spelling`() {
    #expect(h264(0x42e028, asymmetry: false).answering(h264(0x42c01f))?.profileLevelID == 0x42c01f)
    #expect(h264(0x42e015).answering(h264(0x4d801f, asymmetry: false))?.profileLevelID == 0x4d8015)
    #expect(h264(0x42e015).answering(h264(0x4d801f, asymmetry: false))?.allowsLevelAsymmetry == false)
  }

  @Test func `with asymmetry each side tells what it receives`() {
    #expect(h264(0x42e028).answering(h264(0x42c01f))?.profileLevelID == 0x42c028)
    #expect(h264(0x42e028).levelToSend(to: h264(0x42e01f)) == h264(0x42e01f).level)
    #expect(h264(0x42e01f).levelToSend(to: h264(0x42e028)) == h264(0x42e028).level)
    #expect(h264(0x42e01f, asymmetry: false).levelToSend(to: h264(0x42e028)) == h264(0x42e01f).level)
  }

  @Test func `level 1b is written as the profile at hand codes it`() {
    #expect(h264(0x42f00b).answering(h264(0x4d801f, asymmetry: false))?.profileLevelID == 0x4d900b)
    #expect(h264(0x64000b).answering(h264(0x640009, asymmetry: false))?.profileLevelID == 0x640009)
    #expect(h264(0x42e00b, asymmetry: false).answering(h264(0x42f00b))?.profileLevelID == 0x42f00b)
    #expect(h264(0x42e00b).answering(h264(0x42f00b))?.profileLevelID == 0x42e00b)
    #expect(h264(0x42e01f).answering(h264(0x42f00b))?.profileLevelID == 0x42e01f)
  }
}

private func h264(_ id: UInt32, asymmetry: Bool = true) -> H264Parameters {
  var parameters = H264Parameters()
  parameters.profileLevelID = id
  parameters.allowsLevelAsymmetry = asymmetry
  return parameters
}
