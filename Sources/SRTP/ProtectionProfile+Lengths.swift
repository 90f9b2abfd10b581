extension ProtectionProfile {
  /// Bytes of one side's master key (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
  public var keyLength: Int {
    switch self {
    case .aes128CMHMACSHA1_80, .aeadAES128GCM: 16
    case .aeadAES256GCM: 32
    }
  }

  /// Bytes of one side's master salt.
  public var saltLength: Int {
    switch self {
    case .aes128CMHMACSHA1_80: 14
    case .aeadAES128GCM, .aeadAES256GCM: 12
    }
  }

  /// Bytes to take from the DTLS exporter: both keys, then both salts (RFC 5764 section 4.2).
  public var keyingMaterialLength: Int { 2 &* (self.keyLength &+ self.saltLength) }

  /// Bytes that protection adds to an RTP packet; an RTCP packet grows by four more for its index.
  public var tagLength: Int {
    switch self {
    case .aes128CMHMACSHA1_80: 10
    case .aeadAES128GCM, .aeadAES256GCM: 16
    }
  }
}
