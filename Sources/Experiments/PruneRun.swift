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
  /// In how many steps the budget is reached; after each the network is tuned, and scored again before the next.
  public var steps: Int
  /// The pictures for tuning; nil for those of ``scoring``.
  public var tuningData: DataRequest?
  /// The pictures that accuracy is told of; nil for those of ``scoring``.
  public var validation: DataRequest?
  /// How the network is tuned after each step; nil for not at all.
  public var tuning: TrainingRun?
  /// How the layers behind pruned ones are fitted.
  public var reconstruction = Reconstruction(.none)
  /// The pictures of a pass whose time is measured; nil for no measurement.
  public var latencyBatch: Int?
  /// The seed of the proof's inputs.
  public var seed: UInt64
  /// The file to write.
  public var out: String

  /// Makes a run.
  public init(
    _ scoring: FilterScoring, _ selection: Selection, protected: [String] = [], groups: GroupRemoval = .equalShares,
    steps: Int = 1, tuningData: DataRequest? = nil, validation: DataRequest? = nil, tuning: TrainingRun? = nil,
    latencyBatch: Int? = 1, seed: UInt64 = 0, out: String
  ) {
    self.scoring = scoring
    self.selection = selection
    self.protected = protected
    self.groups = groups
    self.steps = steps
    self.tuningData = tuningData
    self.validation = validation
    self.tuning = tuning
    self.latencyBatch = latencyBatch
    self.seed = seed
    self.out = out
  }

  /// The pictures for scoring and the proof; nil if none are needed.
  private var data: DataRequest? { scoring.data }

  /// Prunes and writes, or goes on where the same run was stopped.
  ///
  /// Steps that are done lie in a folder beside the result, which goes when that is whole.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, _ context: RunContext) throws -> PruneReport {
    try OutputPath.prepare(
      out, notReplacing: model.files + scoring.files + (tuningData?.files ?? []) + (validation?.files ?? []))
    if tuning != nil, data == nil { throw EspalierError("tuning needs pictures", place: "--tune", accepted: "--data SPEC") }
    if case .file = scoring.source, steps > 1 {
      throw EspalierError(
        "scores in a file are of the network before the first step", place: "--steps", accepted: "--criterion NAME")
    }
    let store = try RunFolder(out + ".steps", key: record(model, [:], .none).json, isOwn: Step.isNamed)
    // Where no step is done nor begun there is nothing to go on with.
    defer { if (try? store.names().isEmpty) ?? false { store.remove() } }
    let folder = store.path
    let samples = try data.map { try proofSamples($0, model, context) }
    var current = model
    var kept: [String: [Int]] = [:]
    var proof = PruningProof.none
    var reconstructed: [Reconstruction.Layer] = []
    var untuned: Graph?
    for step in 1...steps {
      var step = Step(number: step, folder: folder)
      if let done = try step.load(of: model) {
        context.note("step \(step.number) of \(steps): done by an earlier run")
        (current, kept, proof) = (done.model, done.kept, done.proof)
        if step.number == steps { untuned = try Graph(onnx: step.prunedPath).withSymbolicBatch().graph }
        continue
      }
      let map = try naming(file: model.path) { try ChannelMap(current.graph, groups: groups) }
      let channels = try ChannelGroups(map, protecting: protected)
      let scored = try naming(file: model.path) { try ScoredNetwork(channels) }
      let scores = try scoring.scores(current, scored, out: step.scorePath, context)
      var selection = selection
      selection.budget.share = try share(of: step.number, now: current, from: model)
      var pruned = try naming(file: model.path) {
        try Pruner.prune(
          channels, by: scores, selection, samples: samples, seed: seed,
          fusion: scoring.fusion(current, scored, out: step.scorePath, context), latency: latency(map))
      }
      if reconstruction.mode != .none {
        let pictures = try scoring.pictures(
          current, step.scorePath, "reconstruction", "--reconstruct \(reconstruction.mode.rawValue)", context)
        (pruned.graph, reconstructed) = try stopping {
          try reconstruction.fit(pruned.graph, scored, without: pruned.removed, on: pictures)
        }
      }
      for (name, places) in pruned.kept { kept[name] = kept[name].map { all in places.map { all[$0] } } ?? places }
      proof = proof.worse(of: pruned.proof)
      untuned = pruned.graph
      try pruned.graph.restoringDeclaredBatch().writeONNX(to: step.prunedPath, producerVersion: Release.version)
      if let tuning, let data = tuningData ?? data {
        var tuning = tuning
        (tuning.out, tuning.history) = (step.tunedPath, step.tunedPath + ".csv")
        _ = try tuning.tune(Model(step.prunedPath, output: model.output, inputs: model.inputs), on: data, context)
      }
      try step.finish(kept, proof, isTuned: tuning != nil)
      current = try Model(step.path, output: model.output, inputs: model.inputs)
    }
    var report = try self.report(model, untuned ?? current.graph, current.graph, proof, context)
    report.reconstruction = reconstructed.isEmpty ? nil : reconstructed
    var editor = GraphEditor(try current.graph.restoringDeclaredBatch())
    editor.metadata[PruningRecord.metadataKey] = try record(model, kept, proof).json
    try editor.graph().writeONNX(to: out, producerVersion: Release.version)
    store.remove()
    return report
  }

  // MARK: - Budgets

  /// The share of the network as it is now that a step keeps: steps are equal factors of the whole budget.
  private func share(of step: Int, now: Model, from model: Model) throws -> Double {
    let target = pow(selection.budget.share, Double(step) / Double(steps))
    guard step > 1, selection.budget.kind != .latency else {
      return step > 1 ? pow(selection.budget.share, 1 / Double(steps)) : target
    }
    let before = try LiveNetwork(ChannelMap(model.graph, groups: groups)).cost.amount(selection.budget.kind) ?? 1
    let left = try LiveNetwork(ChannelMap(now.graph, groups: groups)).cost.amount(selection.budget.kind) ?? 1
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

  private func report(_ model: Model, _ pruned: Graph, _ final: Graph, _ proof: PruningProof, _ context: RunContext) throws
    -> PruneReport
  {
    let (before, after) = (
      try LiveNetwork(ChannelMap(model.graph, groups: groups)).cost, try LiveNetwork(ChannelMap(final, groups: groups)).cost
    )
    var accuracy: PruneReport.Accuracy?
    if let request = validation ?? data {
      let prepared = try PreparedData(request, for: model, note: { _ in })
      if try prepared.isLabelled() {
        func evaluate(_ graph: Graph) throws -> EvaluationReport {
          let batch = model.batch(scoring.statistics.batch, pictures: prepared.dataset.count)
          return try EvaluationRun.evaluate(graph, output: model.output, on: prepared, batch: batch, context)
        }
        let (before, cut) = (try evaluate(model.graph), try evaluate(pruned))
        let tuned = try tuning.map { _ in try evaluate(final) }
        accuracy = PruneReport.Accuracy(
          data: "\(request.spec)", before: before.top1, pruned: cut.top1, tuned: tuned?.top1)
        if let chance = (tuned ?? cut).chance { context.note("\(tuned == nil ? "pruned" : "tuned"): \(chance)") }
      }
    }
    let timed = try latencyBatch.map { try LatencyMeter.profile([model.graph, final], batch: $0) }
    return PruneReport(
      criterion: scoring.criterion, budget: "\(selection.budget)", networks: try NetworkComparison(model.graph, final),
      filters: .init(before: before.filters, after: after.filters), accuracy: accuracy,
      latency: timed?.0, profile: timed?.1, proof: proof)
  }

  private func record(_ model: Model, _ kept: [String: [Int]], _ proof: PruningProof) throws -> PruningRecord {
    var parameters = [
      "scope": selection.scope.rawValue, "normalise": selection.normalisation.rawValue, "reduce": selection.reduction.rawValue,
      "floor": "\(selection.floor)", "round": "\(selection.multiple)", "groups": groups.rawValue, "steps": "\(steps)",
      "protect": protected.joined(separator: " "),
    ]
    if let unit = selection.perSaving { parameters["per-saving"] = unit.rawValue }
    if reconstruction.mode != .none {
      parameters["reconstruct"] =
        "\(reconstruction.mode.rawValue) positions=\(reconstruction.positions) ridge=\(reconstruction.ridge)"
    }
    if let tuning { parameters["tuning"] = tuning.settings(for: model.graph).description }
    if let data {
      parameters["data"] = data.spec.description
      parameters["preprocess"] = data.preprocessing
      if data.skip > 0 { parameters["skip"] = "\(data.skip)" }
      parameters["limit"] = data.limit.map(String.init)
      parameters["per-class"] = data.perClass.map(String.init)
    }
    if !model.inputs.isEmpty {
      parameters["input"] = model.inputs.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }
    var digests = ["model": model.digest]
    for (name, source) in model.inputs { digests["input \(name)"] = try source.digest() }
    if let data { digests["data"] = try data.open().digest() }
    if case .file(let path, _) = scoring.source {
      digests["scores"] = try SHA256.hexadecimal(ofFile: path)
    } else if scoring.criteria.contains(where: ScoreCatalog.names.contains) {
      parameters["composite"] = scoring.statistics.composite
      parameters["start"] = scoring.statistics.start.rawValue
      parameters["target"] = scoring.statistics.target?.text
      parameters["concepts"] = scoring.statistics.concepts?.description
    }
    var filters: [String: Int] = [:]
    for layer in try ChannelMap(model.graph).linear {
      if let node = model.graph.node(id: layer.node), kept[node.label] != nil { filters[node.label] = layer.outputs.count }
    }
    var seeds = ["proof": seed]
    if let tuning { seeds["tuning"] = tuning.settings.seed }
    if reconstruction.mode != .none { seeds["reconstruction"] = reconstruction.seed }
    return PruningRecord(
      criterion: scoring.criterion, parameters: parameters, budget: "\(selection.budget)", seeds: seeds, digests: digests,
      proof: proof, kept: kept, filters: filters, espalier: Release.version)
  }

  // MARK: - Steps

  /// One step's files.
  struct Step {
    var number: Int
    var folder: String
    var scorePath: String { "\(folder)/\(number)-scores.h5" }
    var prunedPath: String { "\(folder)/\(number)-pruned.onnx" }
    var tunedPath: String { "\(folder)/\(number)-tuned.onnx" }
    var isTuned = false
    /// Whether a name is that of a step's file, or of one that belongs to it.
    static func isNamed(_ name: String) -> Bool {
      name.wholeMatch(of: /[0-9]+(\.json|-scores\.h5(\..*)?|-(pruned|tuned)\.onnx(\..*)?)/) != nil
    }
    /// The network that the step ends with.
    var path: String { isTuned ? tunedPath : prunedPath }

    private struct State: Codable {
      var kept: [String: [Int]]
      var proof: PruningProof
      var isTuned: Bool
      /// Of the network that the step ends with.
      var digest: String
    }

    mutating func load(of model: Model) throws -> (model: Model, kept: [String: [Int]], proof: PruningProof)? {
      guard let bytes = try StateFile("\(folder)/\(number).json", key: "").load(),
        let state = try? JSONDecoder().decode(State.self, from: bytes)
      else { return nil }
      isTuned = state.isTuned
      // A damaged step is done again.
      guard try SHA256.hexadecimal(ofFile: path) == state.digest else { return nil }
      return (try Model(path, output: model.output, inputs: model.inputs), state.kept, state.proof)
    }

    mutating func finish(_ kept: [String: [Int]], _ proof: PruningProof, isTuned: Bool) throws {
      self.isTuned = isTuned
      let state = State(kept: kept, proof: proof, isTuned: isTuned, digest: try SHA256.hexadecimal(ofFile: path))
      try StateFile("\(folder)/\(number).json", key: "").save(JSONEncoder().encode(state))
    }
  }
}

extension PruningProof {
  /// Nothing compared yet.
  static let none = PruningProof(greatestDifference: 0, scale: 0, inputs: 0)

  /// The one with the greater difference in parts of its scale, with all inputs counted.
  func worse(of other: PruningProof) -> PruningProof {
    var worse = other.inputs > 0 && (inputs == 0 || other.relativeDifference >= relativeDifference) ? other : self
    worse.inputs = inputs + other.inputs
    return worse
  }
}
