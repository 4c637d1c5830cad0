import Analysis
import Datasets
import Networks
import Scheduling
import Tensors

/// Explains every image of a data set by several methods and measures how good the explanations are.
public struct MeasureRun: Sendable {
  /// The methods, each an attributor with a composite.
  public var methods: [ExplanationMethod]
  /// The measures.
  public var measures: [any Measure]
  /// Whether measures that observe masks are left out where there are none, instead of being refused.
  public var isLenient: Bool
  /// The file for the numbers of every image, CSV or HDF5 by its ending; nil for none.
  public var out: String?
  /// Whose relevance; nil for the label's, or the predicted class's where there are no labels.
  public var target: RelevanceTarget?
  /// What relevance starts from.
  public var start: RelevanceStart
  /// The images that a worker takes at a time.
  public var batch: Int

  /// Makes a run.
  public init(
    methods: [ExplanationMethod], measures: [any Measure], target: RelevanceTarget? = nil, start: RelevanceStart = .oneHot,
    batch: Int = 32, isLenient: Bool = false, out: String? = nil
  ) {
    self.isLenient = isLenient
    self.out = out
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
    if let out { try OutputPath.prepare(out, notReplacing: model.files + request.files + (target?.files ?? [])) }
    let data = try PreparedData(request, for: model, note: context.note)
    let batch = model.batch(batch)
    let answers = try naming(file: model.path) { try OutputPlan(model.graph, batch: batch, output: model.output) }
    let target = try data.target(target, answers.form)
    if !answers.form.isVector, let measure = measures.first(where: { $0 is any OutputMeasure }) {
      throw EspalierError(
        "'\(type(of: measure).name)' observes the probability of one class, and the output has \(answers.form.positions) positions",
        location: "--measure", accepted: "a measure of maps, or of a network with one row of classes an image")
    }
    func needsMask(_ measure: any Measure) -> Bool { (measure as? any MapMeasure).map { type(of: $0).needsMask } ?? false }
    var measures = measures
    let asked = measures.filter(needsMask).map { type(of: $0).name }
    if !asked.isEmpty, try !data.holdsMasks(context.cancellation) {
      guard isLenient else {
        throw EspalierError(
          "no image has a mask of its object", location: "\(request.spec)",
          accepted: "csv with a column mask, or PNG files with transparency")
      }
      context.note("\(asked.joined(separator: ", ")): left out, because no image has a mask of its object")
      measures.removeAll(where: needsMask)
    }
    let needsMasks = measures.contains(where: needsMask)
    let pass = try Pass(
      data: data,
      epoch: data.loader(
        batch: batch, explaining: target, classes: ClassScores.labels(ofOutputs: answers.form.classes), takesMasks: needsMasks
      ).epoch(),
      target: target, measures: measures, answers: answers, context: context)
    var report = MeasureReport(images: data.dataset.count, methods: [])
    for method in methods {
      let results = try pass.run(method.plan(model, start: start, batch: batch), activity: "\(method)")
      if needsMasks { report.masks = results.reduce(0) { $0 + $1.masks } }
      var entries: [MeasureReport.Entry] = []
      for (position, measure) in measures.enumerated() {
        switch measure {
        case let measure as any MapMeasure:
          entries.append(.init(type(of: measure).name, measure.better, results.flatMap { $0.values[position] }))
        case let measure as any OutputMeasure:
          entries += pass.entries(type(of: measure).columns, measure.better, results.flatMap { $0.curves[position] })
        case let measure as any ChangeMeasure:
          let rows = results.flatMap { $0.changes[position] }
          entries += type(of: measure).columns.enumerated().map { column, name in
            .init(name, measure.better, rows.map { $0[column] })
          }
        case let measure as any NetworkMeasure:
          entries.append(try robustness(of: method, to: measure, model, pass, results, batch: batch))
        default: break
        }
      }
      report.methods.append(.init(method: "\(method)", measures: entries))
    }
    if let out { try ImageMeasures(report, data.dataset, targets: pass.target).write(to: out) }
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
      for (image, value) in similarities.enumerated() {
        guard let value else { continue }
        sums[image] += value
        counts[image] += 1
      }
      let defined = similarities.compactMap { $0 }
      curve.append(defined.isEmpty ? 0 : defined.reduce(0, +) / Double(defined.count))
    }
    return .init(
      type(of: measure).name, measure.better, zip(sums, counts).map { $1 == 0 ? nil : $0 / Double($1) }, curve: curve,
      points: stages.map(\.name))
  }
}

