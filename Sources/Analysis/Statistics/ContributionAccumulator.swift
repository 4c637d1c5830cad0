import Tensors

/// What each input channel of a layer contributes to sampled outputs of the layer: the samples of ThiNet, as their Gram matrix.
///
/// A sample is an output position and a filter n, drawn from (seed, image): x_c = Σ over the kernel of W[n, c] · a_c around the
/// position, for every input channel c, and ŷ = Σ_c x_c is the output without its bias. With X the matrix of all samples,
/// `[samples, channels]`, G = XᵀX is kept, and since ŷ = X · 1 the vector q = Xᵀŷ is the row sums of G and ‖ŷ‖² the sum of all:
/// both greedy searches and the least squares of ThiNet run on these numbers alone, without observing images again.
///
/// Source: Luo, Wu, Lin, "ThiNet", ICCV 2017, and its code: ten positions an image there, on ten images of each class; here
/// `positions` positions an image, each with a filter of its own, with repetition. Products are summed in single precision over
/// runs of 128 samples, runs in Double. Memory: some 4 bytes · channels² a site, and for each shard in work up to as much.
public struct ContributionAccumulator: Accumulator {
  private let layer: LinearLayer
  private let positions: Int
  private let seed: UInt64
  private var image: Int?
  /// The filter and the first row and column of the window of each sample of the image.
  private var samples: [(filter: Int, row: Int, column: Int)] = []
  private var products: ChannelProducts

  /// No samples yet of what a layer reads.
  ///
  /// - Parameters:
  ///   - layer: the layer at whose input this looks (``Site/reader`` of a site of kind ``SiteKind/input``).
  ///   - positions: the samples of an image, at least 1.
  ///   - seed: of the positions and filters.
  public init(_ layer: LinearLayer, positions: Int = 10, seed: UInt64 = 0) {
    self.layer = layer
    self.positions = max(positions, 1)
    self.seed = seed ^ Philox.stream(named: "contributions")
    products = ChannelProducts(layer.channels)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    choose(images.indices[tile.row])
    let group = tile.channel / 8
    layer.weights.withUnsafeBufferPointer { weights in
      for sample in samples {
        var sum = SIMD8<Float>()
        for y in 0..<layer.kernel.height {
          let row = sample.row + y * layer.dilation.height
          guard 0..<tile.height ~= row else { continue }
          for x in 0..<layer.kernel.width {
            let column = sample.column + x * layer.dilation.width
            guard 0..<tile.width ~= column else { continue }
            let tap = (sample.filter * layer.kernel.height + y) * layer.kernel.width + x
            sum.addProduct(weights[tap * layer.groups + group], tile.values(row * tile.width + column))
          }
        }
        products.append(sum, group: group, lanes: tile.lanes)
      }
    }
  }

  private mutating func choose(_ image: Int) {
    guard self.image != image else { return }
    self.image = image
    var random = Philox(seed: seed, stream: UInt64(bitPattern: Int64(image)))
    func below(_ count: Int) -> Int { Int(random.next().multipliedFullWidth(by: UInt64(count)).high) }
    samples.removeAll(keepingCapacity: true)
    for _ in 0..<positions {
      let (position, filter) = (below(layer.output.height * layer.output.width), below(layer.filters))
      let (row, column) = (position / layer.output.width, position % layer.output.width)
      samples.append(
        (
          filter: filter, row: row * layer.stride.height - layer.padding.height,
          column: column * layer.stride.width - layer.padding.width
        ))
    }
  }

  public mutating func endShard(_ images: ShardImages) { products.foldIfMany() }

  public mutating func merge(_ later: ContributionAccumulator) { products.merge(later.products) }

  public func encode(into state: inout StateEncoder) { products.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try products.decode(from: &state) }

  /// The number of samples.
  public var sampleCount: Int { products.count }

  /// G = XᵀX, `[channels, channels]`, not divided by the number of samples.
  public var gram: Tensor<Double> { products.matrix() }
}
