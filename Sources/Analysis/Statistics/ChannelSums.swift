import Tensors

/// Sums in Double of several quantities for every channel, with the images and positions that went in: what most statistics are.
struct ChannelSums: Sendable {
  private let channels: Int
  private let groups: Int
  /// Eight channels g of quantity q at position q · groups + g; lanes behind the last channel mean nothing.
  private var sums: [SIMD8<Double>]
  private var positions: [SIMD8<Double>]
  private var images: [SIMD8<Double>]

  init(_ quantities: Int, channels: Int) {
    self.channels = channels
    groups = (channels + 7) / 8
    sums = Array(repeating: SIMD8(), count: quantities * groups)
    positions = Array(repeating: SIMD8(), count: groups)
    images = positions
  }

  /// Counts a tile's positions, once a tile.
  @inline(__always)
  mutating func count(_ tile: Tile) {
    positions[tile.channel / 8] += Double(tile.area)
    images[tile.channel / 8] += 1
  }

  /// Adds one quantity of a tile's channels.
  @inline(__always)
  mutating func add(_ values: SIMD8<Double>, to quantity: Int, _ tile: Tile) {
    sums[quantity * groups + tile.channel / 8] += values
  }

  mutating func add(_ later: ChannelSums) {
    for position in sums.indices { sums[position] += later.sums[position] }
    for group in 0..<groups {
      positions[group] += later.positions[group]
      images[group] += later.images[group]
    }
  }

  private func flat(_ values: ArraySlice<SIMD8<Double>>) -> [Double] {
    (0..<channels).map { values[values.startIndex + $0 / 8][$0 % 8] }
  }

  private func of(_ quantity: Int) -> [Double] { flat(sums[quantity * groups..<(quantity + 1) * groups]) }

  func encode(into state: inout StateEncoder) {
    for quantity in 0..<(groups == 0 ? 0 : sums.count / groups) { state.append(of(quantity)) }
    state.append(flat(positions[...]))
    state.append(flat(images[...]))
  }

  mutating func decode(from state: inout StateDecoder) throws {
    func read() throws -> [SIMD8<Double>] {
      let flat = try state.array(of: Double.self, count: channels)
      return (0..<groups).map { group in
        var values = SIMD8<Double>()
        for lane in 0..<min(8, channels - group * 8) { values[lane] = flat[group * 8 + lane] }
        return values
      }
    }
    var all: [SIMD8<Double>] = []
    while all.count < sums.count { all += try read() }
    sums = all
    positions = try read()
    images = try read()
  }

  /// The sums of a quantity, `[channels]`, changed by `transform`.
  func total(_ quantity: Int, _ transform: (Double) -> Double = { $0 }) -> Tensor<Double> {
    Tensor(of(quantity).map(transform), shape: [channels])
  }

  /// The mean over positions, `[channels]`; NaN where nothing was seen.
  func meanOverPositions(_ quantity: Int) -> Tensor<Double> { mean(quantity, flat(positions[...])) }

  /// The mean over images, `[channels]`; NaN where nothing was seen.
  func meanOverImages(_ quantity: Int) -> Tensor<Double> { mean(quantity, flat(images[...])) }

  private func mean(_ quantity: Int, _ counts: [Double]) -> Tensor<Double> {
    Tensor(zip(of(quantity), counts).map { $1 > 0 ? $0 / $1 : .nan }, shape: [channels])
  }
}

/// |x|, lane by lane.
@inline(__always)
func magnitude(_ x: SIMD8<Double>) -> SIMD8<Double> { x.replacing(with: -x, where: x .< 0) }
