import Foundation

/// The numbers of numpy's `RandomState`, so that the points are those that the authors drew: what a criterion says on two points
/// hangs on which two.
///
/// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), with numpy's ways of making a uniform number of 53 bits, a
/// normal one (Marsaglia's polar method, which makes two at once), a bounded integer (masked and drawn again) and a shuffle (from
/// the end).
struct LegacyRandom {
  private var state: [UInt32]
  private var position = 624
  private var second: Double?

  init(seed: UInt32) {
    state = [seed]
    for index in 1..<624 {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
    }
  }

  private mutating func next() -> UInt32 {
    if position == 624 {
      for index in 0..<624 {
        let joined = state[index] & 0x8000_0000 | state[(index + 1) % 624] & 0x7fff_ffff
        state[index] = state[(index + 397) % 624] ^ joined >> 1 ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
      }
      position = 0
    }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9d2c_5680
    word ^= word << 15 & 0xefc6_0000
    return word ^ word >> 18
  }

  /// A number in [0, 1).
  mutating func uniform() -> Double {
    let (high, low) = (Double(next() >> 5), Double(next() >> 6))
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  /// A number of the standard normal distribution.
  mutating func normal() -> Double {
    if let number = second {
      second = nil
      return number
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      guard square < 1, square > 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      second = factor * x
      return factor * y
    }
  }

  /// The numbers 0..<count in a random order.
  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      let mask = UInt32.max >> UInt32(UInt32(last).leadingZeroBitCount)
      var other = next() & mask
      while other > last { other = next() & mask }
      order.swapAt(last, Int(other))
    }
    return order
  }
}
