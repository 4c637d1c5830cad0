import Engine
import Foundation
import Networks
import Scheduling
import Tensors

/// How well a network classifies a data set.
public struct Evaluation: Sendable, Equatable {
  /// The share of samples for which one of the labels has the greatest logit (the first of equals), 0 … 1.
  public var top1: Double
  /// The share of samples for which one of the labels is among the five greatest logits (the lower class of equals first).
  public var top5: Double
  /// The mean softmax cross-entropy, of each sample's most probable label; NaN where an output is.
  public var loss: Double
  /// The number of samples.
  public var samples: Int
  /// The number of samples with an output that is NaN; they count as wrong.
  public var notNumbers: Int
  /// The position in the data set of the first of them.
  public var firstNotNumber: Int?
  /// The number of classes.
  public var classes: Int
  /// Samples per second, reading them included.
  public var imagesPerSecond: Double

  /// Evaluates a network.
  ///
  /// A final Softmax or LogSoftmax is left out: the numbers are those of the logits before it. A single output is the logit of
  /// class 1 of two, behind a Sigmoid or without. The numbers do not depend on the number of workers.
  ///
  /// - Parameters:
  ///   - graph: the network as read; it is canonised here.
  ///   - output: the result that is judged; nil for the first.
  ///   - shard: the number of samples that a worker takes at a time.
  ///   - scheduler: the workers, with their progress and cancellation.
  /// - Throws: `EspalierError` naming the sample or node at fault; `CancellationError`.
  public static func run(
    _ graph: Graph, output: String? = nil, on data: any LabelledData, shard: Int = 32, scheduler: BlockScheduler
  ) throws -> Evaluation {
    let plan = try compile(graph, output: output, batch: shard)
    let began = ContinuousClock.now
    var scheduler = scheduler
    scheduler.prologue = useOneThreadHere
    let shards = (data.count + shard - 1) / shard
    let parts = try scheduler.map(
      shards: 0..<shards, bytesPerWorker: plan.plan.arenaByteCount + plan.plan.scratchByteCount,
      makeWorker: { _ in try Program(plan.plan) },
      body: { program, index in
        let part = try data.shard(index * shard..<min((index + 1) * shard, data.count), epoch: 0)
        try program.setInputs(plan.input, to: try plan.checked(part.samples), others: part.others)
        try program.run()
        return try Tally(logits: program.result(plan.output), part)
      })
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let sum = FixedTree.reduce(parts, +) ?? Tally()
    let count = Double(max(data.count, 1))
    return Evaluation(
      top1: Double(sum.top1) / count, top5: Double(sum.top5) / count, loss: sum.loss / count, samples: data.count,
      notNumbers: sum.notNumbers, firstNotNumber: sum.first, classes: plan.classes,
      imagesPerSecond: Double(data.count) / max(seconds, 1e-9))
  }

  private struct Compiled: Sendable {
    let plan: Plan
    let input: String
    let shape: Shape
    let output: String
    let classes: Int

    func checked(_ samples: Tensor<Float>) throws -> Tensor<Float> {
      guard samples.shape.rank == shape.rank, samples.shape.dimensions.dropFirst() == shape.dimensions.dropFirst() else {
        throw EspalierError("samples of shape \(samples.shape)", location: "input '\(input)'", accepted: "\(shape)")
      }
      return samples
    }
  }

  private static func compile(_ graph: Graph, output: String?, batch: Int) throws -> Compiled {
    let head = try graph.classScores(output: output)
    guard head.form.isVector else { throw EspalierError("positions") }
    let scores = try head.graph.canonized()
    let builder = try PlanBuilder(scores, batch: batch)
    let (input, logits) = (scores.inputs[0].name, scores.outputs[0])
    try builder.forward()
    let classes = try builder.shape(of: logits)[1]
    return Compiled(
      plan: builder.finish(), input: input, shape: try builder.shape(of: input), output: logits, classes: classes)
  }

  /// Sums over samples.
  private struct Tally {
    var loss = 0.0
    var top1 = 0
    var top5 = 0
    var notNumbers = 0
    var first: Int?

    init() {}

    init(logits: Tensor<Float>, _ shard: LabelledShard) throws {
      // A single output z is the logit of class 1: the scores 0 and z have its probabilities and its cross-entropy.
      let logits = logits.shape[1] == 1 ? Tensor(logits.elements.flatMap { [0, $0] }, shape: [logits.shape[0], 2]) : logits
      let classes = logits.shape[1]
      try logits.elements.withUnsafeBufferPointer { elements in
        for (row, labels) in shard.labels.enumerated() {
          let stranger = labels.first { !(0..<classes).contains($0) }
          guard !labels.isEmpty, stranger == nil else {
            throw EspalierError(
              stranger.map { "label \($0) is no class of the network" } ?? "it has no label",
              location: "sample \(shard.indices[row])", accepted: "0 to \(classes - 1)")
          }
          let x = UnsafeBufferPointer(rebasing: elements[row * classes..<(row + 1) * classes])
          guard !x.contains(where: \.isNaN) else {
            loss = .nan
            notNumbers += 1
            if first == nil { first = shard.indices[row] }
            continue
          }
          let summary = LogitSummary(x)
          let right = labels.reduce(labels[0]) { x[$1] > x[$0] || (x[$1] == x[$0] && $1 < $0) ? $1 : $0 }
          loss += summary.logarithmOfSum - Double(x[right])
          let before = x.indices.count { x[$0] > x[right] || (x[$0] == x[right] && $0 < right) }
          if before == 0 { top1 += 1 }
          if before < 5 { top5 += 1 }
        }
      }
    }

    static func + (a: Tally, b: Tally) -> Tally {
      var sum = a
      sum.loss += b.loss
      sum.top1 += b.top1
      sum.top5 += b.top5
      sum.notNumbers += b.notNumbers
      sum.first = a.first ?? b.first
      return sum
    }
  }
}
