import Analysis
import Datasets
import Files
import Foundation
import Results
import Scheduling
import Tensors

extension ScoreRun {
  /// Thresholds, and where they come from.
  struct Thresholds {
    /// One a channel of each site.
    var values: [[Float]]
    /// What they are, for people.
    var description: String
    /// The share of activations above them.
    var quantile: String

    /// The SHA-256 of the values.
    var digest: String {
      var hash = SHA256()
      for layer in values { layer.withUnsafeBytes { hash.update($0) } }
      return hash.hexadecimal
    }
  }

  /// A pass that finds the thresholds of all sites.
  struct ThresholdSearch {
    var plan: AnalysisPlan
    /// The shards that are passed over; nil for all.
    var chosen: [Int]?
    /// The number of these shards.
    var shards: Int
    /// What the whole search is, whatever needs it.
    var identity: JobIdentity
    var content: ThresholdContent
    /// What the pass depends on beside network and data.
    var job: JobIdentity

    /// Passes over the images, or a part of them.
    func pass(_ run: AnalysisRun) throws -> PartialPass {
      run.context.note("thresholds: \(content.description)")
      return try run.pass("thresholds", plan, shards: chosen, job: job, fresh: content.fresh())
    }
  }

  /// The bytes that exact thresholds may take; above, they are those of a sample of the shards.
  static let thresholdBytes = 1 << 28

  /// The thresholds of all sites: from the file that is named, or from a pass of its own.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  func thresholds(_ job: Job, _ model: Model) throws -> Thresholds {
    let run = job.run
    if let file = self.thresholds {
      let thresholds =
        try PartFile.isPart(file) ? joinedThresholds(file, run, model) : readThresholds(file, job.plan.sites, model)
      run.context.note("thresholds: \(thresholds.description)")
      return thresholds
    }
    let search = try thresholdSearch(run, model)
    let store = try run.store("found", job: search.job)
    if let saved = try store.load(note: run.context.note) {
      var decoder = StateDecoder(saved)
      run.context.note("thresholds: \(search.content.description)")
      return search.thresholds(try FilterJoin.thresholds(search.content.sites.map(\.channels), &decoder))
    }
    let found = search.content.thresholds(try search.pass(run).result(search.content.fresh()))
    // A run that is stopped later need not look for them again.
    var encoder = StateEncoder()
    for thresholds in found { encoder.append(thresholds) }
    try store.save(encoder.bytes)
    run.finish("thresholds")
    return search.thresholds(found)
  }

  /// How the thresholds of all sites are found.
  func thresholdSearch(_ run: AnalysisRun, _ model: Model) throws -> ThresholdSearch {
    let plan = try AnalysisPlan(
      model.graph,
      AnalysisRequest(sites: sites, batch: run.batch, output: model.output, keepsMaps: run.ownShards < run.context.workers))
    let images = run.data.dataset.count
    let need = plan.sites.reduce(0) {
      $0 + $1.shape.channels * ThresholdAccumulator.byteCount(share: quantile, images: images, area: $1.shape.area)
    }
    var chosen: [Int]?
    var seen = images
    if need > ScoreRun.thresholdBytes {
      let count = max(1, Int(Double(run.shards) * Double(ScoreRun.thresholdBytes) / Double(need)))
      let shards = (0..<count).map { $0 * run.shards / count }
      seen = shards.reduce(0) { $0 + min(run.batch, images - $1 * run.batch) }
      chosen = shards
    }
    let description =
      chosen == nil
      ? "exact quantile over all \(images.of("image"))"
      : "exact quantile over \(seen) of \(images) images, evenly spaced in batches"
    // Neither masks nor what is explained matter to activations.
    let identity = try run.identity(
      "thresholds",
      [
        "site": sites.kind.rawValue, "layers": sites.patterns.joined(separator: " "), "quantile": "\(quantile)",
        "seen": "\(seen)",
      ],
      without: ["concepts_sha256", "target"])
    var job = JobIdentity("thresholds")
    job.add("sites", sites)
    job.add("quantile", quantile)
    job.add("images", seen)
    return ThresholdSearch(
      plan: plan, chosen: chosen, shards: chosen?.count ?? run.shards, identity: identity,
      content: ThresholdContent(
        sites: plan.sites.map(FilterContent.Site.init), share: quantile, images: seen, description: description),
      job: job)
  }

  /// The thresholds that parts of the search for them found together.
  ///
  /// - Throws: `EspalierError` naming what does not fit.
  private func joinedThresholds(_ path: String, _ run: AnalysisRun, _ model: Model) throws -> Thresholds {
    let file = try PartFile(path)
    guard file.header.kind == .foundThresholds else {
      throw EspalierError("is a part", file: path, accepted: "what espalier join makes of all parts of the first pass")
    }
    let search = try thresholdSearch(run, model)
    if let difference = JobIdentity(text: file.header.job)?.difference(from: search.identity) {
      throw EspalierError(
        "its thresholds are of another job: \(difference.name) is \(difference.here ?? "nothing")", file: path,
        accepted: "\(difference.there ?? "nothing")")
    }
    var decoder = StateDecoder(try file.state())
    let values = try naming(file: path) { try FilterJoin.thresholds(search.content.sites.map(\.channels), &decoder) }
    return search.thresholds(values)
  }

  /// The thresholds that an earlier run found, of the same network at the same positions.
  ///
  /// - Throws: `EspalierError` naming what does not fit.
  func readThresholds(_ path: String, _ sites: [Site], _ model: Model) throws -> Thresholds {
    let file = try FilterResultsReader(path)
    let known = try file.layers(of: "dissection")
    guard !known.isEmpty, let quantile = try file.provenance("quantile"), let found = try file.provenance("thresholds") else {
      throw EspalierError(
        "holds no thresholds", file: path, accepted: "a file that espalier dissect wrote, or score with --concepts")
    }
    guard try file.provenance("model_sha256") == model.digest else {
      throw EspalierError(
        "its thresholds are of another network, '\(try file.provenance("model") ?? "unknown")'", file: path,
        accepted: "those of '\(model.path)'")
    }
    let kind = try file.provenance("site") ?? "unknown"
    guard kind == self.sites.kind.rawValue else {
      throw EspalierError(
        "its thresholds are of --site \(kind)", file: path, accepted: "--site \(kind), or a file of --site \(self.sites.kind)")
    }
    let values = try sites.map { site in
      let name = ResultLayer(site).name
      guard known.contains(name) else {
        throw EspalierError(
          "holds no thresholds of layer '\(name)'", file: path,
          accepted: EspalierError.list(known))
      }
      let thresholds = try file.dissection(of: name).thresholds
      guard thresholds.count == site.shape.channels else {
        throw EspalierError(
          "holds \(thresholds.count) thresholds of layer '\(name)'", file: path, accepted: "\(site.shape.channels), one a filter")
      }
      return thresholds.elements
    }
    return Thresholds(values: values, description: "\(found), read from '\(path)'", quantile: quantile)
  }
}

extension ScoreRun.ThresholdSearch {
  /// Found thresholds, as a run takes them.
  fileprivate func thresholds(_ values: [[Float]]) -> ScoreRun.Thresholds {
    ScoreRun.Thresholds(values: values, description: content.description, quantile: "\(content.share)")
  }
}
