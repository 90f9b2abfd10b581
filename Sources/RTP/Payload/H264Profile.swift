/// The profiles of RFC 6184 table 5, each of which several values of profile_idc and profile-iop name.
@frozen
public enum H264Profile: UInt8, Equatable, Sendable {
  case constrainedBaseline, baseline, main, extended, high, constrainedHigh
  case high10, high422, high444, high10Intra, high422Intra, high444Intra, cavlc444Intra
  /// Not in the table: compatible with the very same profile_idc and profile-iop only.
  case other
}

/// A level of H.264 in the order of what it demands: 1b lies between 1 and 1.1, whatever codes it.
@frozen
public struct H264Level: Comparable, Sendable {
  /// Twenty times the level: 62 is level 3.1; 21 is level 1b.
  public let rank: UInt16
  @inlinable public init(rank: UInt16) { self.rank = rank }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

  public static let level1b = H264Level(rank: 21)
}

extension H264Parameters {
  var profileIDC: UInt8 { UInt8(truncatingIfNeeded: self.profileLevelID &>> 16) }
  var profileIOP: UInt8 { UInt8(truncatingIfNeeded: self.profileLevelID &>> 8) }
  var levelIDC: UInt8 { UInt8(truncatingIfNeeded: self.profileLevelID) }

  /// In these profiles constraint_set3_flag is a part of the level, not of the profile (RFC 6184 section 8.1).
  var flagsLevel1b: Bool { self.profileIDC == 66 || self.profileIDC == 77 || self.profileIDC == 88 }

  /// RFC 6184 table 5, and constrained high as ITU-T H.264 A.2.4.2 has it.
  public var profile: H264Profile {
    let iop = self.profileIOP
    if self.flagsLevel1b, iop & 0x0F != 0 { return .other }
    switch self.profileIDC {
    case 66: return iop & 0x40 != 0 ? .constrainedBaseline : .baseline
    case 77:
      if iop & 0x80 != 0 { return .constrainedBaseline }
      return iop & 0x20 == 0 ? .main : .other
    case 88:
      if iop & 0x80 != 0 { return iop & 0x40 != 0 ? .constrainedBaseline : .baseline }
      return iop & 0x40 == 0 ? .extended : .other
    case 100: return iop == 0 ? .high : iop == 0x0C ? .constrainedHigh : .other
    case 110: return iop == 0 ? .high10 : iop == 0x10 ? .high10Intra : .other
    case 122: return iop == 0 ? .high422 : iop == 0x10 ? .high422Intra : .other
    case 244: return iop == 0 ? .high444 : iop == 0x10 ? .high444Intra : .other
    case 44: return iop == 0x10 ? .cavlc444Intra : .other
    default: return .other
    }
  }

  /// The default level (RFC 6184 section 8.2.2 on level 1b).
  public var level: H264Level {
    if self.flagsLevel1b ? self.levelIDC == 11 && self.profileIOP & 0x10 != 0 : self.levelIDC == 9 { return .level1b }
    return H264Level(rank: UInt16(self.levelIDC) &* 2)
  }

  /// Whether the two are one media format configuration: packetization mode and profile are to be the same, the level need not
  /// (RFC 6184 section 8.2.2).
  public func isCompatible(with other: H264Parameters) -> Bool {
    guard self.packetizationMode == other.packetizationMode, self.profile == other.profile else { return false }
    guard self.profile == .other else { return true }
    let mask: UInt8 = self.flagsLevel1b ? 0xEF : 0xFF
    return self.profileIDC == other.profileIDC && self.profileIOP & mask == other.profileIOP & mask
  }

  /// What to answer to `offer` where `self` is what we support: its profile as the offer spells it, and the level. That is ours
  /// if both allow asymmetry, for each side then tells what it can receive; the lower of both otherwise. Nil: not compatible.
  public func answering(_ offer: H264Parameters) -> H264Parameters? {
    guard self.isCompatible(with: offer) else { return nil }
    var answer = offer
    answer.allowsLevelAsymmetry = self.allowsLevelAsymmetry && offer.allowsLevelAsymmetry
    let level = answer.allowsLevelAsymmetry ? self.level : min(self.level, offer.level)
    if level != offer.level { answer.setLevel(level) }
    return answer
  }

  /// The highest level that may be sent to the peer: `self` is what we said in offer or answer, `remote` what the peer said.
  public func levelToSend(to remote: H264Parameters) -> H264Level {
    self.allowsLevelAsymmetry && remote.allowsLevelAsymmetry ? remote.level : min(self.level, remote.level)
  }

  /// Codes `level` in the way of the profile_idc at hand.
  mutating func setLevel(_ level: H264Level) {
    var iop = self.profileIOP
    var levelIDC = UInt8(truncatingIfNeeded: level.rank / 2)
    if level == .level1b {
      levelIDC = self.flagsLevel1b ? 11 : 9
      if self.flagsLevel1b { iop |= 0x10 }
    } else if self.flagsLevel1b, levelIDC == 11 || self.level == .level1b {
      iop &= 0xEF
    }
    self.profileLevelID = UInt32(self.profileIDC) &<< 16 | UInt32(iop) &<< 8 | UInt32(levelIDC)
  }
}
