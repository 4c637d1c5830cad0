import Foundation
import Tensors

/// The mean gradient at n copies of an image under Gaussian noise, whose deviation is `noise` times the span from the image's
/// least to its greatest number.
///
/// One of the n copies has no noise, as in zennit. The noise of an image's copy depends on the seed, the image's position in the
/// data set and the copy's number alone; the predicted class is that of the image without noise. What is found at inner layers
/// is the mean over the copies.
///
/// Source: Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825.
public struct SmoothGradAttributor: Attributor {
  public static let name = "smoothgrad"
  public static let parameters = "noise=0.1,n=20,seed=0"

  /// The deviation of the noise, as a share of the image's span.
  public let noise: Double
  /// The number of copies.
  public let count: Int
  /// The seed of the noise.
  public let seed: UInt64

  /// Makes the attributor.
  ///
  /// - Throws: `EspalierError` if the noise is negative or there is no copy.
  public init(_ parameters: inout ParameterList) throws {
    noise = try parameters.number("noise", default: 0.1, in: 0 ... .greatestFiniteMagnitude)
    count = try parameters.integer("n", default: 20, in: 1...1_000_000)
    seed = try parameters.seed()
  }

  public var passes: AttributionPasses { .relevance }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    // The copy without noise goes first, because it tells the predicted class.
    let clean = try program.relevance(shard.images, others: shard.others, targets: shard.targets)
    let targets = shard.targets(predicted: clean.prediction, program.plan.form)
    var mean = MeanRelevance(clean)
    let deviations = (0..<shard.count).map { row -> Double in
      let values = shard.images.rows(row..<row + 1).elements
      return noise * (Double(values.max() ?? 0) - Double(values.min() ?? 0))
    }
    let variants = Variants(images: shard.images, count: count - 1, batch: program.plan.batch, progress: program.progress)
    try variants.forEachBatch { row, values in
      addNoise(to: values, deviation: deviations[row.image], index: shard.indices[row.image], draw: row.variant)
    } run: { images, rows in
      mean.add(
        try program.relevance(
          images, others: shard.others(of: rows), targets: rows.map { targets[$0.image] }), rows)
    }
    return mean.result(of: count)
  }

  /// Pairs of normal numbers (Box and Muller's transform) from the generator of the seed, whose stream is the image's index and
  /// which starts at block draw · 2³².
  private func addNoise(to values: UnsafeMutableBufferPointer<Float>, deviation: Double, index: Int, draw: Int) {
    var random = Philox(seed: seed, stream: UInt64(index), start: UInt64(draw) << 32)
    for position in stride(from: 0, to: values.count, by: 2) {
      let radius = deviation * (-2 * log1p(-random.uniform())).squareRoot()
      let angle = 2 * .pi * random.uniform()
      values[position] += Float(radius * cos(angle))
      if position + 1 < values.count { values[position + 1] += Float(radius * sin(angle)) }
    }
  }
}
