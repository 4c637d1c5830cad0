import Analysis
import Datasets
import Scheduling
import Tensors

/// Explains every picture of a data set by several methods and measures how good the explanations are.
public struct MeasureRun: Sendable {
  /// The methods, each an attributor with a composite.
  public var methods: [ExplanationMethod]
  /// The measures.
  public var measures: [any Measure]
  /// Whose relevance; nil for the label's, or the predicted class's where there are no labels.
  public var target: RelevanceTarget?
  /// What relevance starts from.
  public var start: RelevanceStart
  /// The pictures that a worker takes at a time.
  public var batch: Int

  /// Makes a run.
  public init(
    methods: [ExplanationMethod], measures: [any Measure], target: RelevanceTarget? = nil, start: RelevanceStart = .oneHot,
    batch: Int = 32
  ) {
    self.methods = methods
    self.measures = measures
    self.target = target
    self.start = start
    self.batch = batch
  }

  /// Explains and measures.
  ///
  /// - Throws: `EspalierError` for data without the masks that a measure needs, or what cannot be read or run;
  ///   `CancellationError`.
  public func run(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> MeasureReport {
    let data = try PreparedData(request, for: model, note: context.note)
    let batch = model.batch(batch)
    let answers = try naming(file: model.path) { try OutputPlan(model.graph, batch: batch, output: model.output) }
    if case .index(let index)? = target, index >= answers.classes {
      throw EspalierError(
        "class \(index) is not one of the network's", place: "--target", accepted: "0 to \(answers.classes - 1)")
    }
    let isLabelled = try data.isLabelled()
    let needsMasks = measures.contains { ($0 as? any MapMeasure).map { type(of: $0).needsMask } ?? false }
    if needsMasks {
      guard try data.holdsMasks(context.cancellation) else {
        throw EspalierError(
          "no picture has a mask of its object", place: "\(request.spec)",
          accepted: "csv with a column mask, or PNG files with transparency")
      }
    }
    let pass = Pass(
      data: data, epoch: data.loader(batch: batch, classes: isLabelled ? answers.classes : nil, takesMasks: needsMasks).epoch(),
      target: target ?? (isLabelled ? .label : .predicted), measures: measures, answers: answers, context: context)
    var report = MeasureReport(pictures: data.dataset.count, methods: [])
    for method in methods {
      let results = try pass.run(method.plan(model, start: start, batch: batch), activity: "\(method)")
      if needsMasks { report.masks = results.reduce(0) { $0 + $1.masks } }
      var entries: [MeasureReport.Entry] = []
      for (place, measure) in measures.enumerated() {
        switch measure {
        case let measure as any MapMeasure:
          entries.append(.init(type(of: measure).name, results.flatMap { $0.values[place] }))
        case let measure as any OutputMeasure:
          entries += pass.entries(type(of: measure).columns, results.flatMap { $0.curves[place] })
        case let measure as any NetworkMeasure:
          entries.append(try robustness(of: method, to: measure, model, pass, results, batch: batch))
        default: break
        }
      }
      report.methods.append(.init(method: "\(method)", measures: entries))
    }
    return report
  }

  /// How alike maps stay in changed networks.
  private func robustness(
    of method: ExplanationMethod, to measure: any NetworkMeasure, _ model: Model, _ pass: Pass, _ originals: [Pass.Result],
    batch: Int
  ) throws -> MeasureReport.Entry {
    let stages = try naming(file: model.path) { try measure.stages(of: model.graph) }
    var sums = [Double](repeating: 0, count: pass.data.dataset.count)
    var counts = [Int](repeating: 0, count: sums.count)
    var curve: [Double] = []
    for (number, stage) in stages.enumerated() {
      let plan = try naming(file: model.path) {
        try AttributionPlan(
          stage.graph, attributor: method.attributor, composite: method.composite, start: start, batch: batch,
          output: model.output)
      }
      let similarities = try pass.similarities(
        plan, to: originals, measure, activity: "\(method), \(number + 1) of \(stages.count) networks")
      for (picture, value) in similarities.enumerated() {
        guard let value else { continue }
        sums[picture] += value
        counts[picture] += 1
      }
      let defined = similarities.compactMap { $0 }
      curve.append(defined.isEmpty ? 0 : defined.reduce(0, +) / Double(defined.count))
    }
    return .init(
      type(of: measure).name, zip(sums, counts).map { $1 == 0 ? nil : $0 / Double($1) }, curve: curve,
      points: stages.map(\.name))
  }
}

/// A pass over the pictures of a run.
private struct Pass {
  /// What a shard gives, one element a measure where that is of the kind.
  struct Result: Sendable {
    var values: [[Double?]]
    var curves: [[Curves]]
    /// The maps and the classes that they explain, if networks will be changed.
    var maps: [RelevanceMap]
    var targets: [Int]
    var masks: Int
  }

