import Foundation

/// The counter-based random generator Philox-4x32-10.
///
/// A number depends on (seed, stream, index) alone, never on how many were drawn before it: the same image of the same
/// epoch is augmented alike whichever worker meets it, and a resumed run continues exactly.
///
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct Philox: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: UInt64
  private var counter: UInt64
  private var pending: UInt64?

  /// Makes a generator for one purpose.
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - stream: what the numbers are for, such as a sample's index or a hash of a parameter's name.
  ///   - start: the first block of two 64-bit numbers to draw.
  public init(seed: UInt64, stream: UInt64 = 0, start: UInt64 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
    counter = start
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if let value = pending {
      pending = nil
      return value
    }
    let block = Philox.block(
      (
        UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
        UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
      ), key: key)
    counter &+= 1
    pending = UInt64(block.2) | UInt64(block.3) << 32
    return UInt64(block.0) | UInt64(block.1) << 32
  }

  /// A number in 0 ..< 1 with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number from the normal distribution with mean 0 and deviation 1 (Box and Muller's transform).
  public mutating func normal() -> Double {
    let radius = (-2 * log1p(-uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// The order of `0 ..< count` after a fair shuffle (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, Int(next().multipliedFullWidth(by: UInt64(i + 1)).high))
    }
    return order
  }

  /// One block of the cipher: ten rounds over a 128-bit counter.
  package static func block(
    _ counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for round in 0..<10 {
      if round > 0 { k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85) }
      let a = UInt32(0xD251_1F53).multipliedFullWidth(by: c.0)
      let b = UInt32(0xCD9E_8D57).multipliedFullWidth(by: c.2)
      c = (b.high ^ c.1 ^ k.0, b.low, a.high ^ c.3 ^ k.1, a.low)
    }
    return c
  }

  /// A 64-bit hash of a name (FNV-1a), to serve as a ``init(seed:stream:start:)`` stream.
  public static func stream(named name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
