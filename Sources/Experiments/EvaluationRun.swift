import Files
import Foundation
import Networks
import Scheduling
import Tensors
import Training

/// What a network gets right on a data set: the result of `evaluate`.
///
/// In JSON, a number that is NaN is `null`, and `notNumbers` is there only where there are some.
public struct EvaluationReport: Hashable, Sendable, Encodable {
  /// The share of images whose label has the greatest output, 0 … 1; of labelled pixels where each has a class.
  public var top1: Double
  /// The share of images whose label is among the five greatest outputs, 0 … 1.
  public var top5: Double
  /// Whether each image is answered right, in the data's order (not in JSON); empty where pixels have classes, or labels are
  /// numbers.
  public var correct: [Bool]
  /// The same by class; nil where ``correct`` is empty.
  public var byClass: ClassAccuracy?
  /// The names of the classes; nil where they have none of their own.
  public var classNames: [String]?
  /// The mean cross-entropy, or squared error.
  public var loss: Double
  /// The number of images.
  public var images: Int
  /// The number of images with an output that is NaN; they count as wrong.
  public var notNumbers: Int
  /// The number of classes.
  public var classes: Int
  /// How pixels were told apart; nil where images have one class or numbers.
  public var confusion: Confusion?
  /// How far numbers are from what is right; nil where labels are classes.
  public var errors: ErrorSums?
  /// Images per second, reading them included.
  public var imagesPerSecond: Double
  /// A remark where this is no better than guessing.
  var chance: String? {
    confusion == nil && errors == nil ? Chance.remark(top1, images: images, classes: classes) : nil
  }

  /// The number that tells in one how good a network is, the greater the better, and its name: accuracy, mean IoU or R².
  public var score: (name: String, value: Double) {
    if let confusion { return ("mean IoU", confusion.meanIoU) }
    return errors.map { ("R²", $0.r2) } ?? ("accuracy", top1)
  }

  /// What a class is called: its name, or its number where it has none.
  public func name(ofClass label: Int) -> String {
    classNames.flatMap { $0.indices.contains(label) ? $0[label] : nil } ?? "\(label)"
  }

  private enum CodingKeys: String, CodingKey {
    case top1, top5, perClass, harmonicMean, pixelAccuracy, meanIoU, iou, meanSquaredError, meanAbsoluteError, r2, loss, images =
      "pictures", notNumbers
    case imagesPerSecond
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func encode(_ value: Double, _ key: CodingKeys) throws { try container.encode(value.isFinite ? value : nil, forKey: key) }
    if let confusion {
      try encode(confusion.accuracy, .pixelAccuracy)
      try encode(confusion.meanIoU, .meanIoU)
      try container.encode(confusion.iou, forKey: .iou)
    } else if let errors {
      try encode(errors.meanSquaredError, .meanSquaredError)
      try encode(errors.meanAbsoluteError, .meanAbsoluteError)
      try encode(errors.r2, .r2)
    } else {
      try container.encode(top1, forKey: .top1)
      try container.encode(top5, forKey: .top5)
      try container.encode(perClass, forKey: .perClass)
      try container.encode(byClass?.harmonicMean, forKey: .harmonicMean)
    }
    try encode(loss, .loss)
    try container.encode(images, forKey: .images)
    if notNumbers > 0 { try container.encode(notNumbers, forKey: .notNumbers) }
    try container.encode(imagesPerSecond, forKey: .imagesPerSecond)
  }
}

extension EvaluationReport {
  /// The shares of classes that have images, by their names; by their numbers where two have one name.
  fileprivate var perClass: [String: Double] {
    let shares = (byClass?.shares ?? []).enumerated().compactMap { label, share in share.map { (label, $0) } }
    let named = Dictionary(shares.map { (name(ofClass: $0.0), $0.1) }) { first, _ in first }
    return named.count == shares.count ? named : Dictionary(shares.map { ("\($0.0)", $0.1) }) { first, _ in first }
  }
}

/// Runs a network over labelled images and counts.
public enum EvaluationRun {
  /// Evaluates.
  ///
  /// - Parameter batch: the images that a worker takes at a time.
  /// - Throws: `EspalierError` for data without labels, or what cannot be read or run; `CancellationError`.
  public static func evaluate(_ model: Model, on request: DataRequest, batch: Int, _ context: RunContext) throws
    -> EvaluationReport
  {
    let (data, batch) = try prepare(model, on: request, batch: batch, context)
    let report = try evaluate(model.graph, output: model.output, on: data, batch: batch, context)
    tellChance(report, context)
    return report
  }

