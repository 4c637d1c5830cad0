import Tensors

/// How far attributions move when the image moves a little: low is good.
///
/// `n` copies of an image get uniform noise of −`radius` … `radius` on every number of the network's input, and are explained for
/// the same class. With the attributions R of the image and R′ of a copy, `max-sensitivity` is the greatest and
/// `average-sensitivity` the mean of `‖R′ − R‖ / ‖R‖` (Euclidean, all numbers). Not defined where R is 0. Noise depends on the
/// image's position in the data set and on `seed`.
///
/// Yeh et al. do not divide by ‖R‖, by which methods of different scale become comparable; Captum and Quantus do.
///
/// Source: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (in)fidelity and sensitivity of explanations", NeurIPS 2019,
/// definition 3.1.
public struct SensitivityMeasure: ChangeMeasure {
  public static let name = "sensitivity"
  public static let parameters = "n=10,radius=0.1,seed=0"
  public static let columns = ["max-sensitivity", "average-sensitivity"]

  /// The number of copies.
  public let copies: Int
  /// The greatest noise.
  public let radius: Double
  /// The seed of the noise.
  public let seed: UInt64

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    copies = try parameters.integer("n", default: 10, in: 1...100_000)
    radius = try parameters.number("radius", default: 0.1, in: 0...1e6)
    seed = try parameters.seed()
  }

  public var better: MeasureDirection { .lower }

  public func values(
    _ shard: AttributionShard, attributions: Tensor<Float>, targets: [OutputTarget], explaining: AttributionProgram,
    answering: OutputProgram
  ) throws -> [[Double?]] {
    let size = shard.geometry.count
    func norm(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    var ratios = [[Double]](repeating: [Double](repeating: 0, count: copies), count: shard.count)
    let variants = Variants(images: shard.images, count: copies, batch: explaining.plan.batch, progress: answering.progress)
    try variants.forEachBatch { row, values in
      var random = Philox(
        seed: seed, stream: UInt64(bitPattern: Int64(shard.indices[row.image])), start: UInt64(row.variant) << 32)
      for i in values.indices { values[i] += Float(radius * (2 * random.uniform() - 1)) }
    } run: { images, rows in
      let changed = try explaining.run(
        AttributionShard(
          images: images, others: shard.others(of: rows), targets: rows.map { targets[$0.image] },
          indices: rows.map { shard.indices[$0.image] }, layout: shard.layout)
      ).input
      for (position, row) in rows.enumerated() {
        let moved = (0..<size).lazy.map {
          Double(changed.elements[position * size + $0]) - Double(attributions.elements[row.image * size + $0])
        }
        ratios[row.image][row.variant] = norm(moved)
      }
    }
    return (0..<shard.count).map { image in
      let scale = norm((0..<size).lazy.map { Double(attributions.elements[image * size + $0]) })
      guard scale > 0, scale.isFinite else { return [nil, nil] }
      let ratios = ratios[image].map { $0 / scale }
      return [ratios.max(), ratios.reduce(0, +) / Double(copies)]
    }
  }
}
