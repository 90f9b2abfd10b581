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
    self.users &+= 1
    self.loopThread = UInt(port_thread())
    unsafe port_mutex_lock(self.turn)
    var isBusy = self.work()
    if self.deliver() { isBusy = true }
    if !isBusy, !self.isClosed {
      self.wait()
      if !self.isClosed {
        _ = self.work()
        _ = self.deliver()
      }
    }
    self.isLooping = false
    unsafe port_mutex_unlock(self.turn)
    self.users &-= 1
    self.leave()
    return .none
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
    var handles: [OpaquePointer?] = unsafe []
    for socket in self.sockets { unsafe handles.append(socket.handle) }
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
    while rounds < 256, !self.isClosed, let delivery = self.nextDelivery() {
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
