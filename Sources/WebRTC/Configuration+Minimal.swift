import DTLS
import DataChannel
import ICE
import SCTP
import Time

#if Audio
import RTP
import SDP
import SRTP
#endif

extension PeerConnection.Configuration {
  /// For a microcontroller: a few data channels with messages of at most 4 kB, one line of G.711 or Opus, one path at a time. What the
  /// bounds of `init()` take as traffic comes, these take in small.
  @inline(never)
  public static var minimal: Self {
    var configuration = Self()
    configuration.maximumEarlyDatagrams = 2

    configuration.ice.maximumCandidates = 8
    configuration.ice.maximumPairs = 16

    configuration.dtls.maximumTransmissionUnit = 1100
    configuration.dtls.maximumEarlyBytes = 1500
    configuration.dtls.maximumHandshakeMessageSize = 2048

    configuration.channels.maximumChannels = 8
    configuration.channels.maximumNameLength = 64
    configuration.channels.maximumEarlyBytes = 1024
    configuration.channels.association.maximumMessageSize = 4096
    configuration.channels.association.receiveWindow = 8192
    configuration.channels.association.sendBufferLimit = 8192
    configuration.channels.association.maximumActiveStreams = 16
    configuration.channels.association.maximumPendingResets = 16

    #if Audio
    // The one that everybody has (RFC 8827 section 6.5), and whose keys take the least memory: libsrtp2 keeps 2 kB for each AEAD key.
    configuration.dtls.srtpProfiles = [.aes128CMHMACSHA1_80]
    // No header extensions: transport-wide feedback keeps logs of 1,024 packets, and the others say nothing that is needed here.
    configuration.audio.extensions = HeaderExtensionMap()
    configuration.video.extensions = HeaderExtensionMap()

    configuration.rtp.maximumLines = 2
    configuration.rtp.maximumStreams = 2
    configuration.rtp.maximumStreamsPerLine = 1
    configuration.rtp.maximumPacketSize = 600
    configuration.rtp.maximumEvents = 8
    configuration.rtp.audioReceiver.maximumBytes = 4096
    configuration.rtp.audioReceiver.maximumPackets = 16
    configuration.rtp.audioStore = .init(bytes: 2400, packets: 8, age: .milliseconds(200))

    configuration.srtp.replayWindow = 128
    configuration.srtp.repeatWindow = 128
    configuration.srtp.maximumStreams = 4
    #endif
    return configuration
  }
}
