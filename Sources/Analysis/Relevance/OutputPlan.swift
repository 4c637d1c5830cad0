import Engine
import Networks
import Tensors

/// A forward pass to the output before a final softmax, compiled for shards of a fixed size: read-only, shared by all workers.
public final class OutputPlan: Sendable {
  /// The number of images in a shard.
  public var batch: Int { pass.plan.batch }
  /// The bytes that a worker's buffers take.
  public var bytesPerWorker: Int { pass.bytesPerWorker }
  /// What the output holds of one image.
  public var form: OutputForm { pass.scores }
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public var skippedHead: String? { pass.skippedHead }

  /// What is run.
  let pass: CompiledPass

  /// Compiles a forward pass.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - batch: the number of images in a shard.
  ///   - outputName: the output, the first if nil; a final Softmax or LogSoftmax is left out.
  /// - Throws: `EspalierError` naming the layer that cannot be run.
  public init(_ graph: Graph, batch: Int, output outputName: String? = nil) throws {
    let compiler = try PassCompiler(graph, output: outputName, batch: batch)
    try compiler.builder.forward()
    pass = compiler.finish()
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
    program = try Program(plan.pass.plan)
  }

  /// The outputs `[n, …]` for images `[n, …]`, n from 1 to the plan's batch.
  ///
  /// - Parameter others: what the network's other inputs take, by their names.
  /// - Throws: `EspalierError` naming the layer that failed; for outputs that are no numbers.
  public func run(_ images: Tensor<Float>, others: [String: Tensor<Float>] = [:]) throws -> Tensor<Float> {
    try plan.pass.run(program, images, others: others)
    let outputs = program.result(plan.pass.output)
    guard outputs.elements.allSatisfy(\.isFinite) else {
      throw EspalierError("the network's output is NaN or infinite for a changed copy of an image")
    }
    return outputs
  }
}
