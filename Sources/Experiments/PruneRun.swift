import Analysis
import Datasets
import Files
import Foundation
import Networks
import ONNX
import Pruning
import Results
import Tensors
import Training

/// Makes a network smaller: scores, chooses under a budget, removes with proof, tunes; at once or step by step.
public struct PruneRun: Sendable {
  /// Where scores come from.
  public var scoring: FilterScoring
  /// How channels are chosen.
  public var selection: Selection
  /// Layers whose filters must stay, by pattern.
  public var protected: [String]
  /// What may be removed of grouped convolutions.
  public var groups: GroupRemoval
  /// What may be removed of attention.
  public var heads: HeadRemoval
  /// In how many steps the budget is reached; after each the network is tuned, and scored again before the next.
  public var steps: Int
  /// The images for tuning; nil for those of ``scoring``.
  public var tuningData: DataRequest?
  /// The images that accuracy is measured on; nil for those of ``scoring``.
  public var validation: DataRequest?
  /// How the network is tuned after each step; nil for not at all.
  public var tuning: TrainingRun?
  /// How the layers behind pruned ones are fitted.
  public var reconstruction = Reconstruction(.none)
  /// The images of a pass whose time is measured; nil for no measurement.
  public var latencyBatch: Int?
  /// The seed of the proof's inputs.
  public var seed: UInt64
  /// The file to write.
  public var out: String

  /// Makes a run.
  public init(
    _ scoring: FilterScoring, _ selection: Selection, protected: [String] = [], groups: GroupRemoval = .equalShares,
    heads: HeadRemoval = .equalShares, steps: Int = 1, tuningData: DataRequest? = nil, validation: DataRequest? = nil,
    tuning: TrainingRun? = nil,
    latencyBatch: Int? = 1, seed: UInt64 = 0, out: String
  ) {
    self.scoring = scoring
    self.selection = selection
    self.protected = protected
    self.groups = groups
    self.heads = heads
    self.steps = steps
    self.tuningData = tuningData
    self.validation = validation
    self.tuning = tuning
    self.latencyBatch = latencyBatch
    self.seed = seed
    self.out = out
  }

  /// The images for scoring and the proof; nil if none are needed.
  private var data: DataRequest? { scoring.data }

