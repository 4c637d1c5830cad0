import Compression
import Datasets
import Files
import Foundation
import Networks
import ONNX
import Tensors

/// A chain of methods on one network: makes the steps that are not done yet, measures the networks between them, and writes the
/// last with the record of all.
struct ChainRun {
  /// The steps.
  var steps: [any MethodStep]
  /// The images that networks are measured on; not measured if nil, or if what is right of them is not known.
  var validation: DataRequest?
  /// The images that a worker takes at a time.
  var batch: Int
  /// Where steps are kept.
  var store: Store
  /// The file to write; nil for none beside those of the steps.
  var out: String?

  /// Where steps are kept.
  enum Store {
    /// A folder beside the result, that goes with its end.
    case besideResult
    /// A folder that other chains may share.
    case folder(String)
    /// One that is open.
    case open(StepStore)

    func opened(beside out: String?) throws -> StepStore {
      switch self {
      case .besideResult: try StepStore((out ?? "chain") + ".steps")
      case .folder(let path): try StepStore(path, isShared: true)
      case .open(let store): store
      }
    }

    var isOwn: Bool { if case .besideResult = self { true } else { false } }
  }

  /// How good a network is.
  struct Score: Codable {
    /// What the number is: `accuracy`, `mean IoU` or `R²`.
    var measure: String
    var value: Double
    /// A remark where guessing gives as much.
    var chance: String?
    /// The mean loss.
    var loss: Double
    /// The share of images whose label is among the five greatest outputs; nil where images have no one class.
    var top5: Double?
    /// The harmonic mean of the accuracies of classes; nil where images have no one class.
    var harmonicMean: Double?
    /// Which images it tells right, in their order, eight a byte, the first the lowest bit; nil where images have no one class.
    var correct: Data?
    /// The number of images.
    var images: Int

    /// Which images it tells right.
    var right: [Bool]? {
      guard let correct, correct.count == (images + 7) / 8 else { return nil }
      let bytes = [UInt8](correct)
      return (0..<images).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
    }
  }

  /// What came of a chain.
  struct Outcome {
    /// The steps.
    var results: [StepResult]
    /// The identities of the networks before and after each step.
    var jobs: [JobIdentity]
    /// Their records, with scores and notes.
    var records: [StepRecord]
    /// The scores of the network before and after each step; empty where they were not measured.
    var scores: [Score]
    /// The networks after each step.
    var networks: [Graph]
    /// What a reader of the results must know.
    var notes: [String]

    /// The position of the last pruning; nil where there is none.
    var lastPruning: Int? { records.lastIndex { $0.step == PruneStep.name } }
  }

