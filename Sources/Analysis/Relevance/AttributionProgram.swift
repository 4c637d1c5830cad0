import Engine
import Tensors

/// An attributor's passes with buffers of their own: what one worker runs.
public final class AttributionProgram {
  private enum Passes {
    case relevance(RelevanceProgram)
    case outputs(OutputProgram)
    case featureMaps(FeatureMapProgram)
  }

  /// The plan.
  public let plan: AttributionPlan
  /// Told which share of a shard's passes is done, by attributors that make many.
  public var progress: ((Double) -> Void)?
  private let passes: Passes

  /// Allocates the buffers.
  ///
  /// - Throws: `EspalierError` if the engine refuses.
  public init(_ plan: AttributionPlan) throws {
    self.plan = plan
    passes =
      switch plan.passes {
      case .relevance(let plan): .relevance(try RelevanceProgram(plan))
      case .outputs(let plan): .outputs(try OutputProgram(plan))
      case .featureMaps(let plan): .featureMaps(try FeatureMapProgram(plan))
      }
  }

  /// Explains a shard.
  ///
  /// - Throws: `EspalierError` naming a target that is no class, or an image whose outputs or relevance are no numbers, and the
  ///   layer where that begins.
  public func run(_ shard: AttributionShard) throws -> RelevanceResult {
    precondition(shard.count <= plan.batch, "\(shard.count) images for a plan of \(plan.batch)")
    for target in shard.targets { try target.check(plan.form) }
    let result = try plan.attributor.attribute(shard, self)
    try plan.search.check(result, of: shard, isPropagated: plan.isPropagated)
    return result
  }

  /// One pass forward and one back to the input.
  ///
  /// - Parameters:
  ///   - others: what the network's other inputs take, by their names.
  ///   - targets: what is explained of each image.
  /// - Precondition: the attributor announced it in ``Attributor/passes``.
  public func relevance(_ images: Tensor<Float>, others: [String: Tensor<Float>], targets: [OutputTarget]) throws
    -> RelevanceResult
  {
    guard case .relevance(let program) = passes else { preconditionFailure("passes to the input were not announced") }
    return try program.run(images, others: others, targets: targets)
  }

  /// The outputs before a final softmax, `[n, …]`.
  ///
  /// - Parameter others: what the network's other inputs take, by their names.
  /// - Precondition: the attributor announced it in ``Attributor/passes``.
  public func outputs(_ images: Tensor<Float>, others: [String: Tensor<Float>]) throws -> Tensor<Float> {
    guard case .outputs(let program) = passes else { preconditionFailure("forward passes were not announced") }
    return try program.run(images, others: others)
  }

  /// One pass forward and one back to the feature maps of a layer.
  ///
  /// - Parameters:
  ///   - others: what the network's other inputs take, by their names.
  ///   - targets: what is explained of each image.
  /// - Precondition: the attributor announced it in ``Attributor/passes``.
  public func featureMaps(_ images: Tensor<Float>, others: [String: Tensor<Float>], targets: [OutputTarget]) throws
    -> FeatureMapResult
  {
    guard case .featureMaps(let program) = passes else { preconditionFailure("passes to a layer were not announced") }
    return try program.run(images, others: others, targets: targets)
  }
}
