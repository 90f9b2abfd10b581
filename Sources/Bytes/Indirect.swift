/// A value in a place of its own on the heap, owned by whoever owns this.
///
/// For a large part of a noncopyable value: the compiler's checks of those take time with the square of the stored fields, and moving
/// one moves all of it. Access costs what a pointer costs.
@safe @frozen
public struct Indirect<Value: ~Copyable>: ~Copyable {
  @usableFromInline let pointer: UnsafeMutablePointer<Value>

  @inlinable
  public init(_ value: consuming Value) {
    unsafe self.pointer = .allocate(capacity: 1)
    unsafe self.pointer.initialize(to: value)
  }

  /// `make` is a closure so that the value is made where it is to lie, and not moved there: a device's stack has no room for two.
  @inlinable @inline(__always)
  public init<Failure>(_ make: () throws(Failure) -> Value) throws(Failure) {
    let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    do throws(Failure) {
      unsafe pointer.initialize(to: try make())
    } catch {
      unsafe pointer.deallocate()
      throw error
    }
    unsafe self.pointer = pointer
  }

  @inlinable public var value: Value {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(self.pointer) }
    @inline(__always) unsafeMutableAddress { unsafe self.pointer }
  }

  @inlinable
  deinit {
    unsafe self.pointer.deinitialize(count: 1)
    unsafe self.pointer.deallocate()
  }

  /// For addressors of the owner's: what a coroutine yields is copied, all of it, for a look at one of its fields.
  @unsafe @inlinable public var address: UnsafePointer<Value> { unsafe UnsafePointer(self.pointer) }
  @unsafe @inlinable public var mutableAddress: UnsafeMutablePointer<Value> {
    mutating get { unsafe self.pointer }
  }
}
