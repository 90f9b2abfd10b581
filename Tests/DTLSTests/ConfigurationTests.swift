import DTLS
import Testing

@Suite struct ConfigurationTests {
  @Test func `keying material for SRTP has two keys and two salts of the profile's sizes`() {
    #expect(SRTPProfile.aeadAES128GCM.keyingMaterialLength == 56)
    #expect(SRTPProfile.aeadAES256GCM.keyingMaterialLength == 88)
    #expect(SRTPProfile.aes128CMHMACSHA1_80.keyingMaterialLength == 60)
  }
}
