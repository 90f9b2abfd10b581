/// Memory of a peer's, in one place as long as it need not grow: for what is handed to C, and to functions of the application's
/// that run while other threads are at the peer.
@safe
struct Buffer {
  private(set) var bytes: UnsafeMutableBufferPointer<UInt8>

  init(count: Int) {
    unsafe self.bytes = .allocate(capacity: count)
    unsafe self.bytes.initialize(repeating: 0)
  }

  var count: Int { unsafe self.bytes.count }

  /// Makes it as large; what was in it is lost where it has to grow.
  mutating func ensure(_ count: Int) {
    guard count > self.count else { return }
    self.free()
    self = Buffer(count: count)
  }

  func free() { unsafe self.bytes.deallocate() }

  subscript(index: Int) -> UInt8 {
    get { unsafe self.bytes[index] }
    nonmutating set { unsafe self.bytes[index] = newValue }
  }
}
