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
    let plan = try compile(graph, output: output, task, batch: shard)
    let began = ContinuousClock.now
    var scheduler = scheduler
    scheduler.prologue = useOneThreadHere
    let shards = (data.count + shard - 1) / shard
    let loss = plan.loss
    let parts = try scheduler.map(
      shards: 0..<shards, bytesPerWorker: plan.plan.arenaByteCount + plan.plan.scratchByteCount,
      makeWorker: { _ in try Program(plan.plan) },
      body: { program, index in
        let part = try data.shard(index * shard..<min((index + 1) * shard, data.count), epoch: 0)
        try program.setInputs(plan.input, to: try plan.checked(part.samples), others: part.others)
        try program.run()
        let outputs = program.result(plan.output)
        switch (loss.task, loss.form.isVector) {
        case (.regression, _): return try Tally(numbers: outputs, part, loss)
        case (_, true): return try Tally(logits: outputs, part)
        case (_, false): return try Tally(positions: outputs, part, loss)
        }
      })
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let sum = FixedTree.reduce(parts, +) ?? Tally()
    let count = Double(max(data.count, 1))
    let ofSamples = sum.confusion == nil && sum.errors == nil
    return Evaluation(
      top1: ofSamples ? Double(sum.top1) / count : sum.confusion?.accuracy ?? .nan,
      top5: ofSamples ? Double(sum.top5) / count : .nan,
      loss: sum.loss / (ofSamples ? count : Double(sum.confusion?.total ?? sum.errors?.count ?? 0)), samples: data.count,
      notNumbers: sum.notNumbers, firstNotNumber: sum.first, classes: loss.form.classes, confusion: sum.confusion,
      errors: sum.errors, imagesPerSecond: Double(data.count) / max(seconds, 1e-9))
  }

  private struct Compiled: Sendable {
    let plan: Plan
    let input: String
    let shape: Shape
    let output: String
    let loss: OutputLoss

    func checked(_ samples: Tensor<Float>) throws -> Tensor<Float> {
      guard samples.shape.rank == shape.rank, samples.shape.dimensions.dropFirst() == shape.dimensions.dropFirst() else {
        throw EspalierError("samples of shape \(samples.shape)", location: "input '\(input)'", accepted: "\(shape)")
      }
      return samples
    }
  }

  private static func compile(_ graph: Graph, output: String?, _ task: LearningTask, batch: Int) throws -> Compiled {
    let head = try graph.classScores(output: output, keepsHead: task == .regression)
    let scores = try head.graph.canonized()
    let builder = try PlanBuilder(scores, batch: batch)
    let (input, logits) = (scores.inputs[0].name, scores.outputs[0])
    try builder.forward()
    return Compiled(
      plan: builder.finish(), input: input, shape: try builder.shape(of: input), output: logits,
      loss: OutputLoss(task: task, form: head.form, smoothing: 0))
  }

  /// Sums over samples.
  private struct Tally {
    var loss = 0.0
    var top1 = 0
    var top5 = 0
    var notNumbers = 0
    var first: Int?
    var confusion: Confusion?
    var errors: ErrorSums?

    init() {}

    init(numbers: Tensor<Float>, _ shard: LabelledShard, _ loss: OutputLoss) throws {
      var errors = ErrorSums(outputs: loss.form.count)
      for (i, right) in try loss.labels(of: shard).enumerated() {
        if numbers.elements[i].isNaN { note(shard.indices[i / loss.form.count]) }
        errors.add(i % loss.form.count, Double(numbers.elements[i]), right: right)
      }
      self.loss = errors.squared
      self.errors = errors
    }

    init(positions outputs: Tensor<Float>, _ shard: LabelledShard, _ loss: OutputLoss) throws {
      let form = loss.form
      var confusion = Confusion(classes: ClassScores.labels(ofOutputs: form.classes))
      var logits = [Float](repeating: 0, count: form.classes)
      for (i, label) in try loss.labels(of: shard).enumerated() where label >= 0 {
        let sample = i / form.positions
        let start = sample * form.count + form.start(ofPosition: i % form.positions)
        for k in 0..<form.classes { logits[k] = outputs.elements[start + k * form.stride] }
        if logits.contains(where: \.isNaN) {
          note(shard.indices[sample])
          confusion.add(Int(label), predicted: nil)
          continue
        }
        // A single number z is the logit of class 1: 0 and z have its probabilities.
        (form.classes == 1 ? [0, logits[0]] : logits).withUnsafeBufferPointer { x in
          let summary = LogitSummary(x)
          self.loss += summary.logarithmOfSum - Double(x[Int(label)])
          confusion.add(Int(label), predicted: summary.best)
        }
      }
      self.confusion = confusion
    }

    /// Counts a sample with an output that is NaN, once.
    private mutating func note(_ index: Int) {
      loss = .nan
      if last == index { return }
      last = index
      notNumbers += 1
      if first == nil { first = index }
    }

    private var last: Int?

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
      if let other = b.confusion { sum.confusion?.add(other) }
      if let other = b.errors { sum.errors?.add(other) }
      return sum
    }
  }
}
