import Analysis
import Compression
import Datasets
import Files
import Foundation
import Networks
import ONNX
import Pruning
import Tensors

/// Scores, chooses under a budget, removes with proof, and fits what is left, if that is wanted.
public struct PruneStep: MethodStep {
  public static let name = "prune"

  /// Where scores come from.
  public var scoring: FilterScoring
  /// How channels are chosen.
  public var selection: Selection
  /// Layers whose filters must stay, by pattern.
  public var protected: [String] = []
  /// What may be removed of grouped convolutions.
  public var groups = GroupRemoval.equalShares
  /// What may be removed of attention.
  public var heads = HeadRemoval.equalShares
  /// How the layers behind pruned ones are fitted.
  public var reconstruction = Reconstruction(.none)
  /// The images of a pass whose time is measured for a budget of it.
  public var latencyBatch = 1
  /// The seed of the proof's inputs.
  public var seed: UInt64 = 0
  /// Which of how many steps of equal factors this is that lead to the budget, from 1.
  var part = (number: 1, of: 1)

  /// Makes a step.
  public init(_ scoring: FilterScoring, _ selection: Selection) {
    self.scoring = scoring
    self.selection = selection
  }

  public var files: [String] { scoring.files }

  public func job(for origin: Model) throws -> JobIdentity { try settings(for: origin).job }

  public func check(_ origin: Model, isFirst: Bool) throws {
    let map = try naming(file: origin.path) { try ChannelMap(origin.graph, groups: groups, heads: heads) }
    let channels = try ChannelGroups(map, protecting: protected)
    _ = try naming(file: origin.path) { try ScoredNetwork(channels) }
    // A file that is missing, or holds another criterion, is known now.
    if case .file = scoring.source { _ = try scoring.criterion }
    if case .file = scoring.source, !isFirst {
      throw EspalierError(
        "scores in a file are of the network before the first step", location: "scores", accepted: "criterion=NAME")
    }
    // With equal scores all that may go can go: what is too little then is too little whatever the scores.
    if part.of > 1, selection.budget == nil {
      throw EspalierError("only a budget is reached in steps", location: "--steps", accepted: "--budget KIND=SHARE")
    }
    guard isFirst, selection.budget?.kind != .latency else { return }
    let layers = map.layers
    let equal = FilterScores(
      Dictionary(
        map.linear.map { (layers[$0.node]?.name ?? "", [Double?](repeating: 0, count: $0.outputs.count)) },
        uniquingKeysWith: { first, _ in first }))
    var selection = selection
    (selection.normalisation, selection.perSaving) = (.none, nil)
    try naming(file: origin.path) { _ = try selection.choose(in: channels, by: equal) }
  }

  /// What its report wants to know beside the record.
  struct Details: Codable {
    /// The channels left to groups that were cut to their floor, in all prunings of the chain so far.
    var atFloor: [String: Int] = [:]
    /// How well fitted layers make what they made before.
    var reconstructed: [Reconstruction.Layer] = []
    /// The identity of its scores, which lie in the store; nil where they were not computed.
    var scores: String?
  }

