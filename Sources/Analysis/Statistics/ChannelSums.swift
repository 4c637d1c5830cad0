import Tensors

/// Sums in Double of several quantities for every channel, with the pictures and places that went in: what most statistics are.
struct ChannelSums: Sendable {
  private let channels: Int
  private var sums: [[Double]]
  private var places: [Double]
  private var pictures: [Double]

  init(_ quantities: Int, channels: Int) {
    self.channels = channels
    sums = Array(repeating: [Double](repeating: 0, count: channels), count: quantities)
    places = [Double](repeating: 0, count: channels)
    pictures = places
  }

  /// Counts a tile's places, once a tile.
  @inline(__always)
  mutating func count(_ tile: Tile) {
    for lane in 0..<tile.lanes {
      places[tile.channel + lane] += Double(tile.area)
      pictures[tile.channel + lane] += 1
    }
  }

  /// Adds one quantity of a tile's channels.
  @inline(__always)
  mutating func add(_ values: SIMD8<Double>, to quantity: Int, _ tile: Tile) {
    for lane in 0..<tile.lanes { sums[quantity][tile.channel + lane] += values[lane] }
  }

  mutating func add(_ later: ChannelSums) {
    for quantity in sums.indices {
      for channel in 0..<channels { sums[quantity][channel] += later.sums[quantity][channel] }
    }
    for channel in 0..<channels {
      places[channel] += later.places[channel]
      pictures[channel] += later.pictures[channel]
    }
  }

  func encode(into state: inout StateEncoder) {
    for values in sums { state.append(values) }
    state.append(places)
    state.append(pictures)
  }

  mutating func decode(from state: inout StateDecoder) throws {
    for quantity in sums.indices { sums[quantity] = try state.array(of: Double.self, count: channels) }
    places = try state.array(of: Double.self, count: channels)
    pictures = try state.array(of: Double.self, count: channels)
  }

  /// The sums of a quantity, `[channels]`, changed by `transform`.
  func total(_ quantity: Int, _ transform: (Double) -> Double = { $0 }) -> Tensor<Double> {
    Tensor(sums[quantity].map(transform), shape: [channels])
  }

  /// The mean over places, `[channels]`; NaN where nothing was seen.
  func meanOverPlaces(_ quantity: Int) -> Tensor<Double> { mean(quantity, places) }

  /// The mean over pictures, `[channels]`; NaN where nothing was seen.
  func meanOverPictures(_ quantity: Int) -> Tensor<Double> { mean(quantity, pictures) }

  private func mean(_ quantity: Int, _ counts: [Double]) -> Tensor<Double> {
    Tensor(zip(sums[quantity], counts).map { $1 > 0 ? $0 / $1 : .nan }, shape: [channels])
  }
}

/// |x|, lane by lane.
@inline(__always)
func magnitude(_ x: SIMD8<Double>) -> SIMD8<Double> { x.replacing(with: -x, where: x .< 0) }
