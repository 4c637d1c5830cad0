/// The input times the gradient, `x · ∂y/∂x`: integrated gradients with one step from zero.
///
/// What is found at inner layers is the gradient.
///
/// Source: Shrikumar, Greenside, Shcherbina, Kundaje, "Not just a black box", arXiv 1605.01713.
public struct InputXGradientAttributor: Attributor {
  public static let name = "input-x-gradient"

  /// Makes the attributor.
  public init(_ parameters: inout ParameterList) {}

  public var passes: AttributionPasses { .relevance }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    var result = try program.relevance(shard.images, others: shard.others, targets: shard.targets)
    for i in result.input.elements.indices { result.input.elements[i] *= shard.images.elements[i] }
    return result
  }
}