  public func apply(_ input: StepInput, in place: StepPlace, origin: Model, _ context: RunContext) throws -> StepOutcome {
    let current = try input.model(like: origin)
    let before = input.before.last { $0.outcome.record.step == PruneStep.name }
    var details = Details(atFloor: try before.map { try Details($0.outcome).atFloor } ?? [:])

    let map = try naming(file: origin.path) { try ChannelMap(current.graph, groups: groups, heads: heads) }
    let channels = try ChannelGroups(map, protecting: protected)
    let scored = try naming(file: origin.path) { try ScoredNetwork(channels) }
    var selection = selection
    selection.normalisation = try scoring.commonScale
    if let budget = selection.budget {
      selection.rule = .budget(Budget(budget.kind, try share(budget, now: current, from: origin)))
    }
    let (scores, scoringJob) = try self.scores(current, scored, from: input, in: place, origin, context)
    details.scores = scoringJob?.text
    let form = ProofForm(
      original: current.asRead, groups: groups, heads: heads, samples: try samples(for: origin), seed: seed
    ) { pruned in
      try pruned.restoringDeclaredBatch().writeONNX(to: place.network, producerVersion: Release.version)
      return try Model(place.network, output: origin.output, inputs: origin.inputs, axes: origin.axes).asRead
    }
    var pruned = try naming(file: origin.path) {
      try Pruner.prune(
        channels, by: scores, selection, proof: form,
        fusion: scoring.fusion(current, scored, out: place.file("scores.h5"), context),
        latency: selection.budget?.kind == .latency ? latency(map) : nil)
    }
    if pruned.removed.isEmpty { context.note("\(self.selection.rule) is kept already, nothing is removed") }
    if reconstruction.mode != .none {
      let images = try scoring.images(
        current, place.file("scores.h5"), "reconstruction", "--reconstruct \(reconstruction.mode.rawValue)", context)
      (pruned.graph, details.reconstructed) = try stopping {
        try reconstruction.fit(pruned.graph, scored, without: pruned.removed, on: images)
      }
    }
    details.atFloor.merge(pruned.atFloor) { $1 }

    let settings = try settings(for: origin)
    let earlier = try before.flatMap { _ in try PruningRecord(current.graph.metadata) }
    var editor = GraphEditor(try pruned.graph.restoringDeclaredBatch())
    editor.metadata[PruningRecord.metadataKey] = try record(settings, pruned, after: earlier, of: origin).json
    let record = try StepRecord(
      PruneStep.name, settings.job, from: current.graph, digest: input.digest, to: pruned.graph,
      promise: reconstruction.mode == .none ? .maskedTwin : .none,
      proof: pruned.proof, notes: PruneStep.notes(pruned.atFloor), espalier: Release.version)
    try ChainRecord.adding(record, to: &editor.metadata)
    if let notice = try editor.graph().writeONNX(to: place.network, producerVersion: Release.version) {
      context.note("\(place.network): \(notice)")
    }
    return StepOutcome(record, details: try JSONEncoder().encode(details))
  }

  /// Layers that were cut to their floor.
  static func notes(_ atFloor: [String: Int]) -> [String] {
    atFloor.sorted { $0.key < $1.key }.map { "layer \($0) is cut to its floor of \($1.of("channel"))" }
  }

  // MARK: - Scores

  /// The scores, which do not depend on what is kept: those of a chain that differs in nothing else are taken over.
  private func scores(
    _ current: Model, _ scored: ScoredNetwork, from input: StepInput, in place: StepPlace, _ origin: Model,
    _ context: RunContext
  ) throws -> (FilterScores, JobIdentity?) {
    guard !scoring.criteria.isEmpty else {
      return (try scoring.scores(current, scored, out: place.file("scores.h5"), context), nil)
    }
    var settings = StepSettings("scores")
    try scoring.add(to: &settings, for: origin)
    var job = settings.job
    job.add("network", input.digest)
    job.add("read as", try origin.job())
    job.add("protect", protected.joined(separator: " "), default: "")
    job.add("groups", groups.rawValue, default: GroupRemoval.equalShares.rawValue)
    job.add("heads", heads.rawValue, default: HeadRemoval.equalShares.rawValue)
    let file = StateFile(place.shared(PruneStep.scores, job), job: job)
    if let bytes = (try? file.load(note: context.note)).flatMap({ $0 }), let scores = FilterScores(encoded: bytes) {
      return (scores, job)
    }
    let scores = try scoring.scores(current, scored, out: place.file("scores.h5"), context)
    try file.save(scores.encoded)
    return (scores, job)
  }

  private static let scores = "scores"

  /// Where a store has scores.
  static func scoresFile(_ job: JobIdentity, in store: StepStore) -> String { store.shared(scores, job) }

  // MARK: - Budgets and proof

  /// The share of the network as it is now that is kept: parts are equal factors of the whole budget.
  private func share(_ budget: Budget, now: Model, from origin: Model) throws -> Double {
    let kind = budget.kind
    let target = pow(budget.share, Double(part.number) / Double(part.of))
    guard part.number > 1, kind != .latency else {
      return part.number > 1 ? pow(budget.share, 1 / Double(part.of)) : target
    }
    func amount(_ graph: Graph) throws -> Int {
      try LiveNetwork(ChannelMap(graph, groups: groups, heads: heads)).cost.amount(kind) ?? 1
    }
    return min(1, target * Double(try amount(origin.graph)) / Double(max(try amount(now.graph), 1)))
  }

