/// Layer-wise relevance propagation: one pass by the composite, `epsilon_plus` if none is given.
public struct LRPAttributor: Attributor {
  public static let name = "lrp"
  public static let composite = CompositeCatalog.names[0]

  /// Makes the attributor.
  public init(_ parameters: inout ParameterList) {}

  public var passes: AttributionPasses { .relevance }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    try program.relevance(shard.images, others: shard.others, targets: shard.targets)
  }
}
