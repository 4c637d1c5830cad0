import Tensors

/// The area under the explained class's probability while the most relevant positions are taken away first: low is good.
///
/// In `steps` steps all positions, in the order of falling relevance (equal ones row by row), are given `value` in all channels,
/// in the numbers of the network's input; the curve has the probability after 0, 1 … `steps` steps, its length taken as 1. It is
/// ``PixelFlippingMeasure`` with other defaults; Petsiuk et al. take 224 pixels a step.
///
/// Source: Petsiuk, Das, Saenko, "RISE: Randomized input sampling for explanation of black-box models", BMVC 2018, section 4.3.
public struct DeletionMeasure: OutputMeasure {
  public static let name = "deletion"
  public static let parameters = "steps=20,value=0,sign=signed"
  public static let columns = ["deletion", "deletion accuracy"]

  /// The number of steps.
  public let steps: Int
  /// What is written.
  public let value: Float
  /// What negative relevance counts.
  public let sign: RelevanceSign

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    steps = try parameters.integer("steps", default: 20, in: 1...10_000)
    value = Float(try parameters.number("value", default: 0, in: -1e30...1e30))
    sign = try parameters.choice("sign", default: .signed)
  }

  public var better: MeasureDirection { .lower }

  public func curves(_ shard: AttributionShard, maps: [RelevanceMap], targets: [OutputTarget], _ program: OutputProgram) throws
    -> [Curves]
  {
    try OrderedChange(steps: steps, share: 1, output: .probability).curves(
      of: shard, from: shard.images, to: Tensor(repeating: value, shape: shard.images.shape), in: maps.map { $0.order(sign) },
      targets, program)
  }
}
