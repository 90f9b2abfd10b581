/// SRTP protection profiles by their DTLS-SRTP numbers (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
public enum ProtectionProfile: UInt16, Equatable, Sendable {
  case aes128CMHMACSHA1_80 = 0x0001
  case aeadAES128GCM = 0x0007
  case aeadAES256GCM = 0x0008
}
