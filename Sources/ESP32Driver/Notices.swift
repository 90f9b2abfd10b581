import CESPPeer
import DataChannel
import RTP
import WebRTC

/// What a callback is to be told, in the order of what happened.
enum Notice {
  case state(esp_peer_state_t)
  /// An offer or an answer of ours, which is written when its turn comes.
  case localDescription
  case channelOpened(ChannelEntry)
  case channelClosed(ChannelEntry)
}

/// A short queue: the main loop empties it before it asks the connection for more.
struct NoticeQueue {
  private var entries: [Notice] = []
  private var taken = 0

  mutating func append(_ notice: Notice) { self.entries.append(notice) }

  mutating func popFirst() -> Notice? {
    guard self.taken < self.entries.count else { return nil }
    let notice = self.entries[self.taken]
    self.taken &+= 1
    if self.taken == self.entries.count {
      self.entries.removeAll(keepingCapacity: true)
      self.taken = 0
    }
    return notice
  }

  /// A connection that is over has no description to tell any more. Nor are all the states told of an application that asks for
  /// connection upon connection and never runs its main loop.
  mutating func prune() {
    let dropsStates = self.entries.count &- self.taken > 64
    var kept: [Notice] = []
    while let notice = self.popFirst() {
      switch notice {
      case .localDescription: continue
      case .state: if !dropsStates { kept.append(notice) }
      case .channelOpened, .channelClosed: kept.append(notice)
      }
    }
    self.entries = kept
    self.taken = 0
  }
}

/// The channels of a connection, with what the interface calls them by.
struct ChannelEntry {
  var channel: Channel
  var label: [UInt8]
  /// Nil until the DTLS role is known.
  var stream: UInt16?
  var isOpen = false
}

struct ChannelList {
  var entries: [ChannelEntry] = []
  /// Where the last one was found: messages come in rows.
  private var recent = 0

  mutating func index(of channel: Channel) -> Int? {
    if self.recent < self.entries.count, self.entries[self.recent].channel == channel { return self.recent }
    guard let index = self.entries.firstIndex(where: { $0.channel == channel }) else { return nil }
    self.recent = index
    return index
  }

  /// An application with one channel need not know its stream: 0 is also the only open one's, or the first's.
  mutating func index(ofStream stream: UInt16) -> Int? {
    if self.recent < self.entries.count, self.entries[self.recent].stream == stream { return self.recent }
    if let index = self.entries.firstIndex(where: { $0.stream == stream }) {
      self.recent = index
      return index
    }
    return stream == 0 ? self.entries.firstIndex { $0.isOpen } : nil
  }
}