  /// What a worker holds.
  struct Worker {
    var explaining: AttributionProgram
    var answering: OutputProgram?
  }

  let data: PreparedData
  let epoch: Loader.Epoch
  let target: RelevanceTarget
  let measures: [any Measure]
  let answers: OutputPlan
  let context: RunContext

  func run(_ plan: AttributionPlan, activity: String) throws -> [Result] {
    let isAnswering = measures.contains { $0 is any OutputMeasure }
    let keepsMaps = measures.contains { $0 is any NetworkMeasure }
    return try map(plan, activity: activity, isAnswering: isAnswering) { worker, batch, shard in
      let found = try worker.explaining.run(shard)
      let maps = RelevanceMap.maps(of: found.input, isChannelsLast: shard.isChannelsLast)
      for case let mask? in batch.masks where mask.height != maps[0].height || mask.width != maps[0].width {
        throw EspalierError("a mask of \(mask.height)×\(mask.width) does not fit maps of \(maps[0].height)×\(maps[0].width)")
      }
      let targets = shard.targets(predicted: found.prediction)
      var result = Result(
        values: measures.map { _ in [] }, curves: measures.map { _ in [] }, maps: keepsMaps ? maps : [], targets: targets,
        masks: batch.masks.count { $0 != nil })
      for (place, measure) in measures.enumerated() {
        if let measure = measure as? any MapMeasure {
          let needsMask = type(of: measure).needsMask
          result.values[place] = maps.enumerated().map { row, map in
            measure.value(of: map, mask: needsMask ? batch.masks[row] : nil)
          }
        } else if let measure = measure as? any OutputMeasure, let answering = worker.answering {
          result.curves[place] = try measure.curves(shard, maps: maps, targets: targets, answering)
        }
      }
      return result
    }
  }

  func similarities(_ plan: AttributionPlan, to originals: [Result], _ measure: any NetworkMeasure, activity: String) throws
    -> [Double?]
  {
    try map(plan, activity: activity, isAnswering: false) { worker, batch, shard in
      let original = originals[batch.indices[0] / plan.batch]
      var shard = shard
      shard.targets = original.targets
      let maps = RelevanceMap.maps(of: try worker.explaining.run(shard).input, isChannelsLast: shard.isChannelsLast)
      return zip(maps, original.maps).map { measure.similarity($0, $1) }
    }.flatMap { $0 }
  }

  func entries(_ columns: [String], _ curves: [Curves]) -> [MeasureReport.Entry] {
    columns.enumerated().map { place, column in
      var mean = [Double](repeating: 0, count: curves.first?.values[place].count ?? 0)
      for curve in curves { for (point, value) in curve.values[place].enumerated() { mean[point] += value } }
      return .init(column, curves.map { $0.areas[place] }, curve: mean.map { $0 / Double(max(curves.count, 1)) })
    }
  }

  private func map<Value: Sendable>(
    _ plan: AttributionPlan, activity: String, isAnswering: Bool,
    body: @Sendable (Worker, Batch, AttributionShard) throws -> Value
  ) throws -> [Value] {
    let scheduler = context.scheduler(activity: activity, batch: plan.batch, pictures: data.dataset.count)
    let answers = answers.plan.arenaByteCount + answers.plan.scratchByteCount
    return try naming(file: "\(data.request.spec)") {
      try scheduler.map(
        shards: 0..<epoch.count, bytesPerWorker: plan.bytesPerWorker + (isAnswering ? answers : 0),
        makeWorker: { _ in
          Worker(
            explaining: try AttributionProgram(plan), answering: isAnswering ? try OutputProgram(self.answers) : nil)
        },
        body: { worker, number in
          let batch = try epoch.batch(number)
          return try body(worker, batch, try data.shard(batch, target: target))
        })
    }
  }
}
