import DTLS
import ICE
import RTP
import SCTP
import Time
import WebRTC

/// One setting of a peer's configuration that differs from the default.
public struct Knob: Codable, Equatable, Sendable {
  public var name: Name
  public var value: Int
  public init(_ name: Name, _ value: Int) {
    self.name = name
    self.value = value
  }

  /// Times are in milliseconds, sizes in bytes.
  public enum Name: String, Codable, CaseIterable, Sendable {
    case icePacing, iceRTO, iceAttempts, icePairs, iceCandidates, consentInterval, consentTimeout, disconnectedTimeout
    case nominationDelay, keepaliveInterval
    case dtlsMTU, dtlsCookie, dtlsTimeout, dtlsSuite, dtlsGroup, dtlsExtendedMasterSecret, dtlsEarlyBytes
    case srtpProfile, srtpReplayWindow
    case sctpPacket, sctpWindow, sctpSendBuffer, sctpMessage, sctpStreams, sctpRTOMin, sctpRTOInitial, sctpDelayedAck
    case sctpHeartbeat, sctpBurst, sctpInitialWindow, sctpStrict, sctpZeroChecksum, sctpBackoff
    case channelCount, channelName
    case answersPassive, earlyDatagrams, offersNoData, receivesNoMedia
    case rtpPacket, rtpReport, rtpFeedback, rtpStore, rtpHold, rtpPacketsKept
  }

  func apply(to configuration: inout PeerConnection.Configuration) {
    let time = Interval.milliseconds(UInt32(clamping: self.value))
    switch self.name {
    case .icePacing: configuration.ice.pacingInterval = time
    case .iceRTO: configuration.ice.initialRTO = time
    case .iceAttempts: configuration.ice.maximumCheckAttempts = UInt8(clamping: self.value)
    case .icePairs: configuration.ice.maximumPairs = self.value
    case .iceCandidates: configuration.ice.maximumCandidates = self.value
    case .consentInterval: configuration.ice.consentInterval = time
    case .consentTimeout: configuration.ice.consentTimeout = time
    case .disconnectedTimeout: configuration.ice.disconnectedTimeout = time
    case .nominationDelay: configuration.ice.nominationDelay = time
    case .keepaliveInterval: configuration.ice.keepaliveInterval = time
    case .dtlsMTU: configuration.dtls.maximumTransmissionUnit = self.value
    case .dtlsCookie: configuration.dtls.requiresCookie = self.value != 0
    case .dtlsTimeout: configuration.dtls.initialTimeout = time
    case .dtlsSuite:
      let ecdsa = CipherSuite.all.filter { [.ecdheECDSAWithAES128GCM, .ecdheECDSAWithAES256GCM, .ecdheECDSAWithChaCha20Poly1305].contains($0) }
      configuration.dtls.cipherSuites.insert(ecdsa[self.value % ecdsa.count], at: 0)
    case .dtlsGroup: configuration.dtls.groups = self.value == 0 ? [.secp256r1] : [.x25519]
    case .dtlsExtendedMasterSecret: configuration.dtls.requiresExtendedMasterSecret = self.value != 0
    case .dtlsEarlyBytes: configuration.dtls.maximumEarlyBytes = self.value
    case .srtpProfile: configuration.dtls.srtpProfiles = [.aes128CMHMACSHA1_80]
    case .srtpReplayWindow: configuration.srtp.replayWindow = self.value
    case .sctpPacket: configuration.channels.association.maximumPacketSize = self.value
    case .sctpWindow: configuration.channels.association.receiveWindow = self.value
    case .sctpSendBuffer: configuration.channels.association.sendBufferLimit = self.value
    case .sctpMessage: configuration.channels.association.maximumMessageSize = self.value
    case .sctpStreams: configuration.channels.association.streams = UInt16(clamping: self.value)
    case .sctpRTOMin: configuration.channels.association.minimumRTO = time
    case .sctpRTOInitial: configuration.channels.association.initialRTO = time
    case .sctpDelayedAck: configuration.channels.association.delayedAcknowledgement = time
    case .sctpHeartbeat: configuration.channels.association.heartbeatInterval = time
    case .sctpBurst: configuration.channels.association.maximumBurst = self.value
    case .sctpInitialWindow: configuration.channels.association.initialWindow = self.value
    case .sctpStrict: configuration.channels.association.toleratesLoss = false
    case .sctpZeroChecksum: configuration.channels.association.zeroChecksum = true
    case .sctpBackoff: configuration.channels.association.maximumBackoff = time
    case .channelCount: configuration.channels.maximumChannels = self.value
    case .channelName: configuration.channels.maximumNameLength = self.value
    case .answersPassive: configuration.answersActive = false
    case .earlyDatagrams: configuration.maximumEarlyDatagrams = self.value
    case .offersNoData: configuration.offersDataChannels = false
    case .receivesNoMedia: configuration.receivesOfferedMedia = false
    case .rtpPacket: configuration.rtp.maximumPacketSize = self.value
    case .rtpReport: configuration.rtp.reportInterval = time
    case .rtpFeedback: configuration.rtp.transportFeedbackInterval = time
    case .rtpStore:
      configuration.rtp.videoStore.bytes = self.value
      configuration.rtp.audioStore.bytes = self.value
    case .rtpHold:
      configuration.rtp.videoReceiver.holdTime = time
      configuration.rtp.audioReceiver.holdTime = time
    case .rtpPacketsKept:
      configuration.rtp.videoReceiver.maximumPackets = self.value
      configuration.rtp.audioReceiver.maximumPackets = self.value
    }
  }
}
