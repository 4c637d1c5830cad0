import Foundation
import Tensors

/// A quantile sketch of eight channels at once, one lane a channel.
///
/// All channels of a site see equally many values, so they share the shape of the sketch and only the values differ; a level is
/// sorted by a network of lane-wise comparisons. Level h holds values of weight 2ʰ. A full level is sorted, every second value
/// goes one level up, and a coin decides which half. Coins come from (seed, first image, channel, level, number), never from a
/// running stream, and each second one of a level is the opposite of the one before, which halves the error's variance.
///
/// Sources: Z. Karnin, K. Lang, E. Liberty, "Optimal quantile approximation in streams", FOCS 2016; the paired coins: N. Ivkin et
/// al., "Streaming quantiles algorithms with small space and update time", 2019. Ours: levels are compacted as soon as they are
/// full, and no sampler stands below the lowest.
struct LaneSketch: Sendable {
  private struct Level: Sendable {
    var rows: [SIMD8<Float>] = []
    /// Coins drawn by this sketch; the next one's number.
    var draws = 0
    /// Pairs of coins, each of which moves a rank by 2ʰ at most.
    var pairs = 0
  }

  private static let shrink = 2.0 / 3
  private static let leastCapacity = 32
  private static let mostLevels = 48

  private let resolution: Int
  private let seed: UInt64
  private let channel: Int
  private var levels = [Level()]
  private var firstImage: Int?
  /// The number of values of each channel.
  private(set) var count = 0

  init(resolution: Int, seed: UInt64, channel: Int) {
    self.resolution = max(resolution, LaneSketch.leastCapacity)
    self.seed = seed ^ Philox.stream(named: "quantile sketch")
    self.channel = channel
  }

  /// Takes in a tile's values at some positions.
  mutating func add(_ tile: Tile, at positions: [Int], image: Int) {
    if firstImage == nil { firstImage = image }
    count += positions.count
    let isWhole = tile.lanes == 8
    let isReal = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .< Int32(truncatingIfNeeded: tile.lanes)
    var capacity = capacity(0)
    for position in positions {
      var values = tile.values(position)
      if !isWhole { values = SIMD8(repeating: 0).replacing(with: values, where: isReal) }
      levels[0].rows.append(values)
      if levels[0].rows.count >= capacity {
        compress()
        capacity = self.capacity(0)
      }
    }
  }

  /// Takes in the values of a later sketch.
  mutating func merge(_ later: LaneSketch) {
    guard later.count > 0 else { return }
    firstImage = firstImage ?? later.firstImage
    count += later.count
    for (height, level) in later.levels.enumerated() {
      if height == levels.count { levels.append(Level()) }
      levels[height].rows.appendTightly(level.rows)
      levels[height].pairs += level.pairs
    }
    compress()
  }

  private func capacity(_ height: Int) -> Int {
    let full = Double(resolution) * pow(LaneSketch.shrink, Double(levels.count - 1 - height))
    return max(Int(full.rounded(.up)), LaneSketch.leastCapacity)
  }

  private mutating func compress() {
    var height = 0
    while height < levels.count {
      if levels[height].rows.count >= capacity(height) { compact(height) }
      height += 1
    }
  }

  private mutating func compact(_ height: Int) {
    if height + 1 == levels.count { levels.append(Level()) }
    let offset = coin(height)
    let count = levels[height].rows.count & ~1
    levels[height].rows.withUnsafeMutableBufferPointer { LaneSort.sort(UnsafeMutableBufferPointer(rebasing: $0[..<count])) }
    levels[height + 1].rows.makeRoom(forMore: count / 2)
    for row in stride(from: offset, to: count, by: 2) { levels[height + 1].rows.append(levels[height].rows[row]) }
    levels[height].rows.removeFirst(count)
    // A level has less capacity the more there are above it.
    levels[height].rows.giveBackRoom(above: capacity(height))
  }

  private mutating func coin(_ height: Int) -> Int {
    let draw = levels[height].draws
    levels[height].draws += 1
    if draw & 1 == 0 { levels[height].pairs += 1 }
    var random = Philox(
      seed: seed, stream: UInt64(bitPattern: Int64(firstImage ?? 0)),
      start: UInt64(channel) << 40 | UInt64(height) << 32 | UInt64(draw >> 1))
    return Int(random.next() & 1) ^ (draw & 1)
  }

