import Compression
import Datasets
import Files
import Foundation
import Networks
import Scheduling
import Tensors

/// Runs a study, or goes on with it: every chain, and tables and figures of what is there.
///
/// Several processes may run the same study in the same folder; each takes chains that no other has.
public struct StudyRun: Sendable {
  /// The study.
  public var study: Study
  /// Its folder.
  public var folder: String
  /// Patterns of networks and arms, with `*` and `?`; none for all.
  public var only: [String]
  /// Which of how many processes this is, each of which takes a part of the chains; nil for all.
  public var part: DataPart?

  /// Makes a run.
  public init(_ study: Study, in folder: String, only: [String] = [], part: DataPart? = nil) {
    (self.study, self.folder, self.only, self.part) = (study, folder, only, part)
  }

  /// What came of a study.
  public struct Report: Sendable, Encodable {
    /// A chain that failed.
    public struct Failure: Sendable, Encodable {
      /// What it is called, and the error.
      public var title: String, error: String
    }

    /// The number of chains, and of those that are done.
    public var chains: Int, done: Int
    /// Chains that failed.
    public var failures: [Failure]
    /// The files that were written.
    public var files: [String]
  }

  /// Computes what is not there yet, and writes tables and figures.
  ///
  /// - Throws: `EspalierError` if the study cannot begin; `RunInterrupted` if it was asked to stop.
  public func run(_ context: RunContext) throws -> Report {
    try StudyRun.checkFolder(folder)
    try checkPatterns()
    let plan = try StudyPlan(study, folder: "\(folder)/\(StudyRun.networks)", isWanted: isWanted, note: context.note)
    let store = try naming(file: folder) { try StepStore("\(StudyRun.folder(of: folder))/\(StudyRun.steps)", isShared: true) }
    var own = Array(plan.items.indices)
    if let part { own = own.filter { $0 % part.count == part.number - 1 } }
    let progress = StudyProgress(plan, own, context)
    var models: [Int: Result<Model, any Error>] = [:]
    var outcomes: [Int: StudyEntry] = [:]
    var failures: [Int: String] = [:]

    /// The network of a base, trained.
    func model(_ position: Int) throws -> Model {
      if let known = models[position] { return try known.get() }
      let result = Result { try trained(plan.bases[position], store, progress.context(plan.bases[position].title)) }
      if case .failure(let error) = result, !(error is EspalierError) { throw error }
      models[position] = result
      return try result.get()
    }
    var waiting = own
    while !waiting.isEmpty {
      var taken: [Int] = []
      for position in waiting {
        try stopping("the same command goes on from there") { try context.cancellation.check() }
        let item = plan.items[position]
        do {
          let model = try model(item.base)
          if let entry = try entry(item, model, plan.bases[item.base], store, progress.context(item.job.title)) {
            outcomes[position] = entry
          } else {
            taken.append(position)
          }
        } catch let error as EspalierError {
          failures[position] = error.description
          context.note("\(item.job.title): \(error.description)")
        }
        if !taken.contains(position) { progress.finished(position) }
      }
      // What another process has is waited for: its end, or its death.
      if taken.count == waiting.count { usleep(500_000) }
      waiting = taken
    }
    let done = outcomes.sorted { $0.key < $1.key }.map { StudyOutcome(job: plan.items[$0.key].job, entry: $0.value) }
    // Processes that end together write one after the other.
    let tables = try store.waitForClaim(of: "\(store.path)/0-tables.csv", context.cancellation)
    defer { withExtendedLifetime(tables) {} }
    let files =
      try done.isEmpty || part != nil || !only.isEmpty
      ? [] : StudyFiles(study, StudyResults(study, done), failures.count, store, in: folder).write(context)
    return Report(
      chains: own.count, done: done.count,
      failures: failures.sorted { $0.key < $1.key }.map { Report.Failure(title: plan.items[$0.key].job.title, error: $0.value) },
      files: files)
  }

  static let networks = "networks"
  private static let steps = "steps"

  /// Refuses a folder that is of something else.
  static func checkFolder(_ folder: String) throws {
    let manager = FileManager.default
    guard !folder.isEmpty else { throw EspalierError("no folder is named", location: "--out", accepted: "a path") }
    guard manager.fileExists(atPath: folder), !manager.fileExists(atPath: "\(folder)/\(steps)/key") else { return }
    // Another process may be making it at this moment.
    let names = try? manager.contentsOfDirectory(atPath: folder)
    let begun = [networks, steps].flatMap { (try? manager.contentsOfDirectory(atPath: "\(folder)/\($0)")) ?? [] }
    guard let names, names.allSatisfy({ [networks, steps].contains($0) }),
      begun.allSatisfy({ $0.wholeMatch(of: /(key|[0-9a-f]{16}\.onnx)(\.[0-9a-f]{16}\.partial)?/) != nil })
    else {
      throw EspalierError(
        "is there, and is not the folder of a study", file: folder, accepted: "another --out, or an empty folder")
    }
  }

