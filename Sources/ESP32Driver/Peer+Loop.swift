import Bytes
import CESPPeer
import Time
import WebRTC

/// The main loop.
extension Peer {
  func run() -> Result {
    self.lock()
    guard !self.isClosed, !self.isLooping else {
      self.unlock()
      return .wrongState
    }
    self.isLooping = true
    self.loopThread = UInt(port_thread())
    // Always in this order: whoever waits for the turn holds nothing.
    self.suspend()
    unsafe port_mutex_lock(self.turn)
    self.resume()
    self.goRound()
    self.isLooping = false
    self.suspend()
    unsafe port_mutex_unlock(self.turn)
    self.resume()
    self.leave()
    return .none
  }

  private func goRound() {
    guard !self.isClosed else { return }
    var isBusy = self.work()
    if self.deliver() { isBusy = true }
    guard !isBusy, !self.isClosed else { return }
    self.wait()
    guard !self.isClosed else { return }
    _ = self.work()
    _ = self.deliver()
  }

  /// Does what there is to do, and sends what comes of it. Whether there was anything.
  private func work() -> Bool {
    let now = self.now
    self.lookUpNames(now)
    self.retryIfDue(now)
    self.requestKeyFrameIfDue(now)
    let hasReceived = self.receiveDatagrams()
    self.connection?.advance(to: self.now)
    self.transmit()
    return hasReceived
  }

  /// Waits for a datagram, for the earliest deadline, or for another thread, with the mutex free.
  private func wait() {
    let now = self.now
    let bound = now + self.settings.loopWait
    let until = min(self.nextDeadline, bound)
    guard until > now else { return }
    let handles = unsafe self.handles
    self.isWaiting = true
    self.wakesAt = until
    self.suspend()
    unsafe handles.withUnsafeBufferPointer {
      unsafe port_waiter_wait(self.waiter, $0.baseAddress, $0.count, (until - now).nanoseconds)
    }
    self.resume()
    self.wakesAt = nil
    self.isWaiting = false
    for socket in self.retiredSockets { socket.close() }
    self.retiredSockets = []
  }

  /// Calls back with all that has come, up to a bound. Whether there was anything.
  private func deliver() -> Bool {
    var rounds = 0
    while rounds < 256, !self.isClosed, swift_peer_has_reserve(), let delivery = self.nextDelivery() {
      self.suspend()
      let isKept = self.callBack(delivery)
      self.resume()
      if !isKept { self.counters.framesDropped &+= 1 }
      rounds &+= 1
    }
    // What callbacks and pulled messages have made the connection say.
    if rounds > 0, !self.isClosed { self.transmit() }
    return rounds > 0
  }
}
