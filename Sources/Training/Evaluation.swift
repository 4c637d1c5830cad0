import Datasets
import Engine
import Foundation
import Networks
import Scheduling
import Tensors

/// How well a network answers a data set.
public struct Evaluation: Sendable, Equatable {
  /// The share of labels, of samples or of their positions, that have the greatest logit (the first of equals), 0 … 1; NaN where
  /// labels are numbers.
  public var top1: Double
  /// The share of samples for which one of the labels is among the five greatest logits (the lower class of equals first); NaN where
  /// labels are others.
  public var top5: Double
  /// The mean softmax cross-entropy, of each sample's most probable label, or of the labelled positions, or the mean squared error;
  /// NaN where an output is.
  public var loss: Double
  /// Whether the label of each sample has the greatest logit, in the data's order; empty where samples do not have one class each.
  public var correct: [Bool]
  /// The same by class; nil where samples do not have one class each.
  public var byClass: ClassAccuracy?
  /// The number of samples.
  public var samples: Int
  /// The number of samples with an output that is NaN; they count as wrong.
  public var notNumbers: Int
  /// The position in the data set of the first of them.
  public var firstNotNumber: Int?
  /// The number of classes.
  public var classes: Int
  /// How positions were told apart; nil where outputs have none.
  public var confusion: Confusion?
  /// How far numbers are from what is right; nil where labels are classes.
  public var errors: ErrorSums?
  /// Samples per second, reading them included.
  public var imagesPerSecond: Double

  /// ``top1``; nil where labels are numbers.
  public var accuracy: Double? { errors == nil ? top1 : nil }

  /// Evaluates a network.
  ///
  /// A final Softmax or LogSoftmax is left out: the numbers are those of the logits before it. A single output is the logit of
  /// class 1 of two, behind a Sigmoid or without. The numbers do not depend on the number of workers.
  ///
  /// - Parameters:
  ///   - graph: the network as read; it is canonised here.
  ///   - output: the result that is judged; nil for the first.
  ///   - task: what labels are; those of positions are taken where the output has some. For regression nothing is left out.
  ///   - shard: the number of samples that a worker takes at a time.
  ///   - scheduler: the workers, with their progress and cancellation.
  /// - Throws: `EspalierError` naming the sample or node at fault; `CancellationError`.
  public static func run(
    _ graph: Graph, output: String? = nil, task: LearningTask = .classification, on data: any LabelledData, shard: Int = 32,
    scheduler: BlockScheduler
  ) throws -> Evaluation {
    let shards = (data.count + shard - 1) / shard
    return Evaluation(
      try run(graph, output: output, task: task, on: data, shard: shard, over: 0..<shards, scheduler: scheduler),
      samples: data.count)
  }

  /// Evaluates a network on some shards of its samples.
  ///
  /// - Parameters: as ``run(_:output:task:on:shard:scheduler:)``, and
  ///   - range: the shards.
  /// - Throws: as ``run(_:output:task:on:shard:scheduler:)``.
  public static func run(
    _ graph: Graph, output: String? = nil, task: LearningTask = .classification, on data: any LabelledData, shard: Int = 32,
    over range: Range<Int>, scheduler: BlockScheduler
  ) throws -> PartialEvaluation {
    let scoring = try ScoringPlan(graph, output: output, task, batch: shard)
    let began = ContinuousClock.now
    var scheduler = scheduler
    scheduler.prologue = useOneThreadHere
    let loss = OutputLoss(task: task, form: scoring.form)
    let tree = try scheduler.reduce(
      shards: range, bytesPerWorker: scoring.plan.arenaByteCount + scoring.plan.scratchByteCount,
      makeWorker: { _ in try Program(scoring.plan) },
      body: { program, index in
        let part = try data.shard(index * shard..<min((index + 1) * shard, data.count), epoch: 0)
        try program.setInputs(scoring.input, to: try scoring.checked(part.samples), others: part.others)
        try program.run()
        let outputs = program.result(scoring.output)
        switch (loss.task, loss.form.isVector) {
        case (.regression, _): return try EvaluationTally(numbers: outputs, part, loss)
        case (_, true): return try EvaluationTally(logits: outputs, part)
        case (_, false): return try EvaluationTally(positions: outputs, part, loss)
        }
      }, combine: +)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    return PartialEvaluation(tree, range, classes: loss.form.classes, seconds: seconds)
  }

  /// What was counted over all shards of some samples.
  ///
  /// - Precondition: the shards begin at 0.
  public init(_ whole: PartialEvaluation, samples: Int) {
    let sum = whole.tree.result(+) ?? EvaluationTally()
    let count = Double(max(samples, 1))
    let ofSamples = sum.confusion == nil && sum.errors == nil
    correct = sum.answers.right
    byClass = sum.byClass
    top1 = ofSamples ? Double(correct.count { $0 }) / count : sum.confusion?.accuracy ?? .nan
    top5 = ofSamples ? Double(sum.top5) / count : .nan
    loss = sum.loss / (ofSamples ? count : Double(sum.confusion?.total ?? sum.errors?.count ?? 0))
    self.samples = samples
    notNumbers = sum.notNumbers
    firstNotNumber = sum.first
    classes = whole.classes
    confusion = sum.confusion
    errors = sum.errors
    imagesPerSecond = Double(samples) / max(whole.seconds, 1e-9)
  }
}