  /// Prunes and writes, or goes on where the same run was stopped.
  ///
  /// Steps that are done lie in a folder beside the result, which goes when that is whole.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, _ context: RunContext) throws -> PruneReport {
    try OutputPath.prepare(
      out, notReplacing: model.files + scoring.files + (tuningData?.files ?? []) + (validation?.files ?? []))
    if tuning != nil, data == nil { throw EspalierError("tuning needs images", location: "--tune", accepted: "--data SPEC") }
    if case .file = scoring.source, steps > 1 {
      throw EspalierError(
        "scores in a file are of the network before the first step", location: "--steps", accepted: "--criterion NAME")
    }
    let store = try RunFolder(out + ".steps", key: record(model, Step.State()).json, isOwn: Step.isNamed)
    // Where no step is done nor begun there is nothing to go on with.
    defer { if (try? store.names().isEmpty) ?? false { store.remove() } }
    let folder = store.path
    let samples = try data.map { try proofSamples($0, model, context) }
    var current = model
    var progress = Step.State()
    var untuned: Graph?
    for step in 1...steps {
      let step = Step(number: step, folder: folder)
      if let done = try step.load(isPruned: true) {
        progress = done
        let state = try step.load(isPruned: false) == nil ? "pruned, not tuned," : "done"
        context.note("step \(step.number) of \(steps): \(state) by an earlier run")
      } else {
        step.forgetEnd()
        progress = try prune(step, current, from: model, progress, samples, context)
        try step.save(progress, isPruned: true)
      }
      if let tuning, let data = tuningData ?? data, try step.load(isPruned: false) == nil {
        var tuning = tuning
        (tuning.out, tuning.history) = (step.tunedPath, step.tunedPath + ".csv")
        _ = try tuning.tune(
          Model(step.prunedPath, output: model.output, inputs: model.inputs, axes: model.axes), on: data, context)
      }
      try step.save(progress, isPruned: false)
      if step.number == steps {
        untuned = try Model(step.prunedPath, output: model.output, inputs: model.inputs, axes: model.axes).graph
      }
      current = try Model(
        tuning == nil ? step.prunedPath : step.tunedPath, output: model.output, inputs: model.inputs, axes: model.axes)
    }
    let report = try self.report(model, untuned ?? current.graph, current.graph, progress, context)
    for note in report.notes { context.note(note) }
    var editor = GraphEditor(try current.graph.restoringDeclaredBatch())
    editor.metadata[PruningRecord.metadataKey] = try record(model, progress, notes: report.notes).json
    if let notice = try editor.graph().writeONNX(to: out, producerVersion: Release.version) { context.note("\(out): \(notice)") }
    store.remove()
    return report
  }

  /// Scores, chooses, removes and writes; what is proven is the file, read again.
  private func prune(
    _ step: Step, _ current: Model, from model: Model, _ before: Step.State, _ samples: Tensor<Float>?, _ context: RunContext
  ) throws -> Step.State {
    let map = try naming(file: model.path) { try ChannelMap(current.graph, groups: groups, heads: heads) }
    let channels = try ChannelGroups(map, protecting: protected)
    let scored = try naming(file: model.path) { try ScoredNetwork(channels) }
    var selection = selection
    selection.normalisation = try scoring.commonScale
    selection.budget.share = try share(of: step.number, now: current, from: model)
    let scores = try scoring.scores(current, scored, out: step.scorePath, context)
    let (path, output, inputs, axes) = (step.prunedPath, model.output, model.inputs, model.axes)
    let form = ProofForm(original: current.asRead, groups: groups, heads: heads, samples: samples, seed: seed) { pruned in
      try pruned.restoringDeclaredBatch().writeONNX(to: path, producerVersion: Release.version)
      return try Model(path, output: output, inputs: inputs, axes: axes).asRead
    }
    var pruned = try naming(file: model.path) {
      try Pruner.prune(
        channels, by: scores, selection, proof: form,
        fusion: scoring.fusion(current, scored, out: step.scorePath, context),
        latency: selection.budget.kind == .latency ? latency(map) : nil)
    }
    if pruned.removed.isEmpty {
      context.note("step \(step.number): \(self.selection.budget) is kept already, nothing is removed")
    }
    var state = before
    state.reconstructed = []
    if reconstruction.mode != .none {
      let images = try scoring.images(
        current, step.scorePath, "reconstruction", "--reconstruct \(reconstruction.mode.rawValue)", context)
      (pruned.graph, state.reconstructed) = try stopping {
        try reconstruction.fit(pruned.graph, scored, without: pruned.removed, on: images)
      }
      try pruned.graph.restoringDeclaredBatch().writeONNX(to: path, producerVersion: Release.version)
    }
    for (name, positions) in pruned.kept {
      state.kept[name] = state.kept[name].map { all in positions.map { all[$0] } } ?? positions
    }
    state.proof = state.proof.and(pruned.proof)
    state.atFloor.merge(pruned.atFloor) { $1 }
    return state
  }

  // MARK: - Notes

  /// Layers that were cut to their floor, and accuracy that guessing gives too.
  private func notes(_ state: Step.State, _ chance: [(when: String, remark: String?)]) -> [String] {
    state.atFloor.sorted { $0.key < $1.key }.map { "layer \($0) is cut to its floor of \($1.of("channel"))" }
      + chance.compactMap { when, remark in remark.map { "\(when): \($0)" } }
  }

  // MARK: - Budgets

  /// The share of the network as it is now that a step keeps: steps are equal factors of the whole budget.
  private func share(of step: Int, now: Model, from model: Model) throws -> Double {
    let target = pow(selection.budget.share, Double(step) / Double(steps))
    guard step > 1, selection.budget.kind != .latency else {
      return step > 1 ? pow(selection.budget.share, 1 / Double(steps)) : target
    }
    let before = try LiveNetwork(ChannelMap(model.graph, groups: groups, heads: heads)).cost.amount(selection.budget.kind) ?? 1
    let left = try LiveNetwork(ChannelMap(now.graph, groups: groups, heads: heads)).cost.amount(selection.budget.kind) ?? 1
    return min(1, target * Double(before) / Double(max(left, 1)))
  }

  private func latency(_ map: ChannelMap) -> (Set<Int>) throws -> Double {
    let batch = latencyBatch ?? 1
    return { removed in try LatencyMeter.measure([try map.graph(without: removed)], batch: batch, passes: 7)[0].median }
  }

  private func proofSamples(_ request: DataRequest, _ model: Model, _ context: RunContext) throws -> Tensor<Float> {
    let data = try PreparedData(request, for: model, note: context.note)
    if tuning != nil { try data.requireLabels() }
    return try data.loader(batch: min(model.batch(4), data.dataset.count)).epoch().batch(0).input
  }

  // MARK: - What came of it

  private func report(_ model: Model, _ pruned: Graph, _ final: Graph, _ state: Step.State, _ context: RunContext) throws
    -> PruneReport
  {
    let (before, after) = (
      try LiveNetwork(ChannelMap(model.graph, groups: groups, heads: heads)).cost,
      try LiveNetwork(ChannelMap(final, groups: groups, heads: heads)).cost
    )
    var accuracy: PruneReport.Accuracy?
    var chance: [(when: String, remark: String?)] = []
    if let request = validation ?? data {
      let prepared = try PreparedData(request, for: model, note: { _ in })
      if try prepared.task == .segmentation ? prepared.hasPixelLabels() : prepared.isLabelled() {
        func evaluate(_ graph: Graph) throws -> EvaluationReport {
          let batch = model.batch(scoring.statistics.batch, images: prepared.dataset.count)
          return try EvaluationRun.evaluate(graph, output: model.output, on: prepared, batch: batch, context)
        }
        let (before, cut) = (try evaluate(model.graph), try evaluate(pruned))
        let tuned = try tuning.map { _ in try evaluate(final) }
        accuracy = PruneReport.Accuracy(
          measure: before.score.name, data: "\(request.spec)", images: prepared.dataset.count, before: before.score.value,
          pruned: cut.score.value, tuned: tuned?.score.value)
        chance = [("before pruning", before.chance), ("after pruning", cut.chance), ("after tuning", tuned?.chance)]
      }
    }
    let timed = try latencyBatch.map { try LatencyMeter.profile([model.graph, final], batch: $0) }
    return PruneReport(
      criterion: try scoring.criterion, budget: "\(selection.budget)", networks: try NetworkComparison(model.graph, final),
      filters: .init(before: before.filters, after: after.filters), accuracy: accuracy,
      latency: timed?.0, profile: timed?.1, notes: notes(state, chance), proof: state.proof,
      reconstruction: state.reconstructed.isEmpty ? nil : state.reconstructed)
  }

  private func record(_ model: Model, _ state: Step.State, notes: [String] = []) throws -> PruningRecord {
    let kept = state.kept
    var parameters = [
      "scope": selection.scope.rawValue, "normalise": try scoring.commonScale.rawValue, "output": model.output,
      "reduce": selection.reduction.rawValue,
      "floor": "\(selection.floor)", "round": "\(selection.multiple)", "groups": groups.rawValue, "heads": heads.rawValue,
      "steps": "\(steps)",
      "protect": protected.joined(separator: " "),
    ]
    if let unit = selection.perSaving { parameters["per-saving"] = unit.rawValue }
    if reconstruction.mode != .none {
      parameters["reconstruct"] =
        "\(reconstruction.mode.rawValue) positions=\(reconstruction.positions) ridge=\(reconstruction.ridge)"
    }
    if selection.budget.kind == .latency { parameters["latency-batch"] = "\(latencyBatch ?? 1)" }
    var digests = ["model": model.digest]
    if let tuning {
      parameters["tuning"] = tuning.settings(for: model.graph).description
      parameters["augmentation"] = tuning.augmentation.map { "pad-crop \($0.padding)\($0.flips ? ", flip" : "")" } ?? "none"
      if let request = tuningData ?? data {
        parameters["tuning-data"] = request.spec.description
        digests["tuning-data"] = try request.open().digest()
        digests["tuning-preprocess"] = try tuningData?.preprocessing.map { try SHA256.hexadecimal(ofFile: $0) }
      }
    }
    if let data {
      parameters["data"] = data.spec.description
      parameters["preprocess"] = data.preprocessing
      digests["preprocess"] = try data.preprocessing.map { try SHA256.hexadecimal(ofFile: $0) }
      if data.skip > 0 { parameters["skip"] = "\(data.skip)" }
      parameters["limit"] = data.limit.map(String.init)
      parameters["task"] = data.task?.rawValue
      parameters["per-class"] = data.perClass.map(String.init)
    }
    if !model.inputs.isEmpty {
      parameters["input"] = model.inputs.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }
    if !model.axes.isEmpty {
      parameters["axis"] = model.axes.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }
    for (name, source) in model.inputs { digests["input \(name)"] = try source.digest() }
    if let data { digests["data"] = try data.open().digest() }
    if case .file(let path, _) = scoring.source {
      digests["scores"] = try SHA256.hexadecimal(ofFile: path)
    } else {
      let names = scoring.criteria.map { ParameterList.name(of: $0) }
      if names.contains(where: CriterionCatalog.needsImages) {
        parameters["target"] = try scoring.statistics.target?.identity ?? "default"
        parameters["batch"] = "\(scoring.statistics.batch)"
      }
      if names.contains(where: ScoreCatalog.names.contains) {
        parameters["composite"] = scoring.statistics.composite
        if CompositeCatalog.isFile(scoring.statistics.composite) {
          digests["composite"] = try SHA256.hexadecimal(ofFile: scoring.statistics.composite)
        }
        parameters["start"] = scoring.statistics.start.rawValue
      }
      if names.contains(where: { name in ScoreCatalog.dissection.contains { $0.name == name } }) {
        parameters["concepts"] = scoring.statistics.concepts?.description
        if let concepts = scoring.statistics.concepts, let data {
          let prepared = try PreparedData(data, for: model, note: { _ in })
          digests["concepts"] = try concepts.open(for: prepared.dataset, preprocessing: prepared.preprocessing).digest()
        }
        parameters["quantile"] = "\(scoring.statistics.quantile)"
        parameters["vote-share"] = "\(scoring.statistics.voteShare)"
      }
    }
    var filters: [String: Int] = [:]
    for layer in try ChannelMap(model.graph).linear {
      if let node = model.graph.node(id: layer.node), kept[node.label] != nil { filters[node.label] = layer.outputs.count }
    }
    var seeds = ["proof": seed]
    if let tuning { seeds["tuning"] = tuning.settings.seed }
    if reconstruction.mode != .none { seeds["reconstruction"] = reconstruction.seed }
    return PruningRecord(
      criterion: try scoring.criterion, parameters: parameters, budget: "\(selection.budget)", seeds: seeds, digests: digests,
      proof: state.proof, kept: kept, filters: filters, notes: notes, espalier: Release.version)
  }

  // MARK: - Steps

  /// One step's files, and how far it is: pruned, or pruned and tuned.
  struct Step {
    var number: Int
    var folder: String
    var scorePath: String { "\(folder)/\(number)-scores.h5" }
    var prunedPath: String { "\(folder)/\(number)-pruned.onnx" }
    var tunedPath: String { "\(folder)/\(number)-tuned.onnx" }

    /// Whether a name is that of a step's file, or of one that belongs to it.
    static func isNamed(_ name: String) -> Bool {
      name.wholeMatch(of: /[0-9]+((-pruned)?\.json|-scores\.h5(\..*)?|-(pruned|tuned)\.onnx(\..*)?)/) != nil
    }

    /// Removes what belongs to another pruning than the one that is about to be made.
    func forgetEnd() { for file in [statePath(false), tunedPath] { unlink(file) } }

    /// All that is known after a step beside its network.
    struct State: Codable {
      /// The kept channels of layers, as positions in the network before the first step.
      var kept: [String: [Int]] = [:]
      /// What was proven of all steps.
      var proof = PruningProof.none
      /// The fitted layers of the step.
      var reconstructed: [Reconstruction.Layer] = []
      /// The channels left to groups that were cut to their floor.
      var atFloor: [String: Int] = [:]
      /// The SHA-256 of the network that it was saved with.
      var digest = ""
    }

    private func statePath(_ isPruned: Bool) -> String { "\(folder)/\(number)\(isPruned ? "-pruned" : "").json" }

    private func networkPath(_ isPruned: Bool) -> String {
      !isPruned && FileManager.default.fileExists(atPath: tunedPath) ? tunedPath : prunedPath
    }

    /// What an earlier run left: after pruning, or at the step's end; nil if it did not come so far, or what it left is damaged.
    func load(isPruned: Bool) throws -> State? {
      guard let bytes = try StateFile(statePath(isPruned), key: "").load(),
        let state = try? JSONDecoder().decode(State.self, from: bytes),
        state.digest == (try? SHA256.hexadecimal(ofFile: networkPath(isPruned)))
      else { return nil }
      return state
    }

    func save(_ state: State, isPruned: Bool) throws {
      var state = state
      state.digest = try SHA256.hexadecimal(ofFile: networkPath(isPruned))
      try StateFile(statePath(isPruned), key: "").save(JSONEncoder().encode(state))
    }
  }
}