/// A pass over the images of a run.
private struct Pass {
  /// What a shard gives, one element a measure where that is of the kind.
  struct Result: Sendable {
    var values: [[Double?]]
    var curves: [[Curves]]
    var changes: [[[Double?]]]
    /// The maps and what they explain, if networks will be changed.
    var maps: [RelevanceMap]
    var targets: [OutputTarget]
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
    let slow = measures.count { $0 is any OutputMeasure || $0 is any ChangeMeasure }
    let keepsMaps = measures.contains { $0 is any NetworkMeasure }
    return try map(plan, activity: activity, isAnswering: slow > 0) { worker, batch, shard, report in
      // The explanation and every measure that makes passes of its own count alike.
      var stage = 0.0
      worker.explaining.progress = { report($0 / Double(slow + 1)) }
      let found = try worker.explaining.run(shard)
      worker.explaining.progress = nil
      worker.answering?.progress = { report((stage + $0) / Double(slow + 1)) }
      let maps = RelevanceMap.maps(of: found.input, layout: shard.layout)
      for case let mask? in batch.masks where mask.height != maps[0].height || mask.width != maps[0].width {
        throw EspalierError("a mask of \(mask.height)×\(mask.width) does not fit maps of \(maps[0].height)×\(maps[0].width)")
      }
      let targets = shard.targets(predicted: found.prediction, plan.form)
      var result = Result(
        values: measures.map { _ in [] }, curves: measures.map { _ in [] }, changes: measures.map { _ in [] },
        maps: keepsMaps ? maps : [], targets: targets,
        masks: batch.masks.count { $0 != nil })
      for (position, measure) in measures.enumerated() {
        if let measure = measure as? any MapMeasure {
          let needsMask = type(of: measure).needsMask
          result.values[position] = maps.enumerated().map { row, map in
            measure.value(of: map, mask: needsMask ? batch.masks[row] : nil)
          }
        } else if let measure = measure as? any OutputMeasure, let answering = worker.answering {
          stage += 1
          result.curves[position] = try measure.curves(shard, maps: maps, targets: targets, answering)
        } else if let measure = measure as? any ChangeMeasure, let answering = worker.answering {
          stage += 1
          result.changes[position] = try measure.values(
            shard, attributions: found.input, targets: targets, explaining: worker.explaining, answering: answering)
        }
      }
      return result
    }
  }

  func similarities(_ plan: AttributionPlan, to originals: [Result], _ measure: any NetworkMeasure, activity: String) throws
    -> [Double?]
  {
    try map(plan, activity: activity, isAnswering: false) { worker, batch, shard, report in
      worker.explaining.progress = report
      let original = originals[batch.indices[0] / plan.batch]
      var shard = shard
      shard.targets = original.targets
      let maps = RelevanceMap.maps(of: try worker.explaining.run(shard).input, layout: shard.layout)
      return zip(maps, original.maps).map { measure.similarity($0, $1) }
    }.flatMap { $0 }
  }

  func entries(_ columns: [String], _ better: MeasureDirection, _ curves: [Curves]) -> [MeasureReport.Entry] {
    columns.enumerated().map { position, column in
      var mean = [Double](repeating: 0, count: curves.first?.values[position].count ?? 0)
      for curve in curves { for (point, value) in curve.values[position].enumerated() { mean[point] += value } }
      return .init(column, better, curves.map { $0.areas[position] }, curve: mean.map { $0 / Double(max(curves.count, 1)) })
    }
  }

  private func map<Value: Sendable>(
    _ plan: AttributionPlan, activity: String, isAnswering: Bool,
    body: @Sendable (Worker, Batch, AttributionShard, @escaping (Double) -> Void) throws -> Value
  ) throws -> [Value] {
    let parts = PartialProgress()
    let scheduler = context.scheduler(activity: activity, batch: plan.batch, images: data.dataset.count, parts: parts)
    let answers = answers.bytesPerWorker
    return try naming(file: "\(data.request.spec)") {
      try scheduler.map(
        shards: 0..<epoch.count, bytesPerWorker: plan.bytesPerWorker + (isAnswering ? answers : 0),
        makeWorker: { _ in
          Worker(
            explaining: try AttributionProgram(plan), answering: isAnswering ? try OutputProgram(self.answers) : nil)
        },
        body: { worker, number in
          let batch = try epoch.batch(number)
          defer { parts.finish(number) }
          return try body(worker, batch, try data.shard(batch, target: target)) { parts.report(number, $0) }
        })
    }
  }
}
