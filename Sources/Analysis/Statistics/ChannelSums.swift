import Tensors

/// Sums in Double of several quantities for every channel, with the pictures and places that went in: what most statistics are.
struct ChannelSums: Sendable {
  private let channels: Int
  private let groups: Int
  /// Eight channels g of quantity q at place q · groups + g; lanes behind the last channel mean nothing.
  private var sums: [SIMD8<Double>]
  private var places: [SIMD8<Double>]
  private var pictures: [SIMD8<Double>]

  init(_ quantities: Int, channels: Int) {
    self.channels = channels
    groups = (channels + 7) / 8
    sums = Array(repeating: SIMD8(), count: quantities * groups)
    places = Array(repeating: SIMD8(), count: groups)
    pictures = places
  }

  /// Counts a tile's places, once a tile.
  @inline(__always)
  mutating func count(_ tile: Tile) {
    places[tile.channel / 8] += Double(tile.area)
    pictures[tile.channel / 8] += 1
  }

  /// Adds one quantity of a tile's channels.
  @inline(__always)
  mutating func add(_ values: SIMD8<Double>, to quantity: Int, _ tile: Tile) {
    sums[quantity * groups + tile.channel / 8] += values
  }

  mutating func add(_ later: ChannelSums) {
    for place in sums.indices { sums[place] += later.sums[place] }
    for group in 0..<groups {
      places[group] += later.places[group]
      pictures[group] += later.pictures[group]
    }
  }

  private func flat(_ values: ArraySlice<SIMD8<Double>>) -> [Double] {
    (0..<channels).map { values[values.startIndex + $0 / 8][$0 % 8] }
  }

  private func of(_ quantity: Int) -> [Double] { flat(sums[quantity * groups..<(quantity + 1) * groups]) }

  func encode(into state: inout StateEncoder) {
    for quantity in 0..<(groups == 0 ? 0 : sums.count / groups) { state.append(of(quantity)) }
    state.append(flat(places[...]))
    state.append(flat(pictures[...]))
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
    places = try read()
    pictures = try read()
  }

  /// The sums of a quantity, `[channels]`, changed by `transform`.
  func total(_ quantity: Int, _ transform: (Double) -> Double = { $0 }) -> Tensor<Double> {
    Tensor(of(quantity).map(transform), shape: [channels])
  }

  /// The mean over places, `[channels]`; NaN where nothing was seen.
  func meanOverPlaces(_ quantity: Int) -> Tensor<Double> { mean(quantity, flat(places[...])) }

  /// The mean over pictures, `[channels]`; NaN where nothing was seen.
  func meanOverPictures(_ quantity: Int) -> Tensor<Double> { mean(quantity, flat(pictures[...])) }

  private func mean(_ quantity: Int, _ counts: [Double]) -> Tensor<Double> {
    Tensor(zip(of(quantity), counts).map { $1 > 0 ? $0 / $1 : .nan }, shape: [channels])
  }
}

/// |x|, lane by lane.
@inline(__always)
func magnitude(_ x: SIMD8<Double>) -> SIMD8<Double> { x.replacing(with: -x, where: x .< 0) }
