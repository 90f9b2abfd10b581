import Bytes
import CESPPeer
import DataChannel
import SCTP
import Time
import WebRTC

extension Peer {
  func openChannel(_ options: ChannelOptions) -> Result {
    guard self.settings.hasDataChannels else { return .notSupported }
    guard self.isUnderWay, self.connection != nil else { return .wrongState }
    let now = self.now
    var opened: Channel?
    do throws(DataChannels.OpenError) {
      opened = try self.connection?.openChannel(options, now: now)
    } catch {
      switch error {
      case .tooManyChannels: return .overLimited
      case .nameTooLong: return .invalidArgument
      case .identifierUnavailable: return .failed
      case .closed: return .wrongState
      }
    }
    guard let opened else { return .wrongState }
    let stream = self.connection?.channelInfo(opened)?.streamID
    self.channels.entries.append(ChannelEntry(channel: opened, label: options.label, stream: stream))
    return .none
  }

  func closeChannel(_ label: [UInt8]) -> Result {
    guard self.isUnderWay else { return .wrongState }
    for entry in self.channels.entries where entry.label == label {
      guard let info = self.connection?.channelInfo(entry.channel), info.state == .open || info.state == .connecting else { continue }
      self.connection?.closeChannel(entry.channel, now: self.now)
      return .none
    }
    return .notExists
  }

  func sendData(_ bytes: Span<UInt8>, kind: MessageKind, stream: UInt16) -> Result {
    guard self.enter() else { return .wrongState }
    let result = self.send(bytes, kind: kind, stream: stream)
    self.transmit()
    self.wakeIfDue()
    self.leave()
    return result
  }

  private func send(_ bytes: Span<UInt8>, kind: MessageKind, stream: UInt16) -> Result {
    guard self.isUnderWay, !self.channels.entries.isEmpty else { return .wrongState }
    guard let index = self.channels.index(ofStream: stream) else { return .notExists }
    let entry = self.channels.entries[index]
    guard entry.isOpen else { return .wrongState }
    do throws(DataChannels.SendError) {
      try self.connection?.send(bytes, kind: kind, on: entry.channel, now: self.now)
    } catch {
      switch error {
      case .notOpen: return .wrongState
      case .wouldBlock: return .wouldBlock
      case .messageTooLarge: return .overLimited
      }
    }
    return .none
  }

  // MARK: What the connection tells

  func channelOpened(_ channel: Channel) {
    guard let info = self.connection?.channelInfo(channel) else { return }
    let entry = ChannelEntry(channel: channel, label: info.label, stream: info.streamID, isOpen: true)
    if let index = self.channels.index(of: channel) {
      self.channels.entries[index] = entry
    } else {
      self.channels.entries.append(entry)
    }
    self.notices.append(.state(ESP_PEER_STATE_DATA_CHANNEL_OPENED))
    self.notices.append(.channelOpened(entry))
  }

  func channelClosed(_ channel: Channel) {
    guard let index = self.channels.index(of: channel) else { return }
    let entry = self.channels.entries.remove(at: index)
    if entry.isOpen { self.noteClosed(entry) }
  }

  func noteClosed(_ entry: ChannelEntry) {
    self.notices.append(.state(ESP_PEER_STATE_DATA_CHANNEL_CLOSED))
    self.notices.append(.channelClosed(entry))
  }

  /// The association is up: where the application leaves it to us, its client opens a channel.
  func channelsConnected() {
    self.attempt.hadChannels = true
    self.notices.append(.state(ESP_PEER_STATE_DATA_CHANNEL_CONNECTED))
    guard self.settings.opensChannel, self.connection?.isDTLSClient ?? false else { return }
    var options = ChannelOptions(label: [UInt8(ascii: "d"), UInt8(ascii: "a"), UInt8(ascii: "t"), UInt8(ascii: "a")])
    options.reliability = .maxLifetime(self.settings.channelLifetime)
    _ = self.openChannel(options)
  }
}