  /// Makes and writes, or goes on where a chain that begins alike was stopped.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  func run(_ model: Model, _ context: RunContext) throws -> Outcome {
    if let out { try OutputPath.prepare(out, notReplacing: model.files + steps.flatMap(\.files) + (validation?.files ?? [])) }
    let chain = Chain(steps.map { BoundStep(method: $0, origin: model, context: context) })
    try check(model)
    let store = try self.store.opened(beside: out)
    // Where no step is done nor begun there is nothing to go on with.
    defer { if self.store.isOwn, store.isEmpty { store.remove() } }
    let network = try model.job()
    let results = try stopping("the same command goes on from there") {
      try chain.run(
        model.path, digest: model.digest, network, in: store, cancellation: context.cancellation, note: context.note)
    }
    let graphs = try results.map {
      try Model($0.network, output: model.output, inputs: model.inputs, axes: model.axes).graph
    }
    let (images, scores) = try stopping("the same command goes on from there") {
      try self.scores(model, network, results, graphs, in: store, context)
    }
    var records = results.map(\.outcome.record)
    var notes: [String] = []
    if scores.count > 1, let validation {
      for position in records.indices {
        let score = StepRecord.Score(
          measure: scores[position].measure, data: "\(validation.spec)", images: images, before: scores[position].value,
          after: scores[position + 1].value)
        records[position].score = score
        if isHarm(records[position]) { records[position].notes.append(score.remark) }
      }
    }
    var outcome = Outcome(
      results: results, jobs: [network] + results.map(\.job), records: records, scores: scores, networks: graphs, notes: [])
    if let position = outcome.lastPruning {
      notes = PruneStep.notes(try PruneStep.Details(results[position].outcome).atFloor)
      if !scores.isEmpty {
        let tuned = position + 1 < results.count ? scores.last?.chance : nil
        for (when, chance) in [
          ("before pruning", scores[0].chance), ("after pruning", scores[position + 1].chance), ("after tuning", tuned),
        ] {
          if let chance { notes.append("\(when): \(chance)") }
        }
      }
    }
    outcome.notes = notes
    for note in notes { context.note(note) }
    for (position, record) in records.enumerated() {
      if let score = record.score, isHarm(record) { context.note("\(chain.title(position)): \(score.remark)") }
    }
    if let out { try write(outcome, to: out, model, context) }
    if self.store.isOwn { store.remove() }
    return outcome
  }

  /// Refuses what cannot come to a result, before anything long is computed.
  ///
  /// - Throws: `EspalierError` naming the step.
  func check(_ model: Model) throws {
    for (position, step) in steps.enumerated() {
      let isFirst = !steps[..<position].contains { $0 is PruneStep }
      do { try step.check(model, isFirst: isFirst) } catch var error as EspalierError where steps.count > 1 {
        let title = "step \(position + 1) of \(steps.count), \(type(of: step).name)"
        error.location = [title, error.location].compactMap { $0 }.joined(separator: ": ")
        throw error
      }
    }
  }

  /// Whether a step did harm that it was not asked for.
  private func isHarm(_ record: StepRecord) -> Bool {
    record.step != ReinitialiseStep.name && record.score?.isWorse ?? false
  }

  /// Writes the last network, its records completed by what only the whole chain tells.
  private func write(_ outcome: Outcome, to out: String, _ model: Model, _ context: RunContext) throws {
    guard let last = outcome.networks.last else {
      throw EspalierError("there are no steps", location: "chain", accepted: "one step or more")
    }
    var editor = GraphEditor(try last.restoringDeclaredBatch())
    var chain = try ChainRecord(editor.metadata)
    chain.steps.replaceSubrange(chain.steps.count - outcome.records.count..<chain.steps.count, with: outcome.records)
    editor.metadata[ChainRecord.metadataKey] = try chain.json
    if outcome.lastPruning != nil, var record = try PruningRecord(editor.metadata) {
      record.notes = outcome.notes
      record.parameters["steps"] = "\(steps.count { $0 is PruneStep })"
      if let tuning = steps.lazy.compactMap({ $0 as? TuneStep }).last {
        try tuning.add(to: &record, for: model)
      }
      editor.metadata[PruningRecord.metadataKey] = try record.json
    }
    if let notice = try editor.graph().writeONNX(to: out, producerVersion: Release.version) { context.note("\(out): \(notice)") }
  }

  /// The scores of the network before and after each step, with the number of images.
  ///
  /// Those that an earlier run measured are read. There are none where one is no number.
  private func scores(
    _ model: Model, _ network: JobIdentity, _ results: [StepResult], _ graphs: [Graph], in store: StepStore,
    _ context: RunContext
  ) throws -> (images: Int, scores: [Score]) {
    guard let validation else { return (0, []) }
    let data = try PreparedData(validation, for: model, note: { _ in })
    guard try data.task == .segmentation ? data.hasPixelLabels() : data.isLabelled() else { return (0, []) }
    let batch = model.batch(batch, images: data.dataset.count)
    let digest = try data.dataset.digest()
    let networks = [(network, model.graph)] + zip(results.map(\.job), graphs).map { ($0, $1) }
    var scores: [Score] = []
    for (position, entry) in networks.enumerated() {
      var job = JobIdentity("evaluate")
      job.add("network", entry.0)
      job.add("data SHA-256", digest)
      job.add("preprocessing", data.preprocessing.json)
      job.add("task", data.task.rawValue)
      job.add("batch", batch)
      job.add("espalier", Release.version)
      let file = StateFile(store.file(position, "score", job), job: job)
      if let bytes = (try? file.load(note: context.note)).flatMap({ $0 }),
        let score = try? JSONDecoder().decode(Score.self, from: bytes)
      {
        scores.append(score)
        continue
      }
      let report = try EvaluationRun.evaluate(entry.1, output: model.output, on: data, batch: batch, context)
      let score = Score(report)
      guard score.value.isFinite else {
        context.note("\(validation.spec): \(score.measure) is \(score.value), and is left out of the record")
        return (0, [])
      }
      try file.save(JSONEncoder().encode(score))
      scores.append(score)
    }
    return (data.dataset.count, scores)
  }
}

extension ChainRun.Score {
  init(_ report: EvaluationReport) {
    (measure, value) = report.score
    chance = report.chance
    loss = report.loss
    images = report.images
    top5 = report.confusion == nil && report.errors == nil ? report.top5 : nil
    harmonicMean = report.byClass?.harmonicMean
    guard !report.correct.isEmpty else { return }
    var bytes = [UInt8](repeating: 0, count: (images + 7) / 8)
    for (image, isRight) in report.correct.enumerated() where isRight { bytes[image / 8] |= 1 << UInt8(image % 8) }
    correct = Data(bytes)
  }
}

extension StepRecord.Score {
  /// That a step did harm.
  fileprivate var remark: String {
    String(format: "it ends worse than it began: %@ %.2f %% after %.2f %%", measure, 100 * after, 100 * before)
  }
}

extension Model {
  /// The identity of the network, and of how it is read.
  ///
  /// - Throws: `EspalierError` if what an input takes cannot be read.
  func job() throws -> JobIdentity {
    var job = JobIdentity("network")
    job.add("SHA-256", digest)
    job.add("output", output)
    for (name, source) in inputs { job.add("input \(name)", try source.digest() ?? "\(source)") }
    for (name, length) in axes { job.add("axis \(name)", length) }
    job.add("espalier", Release.version)
    return job
  }
}

extension TuneStep {
  /// Adds how the network was tuned after it was pruned.
  fileprivate func add(to record: inout PruningRecord, for model: Model) throws {
    record.parameters["tuning"] = run.settings(for: model.graph).description
    for (name, value) in chosen { record.parameters["tuning-\(name)"] = value }
    record.parameters["augmentation"] = run.augmentationText
    record.parameters["tuning-data"] = data.spec.description
    record.digests["tuning-data"] = try data.open().digest()
    record.digests["tuning-preprocess"] = try data.preprocessing.map { try SHA256.hexadecimal(ofFile: $0) }
    record.seeds["tuning"] = run.settings.seed
  }
}