  private func latency(_ map: ChannelMap) -> (Set<Int>) throws -> Double {
    let batch = latencyBatch
    return { removed in try LatencyMeter.measure([try map.graph(without: removed)], batch: batch, passes: 7)[0].median }
  }

  /// Real inputs for the proof, where there are images.
  private func samples(for origin: Model) throws -> Tensor<Float>? {
    guard let request = scoring.data else { return nil }
    let data = try PreparedData(request, for: origin, note: { _ in })
    return try data.loader(batch: min(origin.batch(4), data.dataset.count)).epoch().batch(0).input
  }

  // MARK: - What came of it

  private func record(_ settings: StepSettings, _ pruned: PrunedNetwork, after earlier: PruningRecord?, of origin: Model) throws
    -> PruningRecord
  {
    var kept = earlier?.kept ?? [:]
    for (name, positions) in pruned.kept { kept[name] = kept[name].map { all in positions.map { all[$0] } } ?? positions }
    var filters: [String: Int] = [:]
    for layer in try ChannelMap(origin.graph).linear {
      if let node = origin.graph.node(id: layer.node), kept[node.label] != nil { filters[node.label] = layer.outputs.count }
    }
    let criterion = settings.parameters["criterion"] ?? ""
    let combination = settings.parameters["combine"].map { " by \($0)" } ?? ""
    return PruningRecord(
      criterion: criterion + combination, parameters: settings.parameters, budget: "\(selection.rule)", seeds: settings.seeds,
      digests: settings.digests, proof: (earlier?.proof ?? .none).and(pruned.proof), kept: kept, filters: filters, notes: [],
      espalier: Release.version)
  }

  private func settings(for origin: Model) throws -> StepSettings {
    var settings = StepSettings(PruneStep.name)
    settings.set("budget", "\(selection.rule)")
    if case .kept(let kept) = selection.rule {
      var hash = SHA256()
      for (name, positions) in kept.sorted(by: { $0.key < $1.key }) { hash.update(line: "\(name) \(positions)") }
      settings.digest("kept", hash.hexadecimal)
    }
    if part.of > 1 { settings.set("part", "\(part.number) of \(part.of)") }
    settings.set("scope", selection.scope.rawValue, default: SelectionScope.global.rawValue)
    settings.set("reduce", selection.reduction.rawValue, default: ScoreReduction.mean.rawValue)
    settings.set("floor", "\(selection.floor)", default: "0.05")
    settings.set("round", "\(selection.multiple)", default: "1")
    settings.set("groups", groups.rawValue, default: GroupRemoval.equalShares.rawValue)
    settings.set("heads", heads.rawValue, default: HeadRemoval.equalShares.rawValue)
    settings.set("protect", protected.joined(separator: " "), default: "")
    settings.set("per-saving", selection.perSaving?.rawValue)
    if reconstruction.mode != .none {
      settings.set(
        "reconstruct",
        "\(reconstruction.mode.rawValue) positions=\(reconstruction.positions) ridge=\(reconstruction.ridge)")
      settings.seed("reconstruction", reconstruction.seed)
    }
    if selection.budget?.kind == .latency { settings.set("latency-batch", "\(latencyBatch)", default: "1") }
    settings.seed("proof", seed)
    try scoring.add(to: &settings, for: origin)
    settings.tellDigest("model", origin.digest)
    for (name, source) in origin.inputs { settings.tellDigest("input \(name)", try source.digest()) }
    settings.tell("output", origin.output)
    if !origin.inputs.isEmpty {
      settings.tell("input", origin.inputs.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " "))
    }
    if !origin.axes.isEmpty {
      settings.tell("axis", origin.axes.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " "))
    }
    return settings
  }
}

extension PruneStep.Details {
  init(_ outcome: StepOutcome) throws { self = try JSONDecoder().decode(Self.self, from: outcome.details) }
}
