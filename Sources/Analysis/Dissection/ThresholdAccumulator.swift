import Synchronization
import Tensors

/// The exact 1 − Q quantile of each channel's activations: what dissection takes as thresholds.
///
/// Of n = images · positions values only the greatest n − ⌊(n − 1)(1 − Q)⌋ are kept, 4 bytes each; the quantile lies between the
/// two least of them, as numpy's `quantile` interpolates. NaN values are left out, as if they were the least.
///
/// The accumulators of a site may share ``Floors``: once some shards together hold as many values as are kept, what does not
/// exceed the least of these is passed over in all others. That changes what a shard holds, and how long it takes, never the
/// quantile.
///
/// Memory: each accumulator holds at most a quarter more than the kept, in all channels 5 · ``byteCount(share:images:area:)`` / 4
/// · channels. Most shards hold little, as they begin with floors.
public struct ThresholdAccumulator: Accumulator {
  public static let mergesExactly = true

  private let quantile: Double
  private let total: Int
  private let kept: Int
  private var greatest: [[Float]]
  /// What a value must exceed to be among the kept.
  private var floors: [Float]
  private let shared: Floors

  /// What values must exceed, as far as any shards of a site know.
  public final class Floors: Sendable {
    private let values: Mutex<[Float]>

    /// No floors yet.
    public init(channels: Int) { values = Mutex([Float](repeating: -.infinity, count: channels)) }

    var all: [Float] { values.withLock { $0 } }

    func raise(_ floor: Float, _ channel: Int) { values.withLock { $0[channel] = max($0[channel], floor) } }

    func raise(_ floors: [Float]) {
      values.withLock { values in for channel in values.indices { values[channel] = max(values[channel], floors[channel]) } }
    }
  }

  /// An empty accumulator.
  ///
  /// - Parameters:
  ///   - share: Q, the share of values above the threshold, 0 … 1.
  ///   - images: the number of images that the pass will see.
  ///   - floors: shared by all accumulators of the site in one pass; none are if nil.
  public init(_ site: SiteShape, share: Double, images: Int, floors: Floors? = nil) {
    quantile = 1 - share
    total = images * site.area
    kept = ThresholdAccumulator.kept(of: total, share: share)
    greatest = Array(repeating: [], count: site.channels)
    shared = floors ?? Floors(channels: site.channels)
    self.floors = shared.all
  }

  /// The bytes that a channel's values take at most when a pass ends.
  public static func byteCount(share: Double, images: Int, area: Int) -> Int { 4 * kept(of: images * area, share: share) }

  private static func kept(of total: Int, share: Double) -> Int {
    total == 0 ? 0 : total - Int((Double(total - 1) * (1 - share)).rounded(.down))
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    if tile.channel == 0 { learnFloors() }
    // Lanes of no interest get a floor that nothing exceeds.
    var over = SIMD8<Float>(repeating: .infinity)
    var isOver = false
    for lane in 0..<tile.lanes {
      let floor = floors[tile.channel + lane]
      if floor == -.infinity {
        takeAll(tile, lane)
      } else if tile.summary.maximum[lane] > floor {
        over[lane] = floor
        isOver = true
      }
    }
    guard isOver else { return }
    var first = 0
    while first < tile.area {
      let end = min(first + 8, tile.area)
      var isAnyOver = SIMDMask<SIMD8<Int32>>()
      for position in first..<end { isAnyOver .|= tile.values(position) .> over }
      if isAny(isAnyOver) { for position in first..<end { take(tile.values(position), &over, tile.channel) } }
      first = end
    }
  }

  /// Takes over what other shards have found out since.
  private mutating func learnFloors() {
    let known = shared.all
    for channel in floors.indices where known[channel] > floors[channel] { floors[channel] = known[channel] }
  }

  private mutating func take(_ values: SIMD8<Float>, _ over: inout SIMD8<Float>, _ channel: Int) {
    guard isAny(values .> over) else { return }
    for lane in 0..<8 where values[lane] > over[lane] {
      append(values[lane], channel + lane)
      if compactIfMany(channel + lane) { over[lane] = floors[channel + lane] }
    }
  }

