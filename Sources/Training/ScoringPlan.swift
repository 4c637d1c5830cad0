import Datasets
import Engine
import Networks
import Tensors

/// A network compiled to compute its class scores, or its numbers, and nothing else.
struct ScoringPlan: Sendable {
  /// The plan of one shard.
  let plan: Plan
  /// The input of the images, and the shape of a shard of them.
  let input: String, shape: Shape
  /// The inputs beside.
  let others: [String]
  /// The result.
  let output: String
  /// What it holds of a sample.
  let form: OutputForm

  /// Compiles a network.
  ///
  /// - Parameters:
  ///   - graph: the network as read; it is canonised here, a final Softmax or LogSoftmax left out.
  ///   - output: the result; nil for the first.
  ///   - task: what labels are; for regression nothing is left out.
  ///   - batch: the samples of a shard.
  /// - Throws: `EspalierError` naming the node that cannot be computed.
  init(_ graph: Graph, output: String?, _ task: LearningTask, batch: Int) throws {
    let head = try graph.classScores(output: output, keepsHead: task == .regression)
    let scores = try head.graph.canonized()
    let builder = try PlanBuilder(scores, batch: batch)
    (input, self.output) = (scores.inputs[0].name, scores.outputs[0])
    others = scores.inputs.dropFirst().map(\.name)
    try builder.forward()
    plan = builder.finish()
    shape = try builder.shape(of: input)
    form = head.form
  }

  /// Samples that fit.
  ///
  /// - Throws: `EspalierError` naming the input if they do not.
  func checked(_ samples: Tensor<Float>) throws -> Tensor<Float> {
    guard samples.shape.rank == shape.rank, samples.shape.dimensions.dropFirst() == shape.dimensions.dropFirst() else {
      throw EspalierError("samples of shape \(samples.shape)", location: "input '\(input)'", accepted: "\(shape)")
    }
    return samples
  }
}
