import Bytes
import Time

extension Session {
  /// Does what is due at `now`. Afterwards `nextDeadline` lies later.
  public mutating func advance(to now: Instant) {
    guard now >= self.deadline else { return }
    // Removing streams looks at deadlines of others that are not done yet.
    self.advanceReports(to: now)
    self.deadline = .distantFuture
    for line in self.lines.indices {
      self.lines[line].sender.advance(to: now)
      if self.lines[line].keyFrameEventIsDue, now >= self.lines[line].keyFrameEventAllowed {
        self.lines[line].keyFrameEventIsDue = false
        self.lines[line].keyFrameEventAllowed = now + self.configuration.keyFrameEventInterval
        self.tell(.keyFrameRequested(line: line))
      }
      self.refreshLine(line)
    }
    for i in self.streams.indices {
      self.streams[i].receiver.advance(to: now)
      self.refreshStream(i)
    }
    self.expect(self.reports.deadline)
    self.expect(self.reports.transportDeadline)
  }

  private mutating func advanceReports(to now: Instant) {
    if now >= self.reports.transportDeadline {
      self.reports.transportDeadline = .distantFuture
      self.reports.transportIsDue = self.arrivals.isDue
    }
    guard now >= self.reports.deadline else { return }
    self.sweep(now: now)
    if self.isActive {
      self.reports.isDue = true
      self.reports.nextLine = 0
      self.reports.deadline = now + self.randomInterval(self.configuration.reportInterval)
    } else {
      self.reports.isDue = false
      self.reports.deadline = .distantFuture
    }
  }

  /// Streams that fell silent, or that said BYE and are not read, go (RFC 3550 section 6.3.5).
  private mutating func sweep(now: Instant) {
    var i = self.streams.count
    while i > 0 {
      i &-= 1
      let silence = now - self.streams[i].lastActivity
      if silence >= self.configuration.streamTimeout || self.streams[i].isLeaving && silence >= .seconds(5) {
        self.removeStream(i)
      }
    }
  }
}
