import Networks
import Tensors
import Training

/// What a network gets right on a data set: the result of `evaluate`.
public struct EvaluationReport: Hashable, Sendable, Encodable {
  /// The share of pictures whose label has the greatest output, 0 … 1.
  public var top1: Double
  /// The share of pictures whose label is among the five greatest outputs, 0 … 1.
  public var top5: Double
  /// The mean cross-entropy.
  public var loss: Double
  /// The number of pictures.
  public var pictures: Int
  /// Pictures per second, reading them included.
  public var imagesPerSecond: Double
}

/// Runs a network over labelled pictures and counts.
public enum EvaluationRun {
  /// Evaluates.
  ///
  /// - Parameter batch: the pictures that a worker takes at a time.
  /// - Throws: `EspalierError` for data without labels, or what cannot be read or run; `CancellationError`.
  public static func evaluate(_ model: Model, on request: DataRequest, batch: Int, _ context: RunContext) throws
    -> EvaluationReport
  {
    let data = try PreparedData(request, for: model, note: context.note)
    let batch = model.batch(batch, pictures: data.dataset.count)
    return try evaluate(model.graph, output: model.output, on: data, batch: batch, context)
  }

  /// Evaluates a network on pictures that are prepared for it.
  ///
  /// - Parameter activity: what progress is told of.
  /// - Throws: `EspalierError`; `CancellationError` if it was asked to stop.
  static func evaluate(
    _ graph: Graph, output: String, on data: PreparedData, batch: Int, activity: String = "evaluate", _ context: RunContext
  ) throws -> EvaluationReport {
    let request = data.request
    try data.requireLabels()
    let scheduler = context.scheduler(activity: activity, batch: batch, pictures: data.dataset.count)
    let evaluation = try naming(file: "\(request.spec)") {
      try Evaluation.run(
        graph, output: output, on: LabelledBatches(data.loader(batch: batch)), shard: batch, scheduler: scheduler)
    }
    return EvaluationReport(
      top1: evaluation.top1, top5: evaluation.top5, loss: evaluation.loss, pictures: evaluation.samples,
      imagesPerSecond: evaluation.imagesPerSecond)
  }
}
