import Analysis
import Datasets
import Files
import Foundation
import Results
import Scheduling
import Synchronization
import Tensors

/// What passes over a data set have in common: reading shards with their masks, going on where an earlier run stopped.
struct AnalysisRun {
  let model: Model
  let data: PreparedData
  let concepts: (any ConceptSource)?
  let target: RelevanceTarget
  let batch: Int
  let out: String
  let part: DataPart?
  let context: RunContext
  /// Where a part keeps how far it is: a folder, which one process at a time has.
  private let folder: RunFolder?
  /// What a part knows of the digests of its data, which it reads alone.
  let partial: PartialData?
  /// ``provenance``, once it is known: digests of data take long.
  private let known = Known()

  private final class Known: Sendable {
    let provenance = Mutex<[String: String]?>(nil)
  }

  /// Opens data and masks, and makes sure that the result can be written.
  ///
  /// - Throws: `EspalierError` if something is missing or does not fit.
  init(
    _ model: Model, on request: DataRequest, concepts spec: ConceptSpec?, target: RelevanceTarget? = nil, batch: Int, out: String,
    part: DataPart? = nil, reading files: [String] = [], _ context: RunContext
  ) throws {
    try OutputPath.prepare(out, notReplacing: model.files + request.files + (spec?.files ?? []) + (target?.files ?? []) + files)
    let data = try PreparedData(request, for: model, note: context.note)
    concepts = try spec.map { try $0.open(for: data.dataset, preprocessing: data.preprocessing) }
    self.target = try target?.resolved(data.dataset.classNames) ?? (data.isLabelled() ? .label : .predicted)
    self.data = data
    self.model = model
    self.batch = model.batch(batch)
    self.out = out
    self.part = part
    self.context = context
    let own = part?.images(of: data.dataset.count, batch: self.batch)
    partial = try own.flatMap { try data.partial($0) }
    folder = try part == nil ? nil : RunFolder(out + ".parts", job: JobIdentity("states of a part")) { stages.contains($0) }
  }

  /// The number of shards of all images.
  var shards: Int { (data.dataset.count + batch - 1) / batch }

  /// The number of images in a part.
  func images(of part: DataPart) -> Int {
    part.images(of: data.dataset.count, batch: batch).count
  }

  /// The number of shards that are passed over: all, or those of the part.
  var ownShards: Int { part?.shards(of: shards).count ?? shards }

  /// Runs a pass over all images, over some shards of them, or over the part of either.
  ///
  /// - Parameters:
  ///   - stage: what the pass does, in a word; it stores how far it is under this name beside the result.
  ///   - chosen: the shards, rising; nil for all.
  ///   - settings: all that the pass depends on beside model and data.
  ///   - fresh: makes empty accumulators.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  func pass(
    _ stage: String, _ plan: AnalysisPlan, shards chosen: [Int]? = nil, job settings: JobIdentity,
    fresh: @escaping @Sendable () -> AnalysisState
  ) throws -> PartialPass {
    let (concepts, data, target) = (concepts, data, target)
    let epoch = try data.loader(batch: batch, explaining: target, classes: plan.classes).epoch()
    let order = chosen ?? Array(0..<shards)
    let needsMasks = concepts != nil && stage == "dissect"
    let pass = AnalysisPass(
      plan, shards: order.count,
      read: { index in
        let images = try epoch.batch(order[index])
        let shard = try data.shard(images, target: target)
        let masks = needsMasks ? try images.indices.map { try concepts!.masks($0) } : []
        return AnalysisShard(
          input: images.input, others: images.others,
          images: ShardImages(indices: shard.indices, labels: images.labels, concepts: masks), targets: shard.targets)
      }, fresh: fresh)
    let range = part?.shards(of: order.count) ?? 0..<order.count
    let store = try store(stage, job: settings)
    var saved = try store.load(note: context.note)
    if let bytes = saved, !PartialPass.isReadable(bytes) {
      context.note("\(stage): '\(store.path)' is of another version of espalier and left aside; the pass begins anew")
      saved = nil
    }
    if saved != nil { context.note("\(stage): going on where an earlier run stopped") }
    let scheduler = context.scheduler(
      activity: stage, batch: batch, images: chosen == nil ? data.dataset.count : order.count * batch, shards: range)
    do {
      return try naming(file: "\(data.request.spec)") {
        try pass.run(scheduler, over: range, from: saved) { try store.save($0) }
      }
    } catch is CancellationError {
      throw interruption(stage, else: "nothing was saved yet, and the same command begins anew")
    }
  }

  /// What is said of a run that was stopped.
  ///
  /// - Parameters:
  ///   - stage: what the pass does, or did last.
  ///   - otherwise: how to go on where nothing of it is saved.
  func interruption(_ stage: String, else otherwise: String) -> RunInterrupted {
    let isSaved = FileManager.default.fileExists(atPath: path(ofStage: stage))
    return RunInterrupted("stopped; \(isSaved ? "the same command goes on from there" : otherwise)")
  }

  /// Where a stage stores what it has, beside the result.
  func store(_ stage: String, job settings: JobIdentity) throws -> StateFile {
    var job = JobIdentity(stage)
    let digests = partial.map { PartialData.digests([$0]) } ?? [:]
    job.add(try provenance.merging(digests) { $1 }, butFor: AnalysisRun.locations)
    job.add("batch", batch)
    job.add("part", part)
    job.add("pass", settings)
    return StateFile(path(ofStage: stage), job: job)
  }

  private func path(ofStage stage: String) -> String { folder.map { "\($0.path)/\(stage)" } ?? out + ".\(stage)" }

  /// Removes what passes stored beside the result.
  func finish(_ stages: String...) { for stage in stages { StateFile(path(ofStage: stage), job: JobIdentity(stage)).remove() } }

  /// Removes the folder of a part, if nothing is in it.
  func discardIfEmpty() { if let folder, (try? folder.names().isEmpty) ?? false { folder.remove() } }

  /// What provenance says of where inputs lie, beside whose digests it stands.
  static let locations: Set<String> = ["model", "data", "concepts_spec"]

  /// What the whole job is, for its parts; nothing of where its files lie.
  ///
  /// - Parameters:
  ///   - settings: what it depends on beside network, data, masks and target.
  ///   - left: names of provenance that it does not depend on.
  func identity(_ job: String, _ settings: [String: String], without left: Set<String> = []) throws -> JobIdentity {
    var identity = JobIdentity(job)
    identity.add(try provenance, butFor: left.union(AnalysisRun.locations).union(["data_sha256", "dataset_sha256"]))
    let data = try data.identity
    identity.add(data.name, data.digest)
    for (name, value) in settings { identity.add(name, value) }
    identity.add("batch", batch)
    return identity
  }

  /// How the numbers came about.
  var provenance: [String: String] {
    get throws {
      try known.provenance.withLock { known in
        if let known { return known }
        var provenance = [
          "model": model.path, "model_sha256": model.digest, "model_output": model.output, "data": data.request.spec.description,
          "preprocessing": data.preprocessing.json, "target": try target.identity, "espalier": Release.version,
        ].merging(try data.digests(isPart: part != nil)) { $1 }
        provenance["inputs"] = try data.inputProvenance()
        provenance["concepts_sha256"] = try concepts?.digest()
        known = provenance
        return provenance
      }
    }
  }
}

/// What passes are for; how far they are is stored under these names.
private let stages: Set = ["thresholds", "found", "dissect", "observe"]

extension ResultLayer {
  /// The layer of a site.
  init(_ site: Site) {
    self.init(name: site.layer.name, node: site.layer.node.name, order: site.layer.order, channels: site.shape.channels)
  }
}
