import Foundation
import Tensors

/// A histogram of one channel whose range need not be known before: bins are [i · 2ᵉ, (i + 1) · 2ᵉ), and e is the least exponent
/// for which all values fall into `slots` neighbouring bins.
///
/// Two bins of 2ᵉ make exactly one of 2ᵉ⁺¹, so that the counts depend on the values alone, in whatever order or parts they came.
/// A few values are kept as they are: the channels of a shard have fewer than bins.
struct DyadicHistogram: Sendable {
  private(set) var least = Float.infinity
  private(set) var greatest = -Float.infinity
  private var exponent = 0
  private var scale: Float = 1
  /// The count of bin i at position i mod `slots`; empty while values are few.
  private var counts: [UInt32] = []
  /// The values that are not counted yet, half as many as bins at most.
  private var few: [Float] = []
  private let slots: Int

  /// At least four bins for each one that will be read.
  init(bins: Int) {
    var slots = 4
    while slots < 4 * min(max(bins, 1), 1 << 20) { slots *= 2 }
    self.slots = slots
  }

  var isEmpty: Bool { least > greatest }

  /// Adds a finite value.
  mutating func add(_ value: Float) {
    extend(least: value, greatest: value)
    guard !keeps(1) else { return few.append(value) }
    increment(value)
  }

  /// Whether so many more values are kept as they are; if not, all go into bins.
  @inline(__always)
  private mutating func keeps(_ more: Int) -> Bool {
    guard counts.isEmpty else { return false }
    if few.count + more <= slots / 2 { return true }
    countFew()
    return false
  }

  private mutating func countFew() {
    counts = [UInt32](repeating: 0, count: slots)
    for value in few { increment(value) }
    few = []
  }

  @inline(__always)
  private mutating func increment(_ value: Float) {
    let slot = bin(value) & (slots - 1)
    if counts[slot] < .max { counts[slot] += 1 }
  }

  /// Counts values within the extremes: `base[stride · position]` for each position.
  mutating func increment(_ base: UnsafePointer<Float>, stride: Int, at positions: [Int]) {
    if keeps(positions.count) {
      for position in positions { few.append(base[position * stride]) }
      return
    }
    let (scale, last) = (scale, slots - 1)
    counts.withUnsafeMutableBufferPointer { counts in
      for position in positions {
        let slot = Int((base[position * stride] * scale).rounded(.down)) & last
        if counts[slot] < .max { counts[slot] += 1 }
      }
    }
  }

  /// Makes room for finite values between two.
  mutating func extend(least low: Float, greatest high: Float) {
    guard low < least || high > greatest else { return }
    let (oldExponent, wasEmpty, old) = (exponent, isEmpty, self)
    least = min(least, low)
    greatest = max(greatest, high)
    setExponent()
    guard !counts.isEmpty, !wasEmpty, exponent > oldExponent else { return }
    counts = [UInt32](repeating: 0, count: slots)
    add(old.counts, old.bin(old.least)...old.bin(old.greatest), shift: exponent - oldExponent)
  }

  mutating func merge(_ later: DyadicHistogram) {
    guard !later.isEmpty else { return }
    extend(least: later.least, greatest: later.greatest)
    if later.counts.isEmpty, keeps(later.few.count) {
      few.appendTightly(later.few)
    } else if later.counts.isEmpty {
      for value in later.few { increment(value) }
    } else {
      if counts.isEmpty { countFew() }
      add(later.counts, later.bin(later.least)...later.bin(later.greatest), shift: exponent - later.exponent)
    }
  }

  private mutating func add(_ others: [UInt32], _ bins: ClosedRange<Int>, shift: Int) {
    for bin in bins where others[bin & (slots - 1)] > 0 {
      let slot = (bin >> shift) & (slots - 1)
      let (sum, isTooMuch) = counts[slot].addingReportingOverflow(others[bin & (slots - 1)])
      counts[slot] = isTooMuch ? .max : sum
    }
  }

  /// The least exponent for the extremes, 2²² bins from 0 at most, so that Float tells their borders.
  private mutating func setExponent() {
    let largest = max(abs(least), abs(greatest))
    exponent = max(largest == 0 ? -100 : Int(largest.exponent) - 20, -100)
    scale = Float(sign: .plus, exponent: -exponent, significand: 1)
    while bin(greatest) - bin(least) >= slots {
      exponent += 1
      scale /= 2
    }
  }

  @inline(__always)
  private func bin(_ value: Float) -> Int { Int((value * scale).rounded(.down)) }

  /// The shares of equal bins between least and greatest value; zeros without values, all in the first bin if they are equal.
  ///
  /// Each value counts where the middle of its own bin lies, so it is moved by at most half of that, 1 / slots of the range.
  func shares(_ bins: Int) -> [Double] {
    var shares = [Double](repeating: 0, count: bins)
    guard !isEmpty, bins > 0 else { return shares }
    let counts = allCounts
    let (low, high) = (Double(least), Double(greatest))
    let width = 1 / Double(scale)
    var total = 0.0
    for bin in bin(least)...bin(greatest) {
      let count = Double(counts[bin & (slots - 1)])
      guard count > 0 else { continue }
      let middle = min(max((Double(bin) + 0.5) * width, low), high)
      let position = high > low ? Int((middle - low) / (high - low) * Double(bins)) : 0
      shares[min(position, bins - 1)] += count
      total += count
    }
    return total > 0 ? shares.map { $0 / total } : shares
  }

  private var allCounts: [UInt32] {
    var whole = self
    if !isEmpty, counts.isEmpty { whole.countFew() }
    return whole.counts
  }

  func encode(into state: inout StateEncoder) {
    state.append([least, greatest])
    state.append(allCounts)
  }

  mutating func decode(from state: inout StateDecoder) throws {
    let damage = EspalierError("the saved state of a histogram is damaged", accepted: "a state of the same pass")
    let extremes = try state.array(of: Float.self, count: 2)
    let read = try state.array(of: UInt32.self)
    (least, greatest, counts, few) = (extremes[0], extremes[1], read, [])
    guard !read.isEmpty else {
      guard least == .infinity, greatest == -.infinity else { throw damage }
      return
    }
    guard read.count == slots, least.isFinite, greatest.isFinite, least <= greatest else { throw damage }
    setExponent()
  }
}

/// Shannon's entropy of shares, in bits; NaN if they are all 0.
func entropy(_ shares: [Double]) -> Double {
  guard shares.contains(where: { $0 > 0 }) else { return .nan }
  return max(0, -shares.reduce(0) { $1 > 0 ? $0 + $1 * log2($1) : $0 })
}
