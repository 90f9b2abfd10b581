import Bytes

/// Writes DER (X.690) into memory of its own. Set-up work: certificates and signatures.
public struct DERWriter {
  public private(set) var bytes: [UInt8] = []
  public init() {}

  /// Content of a constructed or wrapping type, whose length is known only at its end.
  public mutating func element(_ tag: UInt8, _ body: (inout DERWriter) -> Void) {
    self.bytes.append(tag)
    let start = self.bytes.count
    body(&self)
    let length = self.bytes.count &- start
    if length < 128 {
      self.bytes.insert(UInt8(truncatingIfNeeded: length), at: start)
    } else if length < 256 {
      self.bytes.insert(contentsOf: [0x81, UInt8(truncatingIfNeeded: length)], at: start)
    } else {
      precondition(length < 65536)
      self.bytes.insert(
        contentsOf: [0x82, UInt8(truncatingIfNeeded: length &>> 8), UInt8(truncatingIfNeeded: length)], at: start)
    }
  }

  public mutating func sequence(_ body: (inout DERWriter) -> Void) { self.element(DER.sequence, body) }

  public mutating func element(_ tag: UInt8, bytes: Span<UInt8>) {
    self.element(tag) { $0.raw(bytes) }
  }

  /// Bytes that are DER already.
  public mutating func raw(_ bytes: Span<UInt8>) {
    for i in bytes.indices { self.bytes.append(bytes[i]) }
  }

  /// A non-negative INTEGER, given big-endian with any number of leading zeros.
  public mutating func unsignedInteger(_ number: Span<UInt8>) {
    var start = 0
    while start < number.count &- 1, number[start] == 0 { start &+= 1 }
    let number = number.extracting(droppingFirst: start)
    self.element(DER.integer) { writer in
      if number.count == 0 || number[0] & 0x80 != 0 { writer.bytes.append(0) }
      writer.raw(number)
    }
  }

  public mutating func bitString(_ body: (inout DERWriter) -> Void) {
    self.element(DER.bitString) { writer in
      writer.bytes.append(0)  // no unused bits
      body(&writer)
    }
  }

  public mutating func objectIdentifier(_ encoded: [UInt8]) {
    self.element(DER.objectIdentifier, bytes: encoded.span)
  }
}

/// Tags, and the identifiers that self-signed WebRTC certificates use.
enum DER {
  static var integer: UInt8 { 0x02 }
  static var bitString: UInt8 { 0x03 }
  static var null: UInt8 { 0x05 }
  static var objectIdentifier: UInt8 { 0x06 }
  static var utf8String: UInt8 { 0x0C }
  static var utcTime: UInt8 { 0x17 }
  static var generalizedTime: UInt8 { 0x18 }
  static var sequence: UInt8 { 0x30 }
  static var set: UInt8 { 0x31 }
  static var version: UInt8 { 0xA0 }

  /// id-ecPublicKey, RFC 5480 section 2.1.1.
  static var ecPublicKey: [UInt8] { [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01] }
  /// secp256r1, RFC 5480 section 2.1.1.1.
  static var secp256r1: [UInt8] { [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07] }
  /// ecdsa-with-SHA256, RFC 5758 section 3.2.
  static var ecdsaWithSHA256: [UInt8] { [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02] }
  /// rsaEncryption, RFC 3279 section 2.3.1.
  static var rsaEncryption: [UInt8] { [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01] }
  /// id-at-commonName, RFC 5280 appendix A.1.
  static var commonName: [UInt8] { [0x55, 0x04, 0x03] }
}
