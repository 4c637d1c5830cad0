import Engine
import Networks
import Tensors

/// A forward pass to the output before a final softmax, compiled for shards of a fixed size: read-only, shared by all workers.
public final class OutputPlan: Sendable {
  /// The steps.
  public let plan: Plan
  /// What the output holds of one image.
  public let form: OutputForm
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public let skippedHead: String?

  let input: String
  let output: String

  /// Compiles a forward pass.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - batch: the number of images in a shard.
  ///   - outputName: the output, the first if nil; a final Softmax or LogSoftmax is left out.
  /// - Throws: `EspalierError` naming the layer that cannot be run.
  public init(_ graph: Graph, batch: Int, output outputName: String? = nil) throws {
    let head = try graph.classScores(output: outputName)
    skippedHead = head.skipped
    let network = try head.graph.canonized()
    let builder = try PlanBuilder(network, batch: batch)
    (input, output) = (network.inputs[0].name, network.outputs[0])
    form = head.form
    try builder.forward()
    plan = builder.finish()
  }
}

/// A forward pass with buffers of its own: what one worker runs.
public final class OutputProgram {
  /// The plan.
  public let plan: OutputPlan
  /// Told which share of a shard's passes is done, by measures that make many.
  public var progress: ((Double) -> Void)?
  private let program: Program

  /// Allocates the buffers.
  ///
  /// - Throws: `EspalierError` if the engine refuses.
  public init(_ plan: OutputPlan) throws {
    self.plan = plan
    program = try Program(plan.plan)
  }

  /// The outputs `[n, …]` for images `[n, …]`, n from 1 to the plan's batch.
  ///
  /// - Parameter others: what the network's other inputs take, by their names.
  /// - Throws: `EspalierError` naming the layer that failed; for outputs that are no numbers.
  public func run(_ images: Tensor<Float>, others: [String: Tensor<Float>] = [:]) throws -> Tensor<Float> {
    try program.setInputs(plan.input, to: images, others: others)
    try program.run()
    let outputs = program.result(plan.output)
    guard outputs.elements.allSatisfy(\.isFinite) else {
      throw EspalierError("the network's output is NaN or infinite for a changed copy of an image")
    }
    return outputs
  }
}
