import Bytes
import CCrypto

/// Secret bytes that are wiped when their owner goes.
@safe
public struct SecretBytes: ~Copyable, @unchecked Sendable {
  public let count: Int
  private let storage: UnsafeMutablePointer<UInt8>

  /// Zeros.
  public init(count: Int) {
    self.count = count
    unsafe self.storage = .allocate(capacity: count)
    unsafe self.storage.initialize(repeating: 0, count: count)
  }

  deinit {
    unsafe crypto_wipe(self.storage, self.count)
    unsafe self.storage.deallocate()
  }

  public func fork() -> SecretBytes {
    let copy = SecretBytes(count: self.count)
    unsafe copy.storage.update(from: self.storage, count: self.count)
    return copy
  }

  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      let span = unsafe Span(_unsafeStart: self.storage, count: self.count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  public var mutableBytes: MutableSpan<UInt8> {
    @_lifetime(&self) mutating get {
      let span = unsafe MutableSpan(_unsafeStart: self.storage, count: self.count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }
}
