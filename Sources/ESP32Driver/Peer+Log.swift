import Bytes
import CESPPeer
import ICE
import SCTP
import WebRTC

extension Peer {
  /// Logs what is known of the connection, a line a layer.
  func log() {
    guard self.enter() else { return }
    var line = LogLine()
    line.write("peer: role ", UInt64(self.role.rawValue), ", stage ", UInt64(self.attempt.stage.rawValue))
    line.write(", sockets ", UInt64(self.sockets.count), ", datagrams lost ", UInt64(self.counters.datagramsLost))
    line.write(", frames dropped ", UInt64(self.counters.framesDropped))
    line.end()
    if let statistics = self.connection?.statistics {
      line.write("peer: phase ", UInt64(self.connection?.phase.rawValue ?? 0), ", channels ", UInt64(self.channels.entries.count))
      line.write(", received ", statistics.counters.datagramsReceived, " datagrams of ", statistics.counters.bytesReceived)
      line.write(" bytes, sent ", statistics.counters.datagramsSent, " of ", statistics.counters.bytesSent)
      line.end()
      line.write("peer: ICE checks ", statistics.ice.checksSent, ", requests ", statistics.ice.requestsReceived)
      line.write(", SCTP messages sent ", statistics.sctp.messagesSent, ", received ", statistics.sctp.messagesReceived)
      line.write(", retransmissions ", statistics.sctp.retransmissions, ", abandoned ", statistics.sctp.abandoned)
      line.end()
    }
    self.leave()
  }
}

/// A line of text for the port.
private struct LogLine {
  private var text: [CChar] = []

  mutating func write(_ label: StaticString, _ number: UInt64, _ second: StaticString = "", _ other: UInt64? = nil) {
    self.write(label)
    self.write(number)
    self.write(second)
    if let other { self.write(other) }
  }

  private mutating func write(_ label: StaticString) {
    for index in 0..<label.utf8CodeUnitCount { unsafe self.text.append(CChar(bitPattern: label.utf8Start[index])) }
  }

  private mutating func write(_ number: UInt64) {
    let start = self.text.count
    var rest = number
    repeat {
      self.text.insert(CChar(bitPattern: 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)), at: start)
      rest /= 10
    } while rest > 0
  }

  mutating func end() {
    self.text.append(0)
    unsafe self.text.withUnsafeBufferPointer { if let start = $0.baseAddress { unsafe port_log(start) } }
    self.text.removeAll(keepingCapacity: true)
  }
}
