import Synchronization
import Tensors

/// The exact 1 − Q quantile of each channel's activations: what dissection takes as thresholds.
///
/// Of n = pictures · places values only the greatest n − ⌊(n − 1)(1 − Q)⌋ are kept, 4 bytes each; the quantile lies between the two
/// least of them, as numpy's `quantile` interpolates. NaN values are left out, as if they were the least.
///
/// The accumulators of a site may share ``Floors``: once some shards together hold as many values as are kept, what does not exceed
/// the least of these is passed over in all others. That changes what a shard holds, and how long it takes, never the quantile.
public struct ThresholdAccumulator: Accumulator {
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

    func raise(_ floors: [Float]) {
      values.withLock { values in for channel in values.indices { values[channel] = max(values[channel], floors[channel]) } }
    }
  }

  /// An empty accumulator.
  ///
  /// - Parameters:
  ///   - share: Q, the share of values above the threshold, 0 … 1.
  ///   - pictures: the number of pictures that the pass will see.
  ///   - floors: shared by all accumulators of the site in one pass; none are if nil.
  public init(_ site: SiteShape, share: Double, pictures: Int, floors: Floors? = nil) {
    quantile = 1 - share
    total = pictures * site.area
    kept = ThresholdAccumulator.kept(of: total, share: share)
    greatest = Array(repeating: [], count: site.channels)
    shared = floors ?? Floors(channels: site.channels)
    self.floors = shared.all
  }

  /// The bytes that a channel's values take at most when a pass ends.
  public static func byteCount(share: Double, pictures: Int, area: Int) -> Int { 4 * kept(of: pictures * area, share: share) }

  private static func kept(of total: Int, share: Double) -> Int {
    total == 0 ? 0 : total - Int((Double(total - 1) * (1 - share)).rounded(.down))
  }

  public mutating func observe(_ tile: Tile, of pictures: ShardPictures) {
    let area = tile.area
    for lane in 0..<tile.lanes {
      let channel = tile.channel + lane
      var floor = floors[channel]
      guard tile.summary.maximum[lane] > floor || floor == -.infinity else { continue }
      for place in 0..<area {
        let value = tile.activation[place * tile.stride + lane]
        guard value > floor || (floor == -.infinity && value == floor) else { continue }
        greatest[channel].append(value)
        if greatest[channel].count >= 2 * kept + 64 {
          compact(channel)
          floor = floors[channel]
        }
      }
    }
  }

  public mutating func endShard(_ pictures: ShardPictures) { for channel in greatest.indices { compact(channel) } }

  public mutating func merge(_ later: ThresholdAccumulator) {
    for channel in greatest.indices {
      greatest[channel] += later.greatest[channel]
      compact(channel)
    }
    shared.raise(floors)
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
    let place = Double(total - 1) * quantile
    let share = place - place.rounded(.down)
    return greatest.map { values in
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
  /// Moves values so that those before a place are not greater, and those behind it not less, than the one at the place.
  static func partition(_ values: UnsafeMutableBufferPointer<Float>, at place: Int) {
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
      if place <= j { high = j } else if place >= i { low = i } else { return }
    }
  }
}
