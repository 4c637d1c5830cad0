import Analysis
import Datasets
import Files
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
    let pass = try prepare(model, on: request, part: nil, context)
    let report = MeasureReport(pass.content, try rows(pass, model))
    if let out { try ImageMeasures(report, names: pass.names(), indices: pass.indices).write(to: out) }
    return report
  }

  /// Explains and measures a part of the images and writes what was measured.
  ///
  /// - Throws: as ``run(_:on:_:)``, or if the file cannot be written.
  public func run(_ part: DataPart, of model: Model, on request: DataRequest, _ context: RunContext) throws -> PartReport {
    guard let out else { preconditionFailure("a part has a file") }
    try OutputPath.prepare(out, notReplacing: model.files + request.files + (target?.files ?? []))
    let folder = try RunFolder(out + ".parts", job: JobIdentity("measures of a part")) { _ in false }
    defer { folder.remove() }
    let pass = try prepare(model, on: request, part: part, context)
    let data = pass.data
    let own = try data.identity
    var identity = JobIdentity("measure")
    identity.add("model_sha256", model.digest)
    identity.add("model_output", model.output)
    identity.add(own.name, own.digest)
    identity.add("preprocessing", data.preprocessing.json)
    identity.add("inputs", try data.inputProvenance())
    identity.add("target", try pass.target.identity)
    identity.add("start", start.rawValue)
    identity.add("methods", methods.map { "\($0.attributor) by \($0.composite.description)" }.joined(separator: ", "))
    identity.add("measures", pass.measures.map { "\($0)" }.joined(separator: " "))
    identity.add("batch", pass.batch)
    var encoder = StateEncoder()
    try rows(pass, model).encode(into: &encoder)
    encoder.append(pass.indices.map(Int64.init))
    encoder.append(Array(try pass.names().joined(separator: "\0").utf8))
    let header = PartFile.Header(
      kind: .measure, verb: "measure", job: identity.text, part: part.number, parts: part.count, shards: pass.epoch.count)
    try PartFile.write(out, header, content: pass.content, state: encoder.bytes)
    return PartReport(part, kind: .result, images: pass.indices.count)
  }

  private func prepare(_ model: Model, on request: DataRequest, part: DataPart?, _ context: RunContext) throws -> Pass {
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
    let stages = try naming(file: model.path) {
      try measures.map { try ($0 as? any NetworkMeasure)?.stages(of: model.graph) ?? [] }
    }
    let epoch = try data.loader(
      batch: batch, explaining: target, classes: ClassScores.labels(ofOutputs: answers.form.classes), takesMasks: needsMasks
    ).epoch()
    return Pass(
      data: data, epoch: epoch, batch: batch, shards: part?.shards(of: epoch.count) ?? 0..<epoch.count, target: target,
      measures: measures, stages: stages, answers: answers, context: context,
      content: MeasureContent(
        images: data.dataset.count, observesMasks: needsMasks, methods: methods.map { "\($0)" },
        measures: zip(measures, stages).map { MeasureContent.Column($0, points: $1.map(\.name)) }))
  }

  /// What measures say of the images that are passed over, method by method.
  private func rows(_ pass: Pass, _ model: Model) throws -> MeasureRows {
    var rows = MeasureRows()
    for method in methods {
      let results = try pass.run(method.plan(model, start: start, batch: pass.batch), activity: "\(method)")
      rows.masks = results.reduce(0) { $0 + $1.masks }
      for (position, measure) in pass.measures.enumerated() {
        switch measure {
        case is any MapMeasure: rows.all.append(results.flatMap { $0.values[position].map { [$0] } })
        case is any OutputMeasure:
          rows.all.append(results.flatMap { $0.curves[position].map { $0.values.flatMap { $0.map(Optional.some) } } })
        case is any ChangeMeasure: rows.all.append(results.flatMap { $0.changes[position] })
        case let measure as any NetworkMeasure:
          rows.all.append(try robustness(of: method, to: measure, pass.stages[position], model, pass, results))
        default: break
        }
      }
    }
    return rows
  }

  /// How alike maps stay in changed networks, `[images][networks]`.
  private func robustness(
    of method: ExplanationMethod, to measure: any NetworkMeasure, _ stages: [(name: String, graph: Graph)], _ model: Model,
    _ pass: Pass, _ originals: [Pass.Result]
  ) throws -> [[Double?]] {
    var rows = [[Double?]](repeating: [], count: pass.indices.count)
    for (number, stage) in stages.enumerated() {
      let plan = try naming(file: model.path) {
        try AttributionPlan(
          stage.graph, attributor: method.attributor, composite: method.composite, start: start, batch: pass.batch,
          output: model.output)
      }
      let similarities = try pass.similarities(
        plan, to: originals, measure, activity: "\(method), \(number + 1) of \(stages.count) networks")
      for (image, value) in similarities.enumerated() { rows[image].append(value) }
    }
    return rows
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
  let batch: Int
  /// The shards that are passed over.
  let shards: Range<Int>
  let target: RelevanceTarget
  let measures: [any Measure]
  /// The changed networks that each measure compares maps in; none where it is not of networks.
  let stages: [[(name: String, graph: Graph)]]
  let answers: OutputPlan
  let context: RunContext
  let content: MeasureContent

  /// The positions in the data set of the images that are passed over.
  var indices: [Int] { positions.map { data.dataset.indices[$0] } }

  /// The names of these images.
  func names() throws -> [String] { try positions.map { try data.dataset.sample($0).name } }

  private var positions: Range<Int> {
    min(shards.lowerBound * batch, data.dataset.count)..<min(shards.upperBound * batch, data.dataset.count)
  }

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
      let original = originals[batch.indices[0] / plan.batch - shards.lowerBound]
      var shard = shard
      shard.targets = original.targets
      let maps = RelevanceMap.maps(of: try worker.explaining.run(shard).input, layout: shard.layout)
      return zip(maps, original.maps).map { measure.similarity($0, $1) }
    }.flatMap { $0 }
  }

  private func map<Value: Sendable>(
    _ plan: AttributionPlan, activity: String, isAnswering: Bool,
    body: @Sendable (Worker, Batch, AttributionShard, @escaping (Double) -> Void) throws -> Value
  ) throws -> [Value] {
    let parts = PartialProgress()
    let scheduler = context.scheduler(
      activity: activity, batch: plan.batch, images: data.dataset.count, shards: shards, parts: parts)
    let answers = answers.bytesPerWorker
    return try naming(file: "\(data.request.spec)") {
      try scheduler.map(
        shards: shards, bytesPerWorker: plan.bytesPerWorker + (isAnswering ? answers : 0),
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