  /// Evaluates on a part of the images and writes what was counted.
  ///
  /// - Throws: as ``evaluate(_:on:batch:_:)``, or if the file cannot be written.
  public static func evaluate(
    _ part: DataPart, _ model: Model, on request: DataRequest, batch: Int, out: String, _ context: RunContext
  ) throws -> PartReport {
    try OutputPath.prepare(out, notReplacing: model.files + request.files)
    let folder = try RunFolder(out + ".parts", job: JobIdentity("evaluation of a part")) { _ in false }
    defer { folder.remove() }
    let (data, batch) = try prepare(model, on: request, batch: batch, context)
    try data.requireLabels()
    let count = data.dataset.count
    let shards = (count + batch - 1) / batch
    let range = part.shards(of: shards)
    let found = try partial(
      model.graph, output: model.output, on: data, batch: batch, over: range,
      context.scheduler(activity: "evaluate", batch: batch, images: count, shards: range))
    let own = try data.identity
    var identity = JobIdentity("evaluate")
    identity.add("model_sha256", model.digest)
    identity.add("model_output", model.output)
    identity.add(own.name, own.digest)
    identity.add("preprocessing", data.preprocessing.json)
    identity.add("inputs", try data.inputProvenance())
    identity.add("task", data.task.rawValue)
    identity.add("batch", batch)
    let header = PartFile.Header(
      kind: .evaluate, verb: "evaluate", job: identity.text, part: part.number, parts: part.count, shards: shards)
    try PartFile.write(
      out, header, content: EvaluationContent(images: count, seconds: found.seconds, classNames: data.dataset.classNames),
      state: found.bytes)
    return PartReport(part, kind: .result, images: part.images(of: count, batch: batch).count)
  }

  /// What all parts counted together; the speed is the mean one of a part.
  ///
  /// - Throws: `EspalierError` naming the part that is damaged.
  static func join(_ set: PartSet, _ context: RunContext) throws -> EvaluationReport {
    let first = try set.parts[0].content(as: EvaluationContent.self)
    let images = first.images
    var whole: PartialEvaluation?
    for part in set.parts {
      try naming(file: part.path) {
        let content = try part.content(as: EvaluationContent.self)
        guard content.images == images, content.classNames == first.classNames, 0...1 << 40 ~= images, content.seconds.isFinite
        else { throw PartFile.damage(part.path) }
        let own = try PartialEvaluation(part.state(), of: part.range, seconds: content.seconds)
        whole = try whole?.followed(by: own) ?? own
      }
    }
    guard let whole else { preconditionFailure("a job has a part") }
    let evaluation = Evaluation(whole, samples: images)
    guard evaluation.byClass == nil || evaluation.correct.count == images else { throw PartFile.damage(set.parts[0].path) }
    let report = report(evaluation, classNames: first.classNames, context) { "image \($0)" }
    tellChance(report, context)
    return report
  }

  /// Evaluates a network on images that are prepared for it.
  ///
  /// - Parameter activity: what progress reports.
  /// - Throws: `EspalierError`; `CancellationError` if it was asked to stop.
  static func evaluate(
    _ graph: Graph, output: String, on data: PreparedData, batch: Int, activity: String = "evaluate", _ context: RunContext
  ) throws -> EvaluationReport {
    try data.requireLabels()
    let count = data.dataset.count
    let found = try partial(
      graph, output: output, on: data, batch: batch, over: 0..<(count + batch - 1) / batch,
      context.scheduler(activity: activity, batch: batch, images: count))
    return try report(Evaluation(found, samples: count), classNames: data.dataset.classNames, context) {
      try data.dataset.sample($0).name
    }
  }

  private static func prepare(_ model: Model, on request: DataRequest, batch: Int, _ context: RunContext) throws
    -> (PreparedData, batch: Int)
  {
    let data = try PreparedData(request, for: model, note: context.note)
    if data.task != .regression,
      try naming(file: model.path, { try model.graph.classScores(output: model.output).form.count }) == 1
    {
      context.note("\(model.path): one output, the logit of class 1: right are labels 0 below and 1 above 0")
    }
    return (data, model.batch(batch, images: data.dataset.count))
  }

  private static func partial(
    _ graph: Graph, output: String, on data: PreparedData, batch: Int, over range: Range<Int>, _ scheduler: BlockScheduler
  ) throws -> PartialEvaluation {
    try naming(file: "\(data.request.spec)") {
      try Evaluation.run(
        graph, output: output, task: data.task, on: LabelledBatches(data.loader(batch: batch, takesAnswers: true)), shard: batch,
        over: range, scheduler: scheduler)
    }
  }

  private static func report(
    _ evaluation: Evaluation, classNames: [String]?, _ context: RunContext, name: (Int) throws -> String
  ) rethrows -> EvaluationReport {
    if let first = evaluation.firstNotNumber {
      context.note(
        "\(evaluation.notNumbers) of \(evaluation.samples) images have an output that is NaN and count as wrong; the first is "
          + (try name(first)))
    }
    return EvaluationReport(
      top1: evaluation.top1, top5: evaluation.top5, correct: evaluation.correct, byClass: evaluation.byClass,
      classNames: classNames, loss: evaluation.loss, images: evaluation.samples, notNumbers: evaluation.notNumbers,
      classes: ClassScores.labels(ofOutputs: evaluation.classes),
      confusion: evaluation.confusion, errors: evaluation.errors, imagesPerSecond: evaluation.imagesPerSecond)
  }

  private static func tellChance(_ report: EvaluationReport, _ context: RunContext) {
    if let chance = report.chance { context.note("\(chance); are labels and preprocessing those of the network?") }
  }
}

/// What an evaluation's result is made of beside counts.
private struct EvaluationContent: Codable {
  /// The number of all images.
  var images: Int
  /// The time that the part took.
  var seconds: Double
  /// The names of the classes, if the data have some.
  var classNames: [String]?
}