  /// Takes a lane of which no floor is known yet.
  private mutating func takeAll(_ tile: Tile, _ lane: Int) {
    let channel = tile.channel + lane
    for position in 0..<tile.area {
      let value = tile.activation[position * tile.stride + lane]
      let floor = floors[channel]
      guard value > floor || (floor == -.infinity && value == floor) else { continue }
      append(value, channel)
      compactIfMany(channel)
    }
  }

  /// The values of a channel at which those that are not among the kept are thrown away.
  private var most: Int { kept + max(kept / 4, 64) }

  @inline(__always)
  private mutating func append(_ value: Float, _ channel: Int) {
    let count = greatest[channel].count
    if count == greatest[channel].capacity {
      greatest[channel].reserveCapacity(min(count + count / 2 + 16, max(most, count + 1)))
    }
    greatest[channel].append(value)
  }

  public mutating func endShard(_ images: ShardImages) {
    for channel in greatest.indices { compact(channel) }
    shared.raise(floors)
  }

  public mutating func merge(_ later: ThresholdAccumulator) {
    for channel in greatest.indices {
      let floor = floors[channel]
      if later.floors[channel] >= floor || floor == -.infinity {
        greatest[channel].appendTightly(later.greatest[channel])
      } else {
        for value in later.greatest[channel] where value > floor { append(value, channel) }
      }
      // The floor goes with the values that it is of: where it is known too, they must not be passed over.
      floors[channel] = max(floor, later.floors[channel])
      compactIfMany(channel)
    }
    shared.raise(floors)
  }

  /// Throws away what is surely not among the kept, once that is worth it; whether it was.
  @discardableResult
  private mutating func compactIfMany(_ channel: Int) -> Bool {
    guard greatest[channel].count >= most else { return false }
    let floor = floors[channel]
    compact(channel)
    if floor == -.infinity { shared.raise(floors[channel], channel) }
    return true
  }

  private mutating func compact(_ channel: Int) {
    let surplus = greatest[channel].count - kept
    if surplus < 0 { return }
    if surplus > 0 {
      greatest[channel].withUnsafeMutableBufferPointer { Selection.partition($0, at: surplus) }
      greatest[channel].removeFirst(surplus)
    }
    floors[channel] = max(floors[channel], greatest[channel].min() ?? -.infinity)
  }

  public func encode(into state: inout StateEncoder) { for values in greatest { state.append(values) } }

  public mutating func decode(from state: inout StateDecoder) throws {
    for channel in greatest.indices {
      greatest[channel] = try state.array(of: Float.self)
      compact(channel)
    }
  }

  /// The quantile of each channel; infinity where nothing but NaN was seen.
  public var thresholds: [Float] {
    let position = Double(total - 1) * quantile
    let share = position - position.rounded(.down)
    return greatest.map { values in
      var values = values
      let surplus = values.count - kept
      if surplus > 0 {
        values.withUnsafeMutableBufferPointer { Selection.partition($0, at: surplus) }
        values.removeFirst(surplus)
      }
      guard let least = values.min() else { return .infinity }
      guard values.count == kept, share > 0 else { return least }
      // The second least: the least itself where it occurs twice.
      var next = Float.infinity
      var isSkipped = false
      for value in values {
        if value == least && !isSkipped { isSkipped = true } else { next = min(next, value) }
      }
      return next.isFinite ? Float(Double(least) + (Double(next) - Double(least)) * share) : least
    }
  }
}

/// Selection of the n-th smallest (Hoare's quickselect).
enum Selection {
  /// Moves values so that those before a position are not greater, and those behind it not less, than the one at the position.
  static func partition<Value: Comparable>(_ values: UnsafeMutableBufferPointer<Value>, at position: Int) {
    var (low, high) = (0, values.count - 1)
    while low < high {
      let middle = (low + high) / 2
      // The median of three keeps sorted and constant runs from being slow.
      let (a, b, c) = (values[low], values[middle], values[high])
      let pivot = max(min(a, b), min(max(a, b), c))
      var (i, j) = (low, high)
      while i <= j {
        while values[i] < pivot { i += 1 }
        while values[j] > pivot { j -= 1 }
        if i <= j {
          values.swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if position <= j { high = j } else if position >= i { low = i } else { return }
    }
  }
}
