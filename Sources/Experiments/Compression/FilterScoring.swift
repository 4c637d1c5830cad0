import Analysis
import Datasets
import Networks
import Pruning
import Results
import Tensors

/// Where the scores of filters come from: a file, weights, statistics of a pass, or images that a criterion observes itself.
public struct FilterScoring: Sendable {
  /// Where scores come from.
  public enum Source: Sendable {
    /// A file that `score` wrote, and the criterion in it; nil where it holds one.
    case file(String, criterion: String?)
    /// A criterion with its parameters.
    case criterion(String)
    /// Several criteria with their parameters, and how they become one.
    case combined([String], ScoreCombination)
    /// None: it is known already which filters stay.
    case unneeded
  }

  /// Where scores come from.
  public var source: Source
  /// How layers are made comparable; nil for what the criterion calls for.
  public var normalisation: ScoreNormalisation?
  /// The images; nil if none are needed.
  public var data: DataRequest?
  /// How data criteria are computed; sites, concepts, composite and batch of it are used.
  public var statistics: ScoreRun

  /// Makes a way to score.
  public init(_ source: Source, normalisation: ScoreNormalisation?, data: DataRequest?, statistics: ScoreRun) {
    self.source = source
    self.normalisation = normalisation
    self.data = data
    self.statistics = statistics
  }

  /// The files that scores are read from or depend on, and the folders of such.
  var files: [String] {
    let scores: [String] = if case .file(let path, _) = source { [path] } else { [] }
    let rules = CompositeCatalog.isFile(statistics.composite) ? [statistics.composite] : []
    return scores + rules + (data?.files ?? []) + (statistics.concepts?.files ?? [])
  }

  /// The criterion as it is reported; that of a file is the one that is read.
  ///
  /// - Throws: `EspalierError` if a file does not hold it.
  var criterion: String {
    get throws {
      switch source {
      case .file(let path, let name): try FilterScoring.criterion(name, in: FilterResultsReader(path), path)
      case .criterion(let name): name
      case .combined(let names, let combination): "\(names.joined(separator: " + ")) by \(combination)"
      case .unneeded: "none"
      }
    }
  }

  /// How layers are made comparable: as asked for, or as the criterion calls for, whether its scores are computed or read.
  ///
  /// - Throws: `EspalierError` if a file does not hold the criterion.
  var commonScale: ScoreNormalisation {
    get throws {
      if let normalisation { return normalisation }
      if case .combined = source { return .l2 }
      if case .unneeded = source { return .none }
      return CriterionCatalog.isComparable(ParameterList.name(of: try criterion)) ? .none : .l2
    }
  }

  /// The criterion of a file that is meant.
  private static func criterion(_ name: String?, in reader: FilterResultsReader, _ path: String) throws -> String {
    let names = try reader.criteria()
    guard !names.isEmpty else {
      throw EspalierError("it holds no scores", file: path, accepted: "a file that espalier score wrote")
    }
    guard let name = name ?? (names.count == 1 ? names[0] : nil), names.contains(name) else {
      throw EspalierError(
        name.map { "it holds no scores by '\($0)'" + EspalierError.suggestion(for: $0, among: names) }
          ?? "it holds scores by \(names.count.of("criterion", "criteria"))", file: path,
        accepted: "--criterion " + EspalierError.list(names))
    }
    return name
  }

  /// The criteria that are computed.
  var criteria: [String] {
    switch source {
    case .file, .unneeded: []
    case .criterion(let name): [name]
    case .combined(let names, _): names
    }
  }

