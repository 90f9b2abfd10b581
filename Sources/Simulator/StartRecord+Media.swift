import Bytes
import RTP
import SDP
import Time
import WebRTC

/// The part of a configuration that is about audio and video.
extension FieldVisitor {
  mutating func visit(_ bytes: inout [UInt8]) {
    var count = bytes.count
    self.visit(&count)
    guard count <= 255 else { return }
    var result: [UInt8] = []
    for i in 0..<count {
      var byte = i < bytes.count ? bytes[i] : 0
      self.visit(&byte)
      result.append(byte)
    }
    bytes = result
  }

  /// One more than the value; 0 for none.
  mutating func visit(_ value: inout UInt8?) {
    var number = value.map { UInt64($0) + 1 } ?? 0
    self.visit(&number)
    value = number == 0 ? nil : UInt8(clamping: number - 1)
  }

  mutating func visit(_ value: inout Interval?) {
    var number = value.map { $0.nanoseconds &+ 1 } ?? 0
    self.visit(&number)
    value = number == 0 ? nil : Interval(nanoseconds: number &- 1)
  }

  mutating func visit(_ codecs: inout [PayloadMapping]) {
    var count = codecs.count
    self.visit(&count)
    guard count <= 64 else { return }
    var result: [PayloadMapping] = []
    for i in 0..<count {
      var codec = i < codecs.count ? codecs[i] : PayloadMapping(payloadType: 0, codec: Codec(.pcmu))
      codec.visit(&self)
      result.append(codec)
    }
    codecs = result
  }
}

extension PayloadMapping {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.payloadType)
    visitor.visit(&self.codec.format)
    visitor.visit(&self.codec.h264.profileLevelID)
    visitor.visit(&self.codec.h264.packetizationMode)
    visitor.visit(&self.codec.h264.allowsLevelAsymmetry)
    visitor.visit(&self.codec.opus.prefersStereo)
    visitor.visit(&self.codec.opus.usesInbandFEC)
    visitor.visit(&self.codec.opus.usesDTX)
    visitor.visit(&self.codec.opus.maximumAverageBitRate)
    visitor.visit(&self.rtxPayloadType)
    visitor.visit(&self.nack)
    visitor.visit(&self.pli)
    visitor.visit(&self.fir)
    visitor.visit(&self.remb)
    visitor.visit(&self.transportCC)
  }
}

extension MediaCapabilities {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.kind)
    visitor.visit(&self.codecs)
    for name in HeaderExtension.allCases { visitor.visit(&self.extensions[name]) }
    visitor.visit(&self.reducedSize)
    visitor.visit(&self.receivesSimulcast)
  }
}

extension RTP.Session.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.ntpOffset)
    visitor.visit(&self.cname)
    visitor.visit(&self.maximumPacketSize)
    self.videoStore.visit(&visitor)
    self.audioStore.visit(&visitor)
    self.videoReceiver.visit(&visitor)
    self.audioReceiver.visit(&visitor)
    visitor.visit(&self.pacingInterval)
    visitor.visit(&self.pacingStep)
    visitor.visit(&self.pacingBurst)
    visitor.visit(&self.maximumRepeats)
    visitor.visit(&self.repeatShare)
    visitor.visit(&self.repeatBurst)
    visitor.visit(&self.reportInterval)
    visitor.visit(&self.transportFeedbackInterval)
    visitor.visit(&self.keyFrameEventInterval)
    visitor.visit(&self.sendsReceiverReferenceTime)
    visitor.visit(&self.maximumLines)
    visitor.visit(&self.maximumStreams)
    visitor.visit(&self.maximumStreamsPerLine)
    visitor.visit(&self.streamTimeout)
    visitor.visit(&self.maximumEvents)
  }
}

extension RTP.Session.StoreLimits {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.bytes)
    visitor.visit(&self.packets)
    visitor.visit(&self.age)
  }
}

extension Receiver.Configuration {
  mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
    visitor.visit(&self.delivery)
    visitor.visit(&self.holdTime)
    visitor.visit(&self.firstNACKDelay)
    visitor.visit(&self.nackInterval)
    visitor.visit(&self.maximumNACKs)
    visitor.visit(&self.maximumBytes)
    visitor.visit(&self.maximumPackets)
    visitor.visit(&self.keyFrameRequestInterval)
    visitor.visit(&self.waitsForKeyFrame)
  }
}
