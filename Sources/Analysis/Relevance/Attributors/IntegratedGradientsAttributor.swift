/// The mean gradient at n points on the way from a baseline to the image, times the image less the baseline.
///
/// The points are α = 1/n, 2/n, … 1, as in zennit; the baseline is one number everywhere. The predicted class is that of the
/// image itself. What is found at inner layers is the mean over the points, without a factor.
///
/// Source: Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017, equation 3.
public struct IntegratedGradientsAttributor: Attributor {
  public static let name = "integrated-gradients"
  public static let parameters = "n=20,baseline=0"

  /// The number of points.
  public let count: Int
  /// The number that the way starts from, in the network's input.
  public let baseline: Float

  /// Makes the attributor.
  ///
  /// - Throws: `EspalierError` if there is no point.
  public init(_ parameters: inout ParameterList) throws {
    count = try parameters.integer("n", default: 20, in: 1...1_000_000)
    baseline = Float(try parameters.number("baseline", default: 0, in: -1e30...1e30))
  }

  public var passes: AttributionPasses { .relevance }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    // The image itself, α = 1, goes first, because it tells the predicted class.
    let end = try program.relevance(shard.images, others: shard.others, targets: shard.targets)
    let targets = shard.targets(predicted: end.prediction, program.plan.form)
    var mean = MeanRelevance(end)
    let variants = Variants(images: shard.images, count: count - 1, batch: program.plan.batch, progress: program.progress)
    try variants.forEachBatch { row, values in
      let share = Float(row.variant + 1) / Float(count)
      for i in values.indices { values[i] = baseline + share * (values[i] - baseline) }
    } run: { images, rows in
      mean.add(
        try program.relevance(
          images, others: shard.others(of: rows), targets: rows.map { targets[$0.image] }), rows)
    }
    return mean.result(of: count) { Double(shard.images.elements[$0]) - Double(baseline) }
  }
}
