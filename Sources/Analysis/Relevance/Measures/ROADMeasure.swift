import Tensors

/// How often the explained class is still predicted when the most relevant positions are removed and filled in from around them.
///
/// For the shares 1/`steps` … (`steps` − 1)/`steps` of the positions, by falling relevance, the removed ones are given the
/// numbers that are the weighted mean of their eight neighbours (1/6 beside, above and below, 1/12 across corners; a removed
/// neighbour counts with its own new number), by a sparse system of equations for each channel, plus normal noise of deviation
/// `noise`. This leaves little of the removed positions' shape for the network to see. The curve begins with the image as it is;
/// low is good. `road` is the area under the probability of the explained class, `road accuracy` that under whether it is
/// predicted.
///
/// Rong et al. give the curve of accuracies, 10 % … 90 %; Quantus gives 1 %, 3 % … 99 %.
///
/// Source: Rong, Leemann, Borisov, Kasneci, Kasneci, "A consistent and efficient evaluation strategy for attribution methods",
/// ICML 2022, section 4 and appendix.
public struct ROADMeasure: OutputMeasure {
  public static let name = "road"
  public static let parameters = "steps=10,noise=0.01,sign=signed,seed=0"
  public static let columns = ["road", "road accuracy"]

  /// The number of steps up to all positions, which are never removed together.
  public let steps: Int
  /// The standard deviation of the noise, in the numbers of the network's input.
  public let noise: Double
  /// What negative relevance counts.
  public let sign: RelevanceSign
  /// The seed of the noise.
  public let seed: UInt64

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    steps = try parameters.integer("steps", default: 10, in: 2...1000)
    noise = try parameters.number("noise", default: 0.01, in: 0...1e6)
    sign = try parameters.choice("sign", default: .signed)
    seed = try parameters.seed()
  }

  public var better: MeasureDirection { .lower }

  public func curves(_ shard: AttributionShard, maps: [RelevanceMap], targets: [OutputTarget], _ program: OutputProgram) throws
    -> [Curves]
  {
    let geometry = shard.geometry
    let orders = maps.map { $0.order(sign) }
    var curves = [Curves](
      repeating: Curves([[Double]](repeating: [Double](repeating: 0, count: steps), count: 2)), count: shard.count)
    let variants = Variants(images: shard.images, count: steps, batch: program.plan.batch, progress: program.progress)
    try variants.forEachBatch { row, values in
      let count = geometry.area * row.variant / steps
      guard count > 0 else { return }
      let imputation = LinearImputation(Array(orders[row.image].prefix(count)), height: geometry.height, width: geometry.width)
      var random = Philox(
        seed: seed ^ Philox.stream(named: ROADMeasure.name), stream: UInt64(bitPattern: Int64(shard.indices[row.image])),
        start: UInt64(row.variant) << 32)
      for channel in 0..<geometry.channels {
        let start = channel * geometry.channelStep
        let plane = (0..<geometry.area).map { Double(values[start + $0 * geometry.positionStep]) }
        for (position, value) in zip(imputation.removed, imputation.filled(plane)) {
          values[start + position * geometry.positionStep] = Float(value + (noise > 0 ? noise * random.normal() : 0))
        }
      }
    } run: { images, rows in
      let outputs = try program.run(images, others: shard.others(of: rows))
      for (position, row) in rows.enumerated() {
        let target = targets[row.image]
        curves[row.image].values[0][row.variant] = ExplainedOutput.probability.number(outputs, row: position, target)
        curves[row.image].values[1][row.variant] = outputs.largest(inRow: position) == target.index ? 1 : 0
      }
    }
    return curves
  }
}