  /// Scores the filters of a network.
  ///
  /// - Parameters:
  ///   - out: where scores are written that a pass over images yields.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  func scores(_ model: Model, _ network: ScoredNetwork, out: String, _ context: RunContext) throws -> FilterScores {
    switch source {
    case .unneeded: return FilterScores([:])
    case .file(let path, let name):
      let reader = try FilterResultsReader(path)
      if let digest = try reader.provenance("model_sha256"), digest != model.digest {
        throw EspalierError(
          "its scores are of another network (SHA-256 \(digest.prefix(12))…)", file: path,
          accepted: "scores of \(model.path) (\(model.digest.prefix(12))…)")
      }
      let name = try FilterScoring.criterion(name, in: reader, path)
      return try naming(file: path) {
        var layers: [String: [Double]] = [:]
        for layer in try reader.layers(of: "scores/\(name)") { layers[layer] = try reader.scores(name, of: layer).elements }
        return try known(FilterScores(layers), network.groups)
      }
    case .criterion(let text): return try scores(by: text, model, network, out, context)
    case .combined(let texts, let combination):
      return try FilterScores(
        texts.map { try scores(by: $0, model, network, out, context) }, combination, normalisation: try commonScale)
    }
  }

  private func scores(by text: String, _ model: Model, _ network: ScoredNetwork, _ out: String, _ context: RunContext) throws
    -> FilterScores
  {
    if let criterion = try CriterionCatalog.criterion(text) { return try criterion.scores(network) }
    if let criterion = try CriterionCatalog.dataCriterion(text) {
      let images = try images(model, out, text, "--criterion \(text)", isOfLoss: criterion.isOfLoss, context)
      return try stopping { try criterion.scores(network, images) }
    }
    guard let request = try ScoreCatalog.request(text) else { throw CriterionCatalog.unknown(text) }
    return try catalogued(request.text, model, out, context)
  }

  /// The scores by a criterion that is read from statistics.
  private func catalogued(_ name: String, _ model: Model, _ out: String, _ context: RunContext) throws -> FilterScores {
    guard let data else { throw EspalierError("'\(name)' needs images", location: "--criterion", accepted: "--data SPEC") }
    var statistics = statistics
    statistics.purpose = .scores([name])
    statistics.out = out
    statistics.sites = SiteRequest(ScoreCatalog.statistics.first { $0.name == ParameterList.name(of: name) }?.site ?? .linear)
    let report = try statistics.run(model, on: data, context)
    return FilterScores(
      Dictionary(
        report.layers.compactMap { layer in layer.scores(name).map { (layer.layer.name, $0.elements) } },
        uniquingKeysWith: { first, _ in first }))
  }

  /// The images as criteria of several sites and the reconstruction see them.
  func images(
    _ model: Model, _ out: String, _ activity: String, _ option: String, isOfLoss: Bool = false, _ context: RunContext
  ) throws -> CriterionImages {
    guard let data else { throw EspalierError("it needs images", location: option, accepted: "--data SPEC") }
    let run = try AnalysisRun(
      model, on: data, concepts: nil, target: statistics.target, batch: statistics.batch, out: out, context)
    if isOfLoss, statistics.target == nil, try !run.data.isLabelled() { throw ScoreRun.needsLabels(activity) }
    if isOfLoss, !run.target.isClass { throw ScoreRun.needsClass(activity, run.target) }
    let epoch = try run.data.loader(batch: run.batch, explaining: run.target, classes: nil).epoch()
    let name = ParameterList.name(of: activity)
    return CriterionImages(
      count: run.data.dataset.count, batch: run.batch, output: model.output,
      scheduler: context.scheduler(activity: name, batch: run.batch, images: run.data.dataset.count),
      read: { index in
        let images = try epoch.batch(index)
        let shard = try run.data.shard(images, target: run.target)
        return AnalysisShard(
          input: images.input, others: images.others,
          images: ShardImages(indices: images.indices, labels: images.labels),
          targets: shard.targets)
      }, catalogued: { try catalogued($0, model, out, context) })
  }

  /// What survivors take over, if there is one criterion and it has surgery.
  func fusion(_ model: Model, _ network: ScoredNetwork, out: String, _ context: RunContext) throws
    -> ((Set<Int>) throws -> ChannelFusion)?
  {
    guard criteria.count == 1, let text = criteria.first else { return nil }
    let ofWeights = try CriterionCatalog.criterion(text) as? any FusingCriterion
    if let criterion = ofWeights { return { try criterion.fusion(of: $0, network, nil) } }
    guard let criterion = try CriterionCatalog.dataCriterion(text) as? any FusingCriterion else { return nil }
    let images = try images(model, out, text, "--criterion \(text)", context)
    return { removed in try stopping { try criterion.fusion(of: removed, network, images) } }
  }

  /// Scores whose layers the network knows.
  private func known(_ scores: FilterScores, _ channels: ChannelGroups) throws -> FilterScores {
    let names = Set(channels.map.layers.values.map(\.name))
    if let stranger = scores.layers.keys.sorted().first(where: { !names.contains($0) }) {
      throw EspalierError("the network has no layer '\(stranger)'", location: "scores", accepted: "scores of this network")
    }
    return scores
  }
}

/// Work that a person may stop, and of which nothing is saved.
///
/// - Parameter next: how to go on.
func stopping<Result>(_ next: String = "the same command begins this pass anew", _ work: () throws -> Result) throws -> Result {
  do { return try work() } catch is CancellationError { throw RunInterrupted("stopped; \(next)") }
}
