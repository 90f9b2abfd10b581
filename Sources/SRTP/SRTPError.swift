/// Why a session could not be made.
public enum SRTPError: Error, Equatable, Sendable {
  /// A value of the configuration lies out of its range.
  case invalidConfiguration
  /// The keying material has another length than `ProtectionProfile.keyingMaterialLength`.
  case invalidKeyingMaterial
  /// libsrtp2 did not start, does not know the profile, or had no memory.
  case unavailable
}
