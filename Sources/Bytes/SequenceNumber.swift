/// A number that wraps, compared by serial arithmetic (RFC 1982): `a` precedes `b` if going forward from
/// `a` to `b` is the shorter way round. TSNs, stream sequence numbers and RTP sequence numbers are such.
@frozen
public struct SequenceNumber<Value: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
  public var value: Value

  @inlinable @inline(__always) public init(_ value: Value) { self.value = value }

  /// How far forward from `self` to `other`, wrapping: always `0...Value.max`.
  @inlinable @inline(__always)
  public func distance(to other: Self) -> Value { other.value &- self.value }

  /// Strictly before `other`. Two numbers exactly half the circle apart precede each other in neither direction.
  @inlinable @inline(__always)
  public func precedes(_ other: Self) -> Bool {
    let forward = self.distance(to: other)
    return forward != 0 && forward < (1 as Value) &<< Value(Value.bitWidth &- 1)
  }

  @inlinable @inline(__always)
  public func precedesOrEquals(_ other: Self) -> Bool { self == other || self.precedes(other) }

  @inlinable @inline(__always)
  public func advanced(by distance: Value) -> Self { Self(self.value &+ distance) }

  @inlinable public var next: Self { @inline(__always) get { Self(self.value &+ 1) } }
  @inlinable public var previous: Self { @inline(__always) get { Self(self.value &- 1) } }
}
