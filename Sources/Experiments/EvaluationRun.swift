import Networks
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

  private enum CodingKeys: String, CodingKey {
    case top1, top5, pixelAccuracy, meanIoU, iou, meanSquaredError, meanAbsoluteError, r2, loss, images = "pictures", notNumbers
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
    }
    try encode(loss, .loss)
    try container.encode(images, forKey: .images)
    if notNumbers > 0 { try container.encode(notNumbers, forKey: .notNumbers) }
    try container.encode(imagesPerSecond, forKey: .imagesPerSecond)
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
    let data = try PreparedData(request, for: model, note: context.note)
    let batch = model.batch(batch, images: data.dataset.count)
    if data.task != .regression,
      try naming(file: model.path, { try model.graph.classScores(output: model.output).form.count }) == 1
    {
      context.note("\(model.path): one output, the logit of class 1: right are labels 0 below and 1 above 0")
    }
    let report = try evaluate(model.graph, output: model.output, on: data, batch: batch, context)
    if let chance = report.chance { context.note("\(chance); are labels and preprocessing those of the network?") }
    return report
  }

  /// Evaluates a network on images that are prepared for it.
  ///
  /// - Parameter activity: what progress reports.
  /// - Throws: `EspalierError`; `CancellationError` if it was asked to stop.
  static func evaluate(
    _ graph: Graph, output: String, on data: PreparedData, batch: Int, activity: String = "evaluate", _ context: RunContext
  ) throws -> EvaluationReport {
    let request = data.request
    try data.requireLabels()
    let scheduler = context.scheduler(activity: activity, batch: batch, images: data.dataset.count)
    let evaluation = try naming(file: "\(request.spec)") {
      try Evaluation.run(
        graph, output: output, task: data.task, on: LabelledBatches(data.loader(batch: batch, takesAnswers: true)), shard: batch,
        scheduler: scheduler)
    }
    if let first = evaluation.firstNotNumber {
      context.note(
        "\(evaluation.notNumbers) of \(evaluation.samples) images have an output that is NaN and count as wrong; the first is "
          + (try data.dataset.sample(first).name))
    }
    return EvaluationReport(
      top1: evaluation.top1, top5: evaluation.top5, loss: evaluation.loss, images: evaluation.samples,
      notNumbers: evaluation.notNumbers, classes: ClassScores.labels(ofOutputs: evaluation.classes),
      confusion: evaluation.confusion, errors: evaluation.errors, imagesPerSecond: evaluation.imagesPerSecond)
  }
}
