import Engine
import Networks
import Tensors

/// The start of every pass over images: the network up to its scores, and the builder that its steps are appended to.
///
/// Statistics, relevance, attribution and criteria differ in what they show on the way, where the way back starts (``Seed``) and
/// by which rules it goes: those are steps that they append through ``builder``. What stands before and behind them is the same,
/// and stands here.
package final class PassCompiler {
  /// Where a way back starts: at the network's outputs, from what is explained of each image.
  package enum Seed: Sendable {
    /// The targets' numbers, or their products with the outputs.
    case relevance(RelevanceStart)
    /// The gradient of each image's own loss.
    case lossGradient
    /// The diagonal of the second derivatives of that loss.
    case lossCurvature
  }

  /// What is run.
  package let network: Graph
  /// What steps are appended to.
  package let builder: PlanBuilder
  private let scores: ClassScores?
  private var targets: TargetSlots?

  /// Prepares a pass.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - name: the output, or any other value, the first output if nil; a final Softmax or LogSoftmax is left out.
  ///   - batch: the number of images in a shard.
  ///   - needsScores: whether the output must be one that relevance and losses can start from.
  ///   - isCanonized: whether layers are folded and rewritten for speed; otherwise each is run as it is.
  /// - Throws: `EspalierError` if the output is none, or its scores are needed and it has none.
  package init(
    _ graph: Graph, output name: String?, batch: Int, needsScores: Bool = true, isCanonized: Bool = true
  ) throws {
    scores = needsScores ? try graph.classScores(output: name) : try? graph.classScores(output: name)
    let whole = try scores?.graph ?? graph.keeping(output: name)
    network = isCanonized ? try whole.canonized() : whole
    builder = try PlanBuilder(network, batch: batch)
  }

  /// The images' input.
  package var input: String { network.inputs[0].name }

  /// The output.
  package var output: String { network.outputs[0] }

  /// What the output holds of one image; nil where its scores were not needed and it has none.
  package var form: OutputForm? { scores?.form }

  /// Appends what a way back starts from, behind the forward pass.
  ///
  /// - Precondition: the output has scores.
  package func seed(_ seed: Seed) throws -> Slot {
    guard let form else { preconditionFailure("a way back from an output without scores") }
    let slots = targets ?? builder.allocateTargets(form)
    targets = slots
    let logits = try builder.reorder(builder.slot(of: output), to: .plain(builder.shape(of: output)))
    return switch seed {
    case .relevance(let start): builder.appendRelevanceStart(of: logits, targets: slots, start: start)
    case .lossGradient: builder.appendLossGradient(of: logits, targets: slots)
    case .lossCurvature: builder.appendLossCurvature(of: logits, targets: slots)
    }
  }

  /// Keeps what lies in a slot as a result, row-major in a value's shape.
  ///
  /// - Throws: `EspalierError` if oneDNN cannot reorder.
  package func keep(_ slot: Slot, shapedAs value: String, as name: String) throws {
    builder.keep(try builder.reorder(slot, to: .plain(builder.shape(of: value))), as: name)
  }

  /// The finished pass.
  package func finish() -> CompiledPass {
    CompiledPass(
      plan: builder.finish(), input: input, output: output, form: form, skippedHead: scores?.skipped, targets: targets)
  }
}

/// A compiled pass over images, for shards of a fixed size: read-only, shared by all workers.
package struct CompiledPass: Sendable {
  /// The steps.
  package let plan: Plan
  /// The images' input.
  package let input: String
  /// The output.
  package let output: String
  /// What the output holds of one image; nil where its scores were not needed and it has none.
  package let form: OutputForm?
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  package let skippedHead: String?
  /// Where it is written what is explained of each image; nil without a way back.
  package let targets: TargetSlots?

  /// What the output holds of one image.
  ///
  /// - Precondition: the pass needed its scores.
  package var scores: OutputForm {
    guard let form else { preconditionFailure("a pass without scores") }
    return form
  }

  /// The bytes that a worker's buffers take.
  package var bytesPerWorker: Int { plan.arenaByteCount + plan.scratchByteCount }

  /// Runs a program of the pass.
  ///
  /// - Parameters:
  ///   - images: `[n, …]`, n from 1 to the plan's batch.
  ///   - others: what the network's other inputs take, by their names.
  ///   - explained: what is explained of each image, where a way back starts from it.
  ///   - classes: the number of classes that targets are of, where those are not the output's.
  /// - Throws: `EspalierError` naming a target that does not fit the output, an input, or the layer that failed.
  package func run(
    _ program: Program, _ images: Tensor<Float>, others: [String: Tensor<Float>], targets explained: [OutputTarget] = [],
    of classes: Int? = nil
  ) throws {
    try program.setInputs(input, to: images, others: others)
    try targets?.write(explained, of: classes, to: program)
    try program.run()
  }
}