  /// How far a rank may lie off, as a share of the count, but for a probability `failure`; 0 while nothing was compacted.
  ///
  /// Each pair of coins moves the rank of a given value by −2ʰ, 0 or 2ʰ with mean 0, independently of the others: Hoeffding's
  /// inequality gives √(2 ln(2 / failure) Σ 4ʰ) / n.
  func rankError(failure: Double) -> Double {
    guard count > 0 else { return .nan }
    let variance = levels.enumerated().reduce(0.0) { $0 + Double($1.element.pairs) * pow(4, Double($1.offset)) }
    return min((2 * log(2 / failure) * variance).squareRoot() / Double(count), 1)
  }

  /// The quantiles of a lane, as values that were seen: for share q the least value that at least q of all do not exceed.
  ///
  /// NaN is passed over, as NumPy's `nanquantile` does; NaN comes of a lane without numbers.
  func quantiles(_ shares: [Double], lane: Int) -> [Float] {
    guard count > 0 else { return shares.map { _ in .nan } }
    var kept: [(value: Float, weight: Int)] = []
    for (height, level) in levels.enumerated() {
      for row in level.rows where !row[lane].isNaN { kept.append((row[lane], 1 << height)) }
    }
    guard !kept.isEmpty else { return shares.map { _ in .nan } }
    kept.sort { $0.value < $1.value }
    var cumulative: [Int] = []
    var sum = 0
    for item in kept {
      sum += item.weight
      cumulative.append(sum)
    }
    return shares.map { share in
      let wanted = share * Double(sum)
      var (low, high) = (0, cumulative.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if Double(cumulative[middle]) >= wanted { high = middle } else { low = middle + 1 }
      }
      return kept[low].value
    }
  }

  func encode(into state: inout StateEncoder) {
    state.append([Int64(count), Int64(firstImage ?? -1), Int64(levels.count)])
    for level in levels {
      state.append([Int64(level.draws), Int64(level.pairs)])
      state.append(level.rows)
    }
  }

  mutating func decode(from state: inout StateDecoder) throws {
    let damage = EspalierError("the saved state of a quantile sketch is damaged", accepted: "a state of the same pass")
    let header = try state.array(of: Int64.self, count: 3)
    guard 0...(1 << 52) ~= header[0], 1...Int64(LaneSketch.mostLevels) ~= header[2] else { throw damage }
    levels = []
    var sum = 0
    for height in 0..<Int(header[2]) {
      let numbers = try state.array(of: Int64.self, count: 2)
      guard 0...(1 << 32 - 1) ~= numbers[0], 0...(1 << 52) ~= numbers[1] else { throw damage }
      let rows = try state.array(of: SIMD8<Float>.self)
      guard rows.count <= (1 << 52) >> height else { throw damage }
      sum += rows.count << height
      levels.append(Level(rows: rows, draws: Int(numbers[0]), pairs: Int(numbers[1])))
    }
    guard sum == header[0] else { throw damage }
    count = sum
    firstImage = header[1] < 0 ? nil : Int(header[1])
  }
}

/// Sorts rows of eight lanes, every lane for itself, by Batcher's odd-even merge sort.
enum LaneSort {
  static func sort(_ rows: UnsafeMutableBufferPointer<SIMD8<Float>>) {
    let count = rows.count
    guard count > 1, let base = rows.baseAddress else { return }
    var p = 1
    while p < count {
      var k = p
      while k >= 1 {
        var start = k % p
        while start + k < count {
          // Pairs across the border of two runs that are not merged yet stay as they are.
          if k == p || (start + k) % (2 * p) != 0 {
            let end = min(k, count - start - k)
            for i in 0..<end { order(base + start + i, base + start + i + k) }
          }
          start += 2 * k
        }
        k /= 2
      }
      p *= 2
    }
  }

  @inline(__always)
  private static func order(_ first: UnsafeMutablePointer<SIMD8<Float>>, _ second: UnsafeMutablePointer<SIMD8<Float>>) {
    let (a, b) = (first.pointee, second.pointee)
    // NaN goes last.
    let isSwapped = (b .< a) .| ((a .!= a) .& (b .== b))
    first.pointee = a.replacing(with: b, where: isSwapped)
    second.pointee = b.replacing(with: a, where: isSwapped)
  }
}
