import Analysis
import Tensors

/// Feature maps of one site as plain numbers, to be shown to statistics in any layout and any shards.
struct StatisticImages {
  var site: SiteShape
  /// `values[image][channel][position]`.
  var values: [[[Float]]]

  /// The layouts in which tiles come: eight channels gathered, blocks of 8 and of 16.
  static let blocks = [8, 16]

  init(_ site: SiteShape, values: [[[Float]]]) {
    self.site = site
    self.values = values
  }

  /// Random maps: after ReLU, a channel that never fires, a constant one, one far from 0, the others normal.
  init(_ site: SiteShape, images: Int, seed: UInt64 = 1) {
    self.site = site
    values = (0..<images).map { image in
      var random = Philox(seed: seed, stream: UInt64(image))
      return (0..<site.channels).map { channel in
        (0..<site.area).map { _ in
          let value = Float(random.normal())
          switch channel % 5 {
          case 0: return max(value, 0)
          case 1 where channel == 1: return 0
          case 2 where channel == 2: return 3.25
          case 3: return 100 + value
          default: return value
          }
        }
      }
    }
  }

  /// All values of a channel.
  func channel(_ channel: Int) -> [Float] { values.flatMap { $0[channel] } }

  /// Shows a range of images to an accumulator, as one shard.
  func show(_ range: Range<Int>, to accumulator: inout some Accumulator, block: Int) {
    let images = ShardImages(indices: Array(range), labels: [])
    let blocks = (site.channels + block - 1) / block
    for image in range {
      // Lanes behind the last channel hold what must not be observed.
      var map = [Float](repeating: .nan, count: blocks * site.area * block)
      for channel in 0..<site.channels {
        for position in 0..<site.area {
          map[(channel / block * site.area + position) * block + channel % block] = values[image][channel][position]
        }
      }
      map.withUnsafeBufferPointer { map in
        for channel in stride(from: 0, to: site.channels, by: 8) {
          let tile = Tile(
            row: image - range.lowerBound, channel: channel, lanes: min(8, site.channels - channel), height: site.height,
            width: site.width, activation: map.baseAddress! + channel / block * site.area * block + channel % block,
            stride: block)
          accumulator.observe(tile, of: images)
        }
      }
    }
    accumulator.endShard(images)
  }

  /// What a statistic learns from shards of a size, merged in their order.
  func learn<S: Statistic>(_ type: S.Type, _ settings: StatisticSettings = StatisticSettings(), shard: Int, block: Int = 8) -> S {
    var whole: S?
    for part in shards(type, settings, shard: shard, block: block) {
      if whole == nil { whole = part } else { whole!.merge(part) }
    }
    return whole ?? S(site, settings)
  }

  /// What a statistic learns from each shard of a size.
  func shards<S: Statistic>(_ type: S.Type, _ settings: StatisticSettings, shard: Int, block: Int = 8) -> [S] {
    stride(from: 0, to: values.count, by: shard).map { first in
      var part = S(site, settings)
      show(first..<min(first + shard, values.count), to: &part, block: block)
      return part
    }
  }
}

extension Accumulator {
  /// The state, as bytes.
  var state: StateEncoder {
    var state = StateEncoder()
    encode(into: &state)
    return state
  }
}

extension Statistic {
  /// The values of a result.
  func values(_ name: String) -> Tensor<Double>? { results.first { $0.name == name }?.values }
}