  /// A folder, made if it is not there.
  static func folder(of path: String) throws -> String {
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw EspalierError("cannot be made: \(error.reason)", file: path)
    }
    return path
  }

  /// Refuses a pattern that no arm and no network fits.
  func checkPatterns() throws {
    guard !only.isEmpty else { return }
    let names = try study.jobs().flatMap { [$0.arm, $0.network] }
    if let stranger = only.first(where: { pattern in !names.contains { Glob(pattern).matches($0) } }) {
      throw EspalierError(
        "no arm and no network is called '\(stranger)'"
          + EspalierError.suggestion(for: stranger, among: Array(Set(names)).sorted()),
        location: "--only", accepted: EspalierError.list(Array(Set(names)).sorted()))
    }
  }

  func isWanted(_ job: StudyJob) -> Bool {
    only.isEmpty || only.contains { Glob($0).matches(job.arm) || Glob($0).matches(job.network) }
  }

  /// A network that chains begin from: as it is, or trained.
  private func trained(_ base: StudyPlan.Base, _ store: StepStore, _ context: RunContext) throws -> Model {
    guard let training = base.training else { return base.start }
    let chain = ChainRun(steps: [training], validation: nil, batch: study.batch, store: .open(store))
    let outcome = try naming(location: base.title) { try chain.run(base.start, context) }
    return try Model(outcome.results[0].network, output: base.network.output)
  }

  /// What a chain comes to; nil while another process is at it.
  private func entry(
    _ item: StudyPlan.Item, _ model: Model, _ base: StudyPlan.Base, _ store: StepStore, _ context: RunContext
  ) throws -> StudyEntry? {
    let chain = ChainRun(steps: item.steps, validation: base.data.validation, batch: study.batch, store: .open(store))
    let job = try identity(item, model, base)
    let file = StateFile(store.file(0, "entry", job), job: job)
    func known() throws -> StudyEntry? {
      // The folder is the study's own: what is damaged there, or has lost its networks, is made again.
      let entry = (try? file.load(note: context.note)).flatMap { $0 }.flatMap {
        try? JSONDecoder().decode(StudyEntry.self, from: $0)
      }
      let isWhole = entry?.states.dropFirst().allSatisfy {
        FileManager.default.fileExists(atPath: "\(folder)/\($0.file)") || FileManager.default.fileExists(atPath: $0.file)
      }
      return isWhole == true ? entry : nil
    }
    if let entry = try known() { return entry }
    guard let claim = try store.claim(file.path) else { return nil }
    return try withExtendedLifetime(claim) {
      if let entry = try known() { return entry }
      let outcome = try chain.run(model, context)
      var entry = try StudyEntry(outcome, of: model, study.report, folder: folder, context)
      if study.report.drift > 0, !outcome.results.isEmpty {
        let networks = [(model.path, outcome.jobs[0])] + outcome.results.map { ($0.network, $0.job) }
        let drifts = try stopping("the same command goes on from there") {
          try StudyDrift.of(
            networks, like: model, on: base.data.validation, count: study.report.drift, composite: study.report.driftComposite,
            batch: study.batch, in: store, context)
        }
        for (position, drift) in drifts.enumerated() { entry.states[position + 1].drift = drift }
      }
      try file.save(JSONEncoder().encode(entry))
      return entry
    }
  }

  /// All that an entry depends on.
  private func identity(_ item: StudyPlan.Item, _ model: Model, _ base: StudyPlan.Base) throws -> JobIdentity {
    var job = JobIdentity("study entry")
    job.add("network", try model.job())
    for (position, step) in item.steps.enumerated() {
      job.add("\(position + 1)", type(of: step).name)
      job.add("\(position + 1).\(type(of: step).name)", try step.job(for: model))
    }
    let validation = try PreparedData(base.data.validation, for: model, note: { _ in })
    job.add("validation", try validation.dataset.digest())
    job.add("preprocessing", validation.preprocessing.json)
    job.add("batch", study.batch)
    job.add("latency", study.report.timesNetworks)
    job.add("drift", study.report.drift, default: 0)
    job.add("drift composite", study.report.driftComposite)
    job.add("espalier", Release.version)
    return job
  }
}

extension StudyEntry {
  /// What a chain came to.
  fileprivate init(
    _ outcome: ChainRun.Outcome, of model: Model, _ report: Study.Report, folder: String, _ context: RunContext
  ) throws {
    func score(_ position: Int) -> ChainRun.Score? { position < outcome.scores.count ? outcome.scores[position] : nil }
    func name(_ path: String) -> String { path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path }
    states = [
      State(
        step: "network", file: name(model.path), digest: model.digest, footprint: try Footprint(model.graph), score: score(0),
        notes: [], seconds: 0)
    ]
    for (position, result) in outcome.results.enumerated() {
      let record = outcome.records[position]
      states.append(
        State(
          step: record.step, file: name(result.network), digest: result.digest, footprint: record.after,
          score: score(position + 1), training: record.training,
          scores: record.step == PruneStep.name ? try PruneStep.Details(result.outcome).scores : nil, notes: record.notes,
          seconds: result.seconds))
    }
    if report.timesNetworks, let last = outcome.networks.last {
      latency = try LatencyMeter.measure([model.graph, last], batch: 1)
    }
  }
}
