/// The gradient ∂y/∂x of the explained output.
///
/// Source: Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks", ICLR workshop 2014; signed, where they take the
/// largest magnitude over channels. With a composite the gradient is changed as that says.
public struct GradientAttributor: Attributor {
  public static let name = "gradient"

  /// Makes the attributor.
  public init(_ parameters: inout ParameterList) {}

  public var passes: AttributionPasses { .relevance }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    try program.relevance(shard.images, others: shard.others, targets: shard.targets)
  }
}
