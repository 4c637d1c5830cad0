import Analysis
import Datasets
import Foundation
import Networks
import Results
import Scheduling
import Synchronization
import Tensors

/// Relevance of every image of a data set, at the input and at every filter, into one HDF5 file.
public struct RelevanceRun: Sendable {
  /// The outer loop, as `NAME[:key=value,…]`.
  public var attributor: String
  /// The rules, as `NAME[:key=value,…]`; nil for the attributor's own.
  public var composite: String?
  /// Whose relevance; nil for the label's, or the predicted class's where there are no labels.
  public var target: RelevanceTarget?
  /// What relevance starts from.
  public var start: RelevanceStart
  /// Whether maps are stored.
  public var maps: MapPrecision
  /// Whether it is told what every layer conserves.
  public var conservation: Bool
  /// The number of most relevant and most activating images of each filter; 0 for none.
  public var top: Int
  /// The filters from which relevance starts; nil for the output.
  public var origin: RelevanceOrigin?
  /// The images that a worker takes at a time.
  public var batch: Int
  /// The file to write.
  public var out: String
  /// The file to write the images to, with their labels, so that it goes with `out`; nil for none.
  public var dataOut: String?
  /// The folder for a project of ViRelAy; nil for none.
  public var virelay: String?

  /// Makes a run.
  public init(
    attributor: String = LRPAttributor.name, composite: String? = nil, target: RelevanceTarget? = nil,
    start: RelevanceStart = .oneHot, maps: MapPrecision = .float32, conservation: Bool = false, top: Int = 0,
    origin: RelevanceOrigin? = nil, batch: Int = 32, out: String, dataOut: String? = nil, virelay: String? = nil
  ) {
    self.attributor = attributor
    self.composite = composite
    self.target = target
    self.start = start
    self.maps = maps
    self.conservation = conservation
    self.top = top
    self.origin = origin
    self.batch = batch
    self.out = out
    self.dataOut = dataOut
    self.virelay = virelay
  }

  /// Computes and writes, or goes on where the same run was stopped.
  ///
  /// - Returns: the number of images in the file.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  @discardableResult
  public func run(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> Int {
    try OutputPath.prepare(out, notReplacing: inputs(model, request))
    let project = virelay.map { VirelayProject($0, imagesAt: dataOut) }
    try project?.prepare(notReplacing: inputs(model, request))
    let imagesOut = dataOut ?? project?.images
    if let imagesOut {
      try OutputPath.prepare(imagesOut, notReplacing: inputs(model, request))
    }
    try OutputPath.requireDistinct([out] + (project?.files ?? []) + [imagesOut].compactMap { $0 })
    let job = try prepare(model, on: request, context)
    if let imagesOut { try ImageFile.write(imagesOut, of: job.data, isLabelled: job.schema.isLabelled, context) }
    let count = try compute(job, over: 0..<job.shards, context) { try $0.join() }
    do { try project?.write(out, model: model.path, context) } catch is CancellationError {
      throw RunInterrupted("\(out) is whole, its analysis is not; the same command makes both")
    }
    return count
  }

  /// Computes a part of the images and writes it, or goes on where the same part was stopped.
  ///
  /// - Returns: what the part is of.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ part: DataPart, of model: Model, on request: DataRequest, _ context: RunContext) throws -> PartReport {
    for (option, value) in [("--virelay", virelay), ("--data-out", dataOut)] where value != nil {
      throw EspalierError("is of all images", location: option, accepted: "parts without it")
    }
    try OutputPath.prepare(out, notReplacing: inputs(model, request))
    let job = try prepare(model, on: request, isPart: true, context)
    var identity = JobIdentity("relevance")
    for (name, value) in job.schema.provenance where !["model", "data", "data_sha256", "dataset_sha256"].contains(name) {
      identity.add(name, value)
    }
    let data = try job.data.identity
    identity.add(data.name, data.digest)
    identity.add("maps", maps.rawValue)
    identity.add("conservation", conservation)
    identity.add("top", top)
    identity.add("batch", job.batch)
    let header = PartFile.Header(
      kind: .relevance, verb: "relevance", job: identity.text, part: part.number, parts: part.count, shards: job.shards)
    let count = job.data.dataset.count
    let partial = try job.data.partial(part.images(of: count, batch: job.batch))
    let content = RelevanceContent(images: count, map: job.schema.map.dimensions, data: partial)
    let range = part.shards(of: job.shards)
    if range.isEmpty {
      try PartFile.write(out, header, content: content, state: Data())
      return PartReport(part, kind: .result, images: 0)
    }
    // What is saved is of these images, whatever the others are.
    let digests = partial.map { PartialData.digests([$0]) } ?? [:]
    let own = try compute(job, over: range, part: part, digests: digests, context) {
      try $0.join(sealed: true) { try PartFile.add(header, content: content, to: $0) }
    }
    return PartReport(part, kind: .result, images: own)
  }

  /// What a run needs before it passes over images.
  private struct Job {
    var data: PreparedData
    var plan: AttributionPlan
    var target: RelevanceTarget
    var loader: Loader
    var schema: RelevanceSchema
    var batch: Int

    var shards: Int { loader.count }
  }

  private func inputs(_ model: Model, _ request: DataRequest) -> [String] {
    let rules = composite.flatMap { CompositeCatalog.isFile($0) ? $0 : nil }
    return model.files + request.files + [rules].compactMap { $0 } + (target?.files ?? [])
  }

  private func prepare(_ model: Model, on request: DataRequest, isPart: Bool = false, _ context: RunContext) throws -> Job {
    let data = try PreparedData(request, for: model, note: context.note)
    if virelay != nil {
      try VirelayProject.check(data)
      if maps == .none {
        throw EspalierError("a project needs maps", location: "--virelay", accepted: "--maps float32 or float16")
      }
    }
    let batch = model.batch(batch, images: data.dataset.count)
    let plan = try naming(file: model.path) {
      try AttributionPlan(
        model.graph, attributor: AttributorCatalog.attributor(attributor),
        composite: composite.map { try CompositeCatalog.composite($0) }, start: start, batch: batch, output: model.output,
        details: RelevanceDetails(conservation: conservation, maxima: top > 0, origin: origin))
    }
    context.tellPlan("relevance", bytesPerWorker: plan.bytesPerWorker, batch: batch)
    if let head = plan.skippedHead { context.note("\(model.path): \(head) is left out: relevance starts before it") }
    let isLabelled = try !data.dataset.labels(0).isEmpty
    let target = try data.target(target, plan.form)
    // Labels are of the network's classes only where they say what is explained, or what belongs together.
    let needsLabels = target.isLabel || virelay != nil
    let loader = try data.loader(
      batch: batch, classes: try needsLabels && data.isLabelled() ? ClassScores.labels(ofOutputs: plan.form.classes) : nil,
      takesMasks: target.needsMasks, takesAnswers: target.isLabel && data.hasPixelLabels())
    let schema = try schema(plan, model, data, target: target, isLabelled: isLabelled, isPart: isPart)
    return Job(data: data, plan: plan, target: target, loader: loader, schema: schema, batch: batch)
  }

  /// Computes the rows of some shards, and goes on where an earlier run stopped.
  ///
  /// - Parameters:
  ///   - part: the part that the shards are.
  ///   - digests: those of the part's own images, where it reads them alone.
  ///   - finish: writes the file from the rows, once they are there.
  /// - Returns: the number of images.
  private func compute(
    _ job: Job, over shards: Range<Int>, part: DataPart? = nil, digests: [String: String] = [:], _ context: RunContext,
    finish: (inout PartStore) throws -> Void
  ) throws -> Int {
    let (batch, all) = (job.batch, job.data.dataset.count)
    let count = min(shards.upperBound * batch, all) - shards.lowerBound * batch
    var identity = self.job(job.schema, batch: batch, count: all)
    identity.add("part", part)
    for (name, digest) in digests { identity.add("part's \(name)", digest) }
    let store = Mutex(InOrder(try PartStore(out, schema: job.schema, job: identity, note: context.note)))
    let resumed = store.withLock { $0.store.resumed }
    if resumed > 0 { context.note("going on after \(resumed) of \(count) images") }
    let parts = PartialProgress()
    let scheduler = context.scheduler(activity: "relevance", batch: batch, images: all, shards: shards, parts: parts)
    let epoch = job.loader.epoch()
    do {
      try naming(file: "\(job.data.request.spec)") {
        _ = try scheduler.map(
          shards: min(shards.lowerBound + resumed / batch, shards.upperBound)..<shards.upperBound,
          bytesPerWorker: job.plan.bytesPerWorker, makeWorker: { _ in try AttributionProgram(job.plan) },
          body: { program, shard in
            defer { parts.finish(shard) }
            program.progress = { parts.report(shard, $0) }
            let images = try epoch.batch(shard)
            let rows = try rows(of: images, program, target: job.target, job.data)
            try store.withLock { try $0.insert(rows, at: (shard - shards.lowerBound) * batch) }
          })
      }
      try store.withLock { try finish(&$0.store) }
    } catch is CancellationError {
      let done = try store.withLock { state in
        try state.store.save()
        state.store.discardIfEmpty()
        return state.store.count
      }
      throw RunInterrupted(
        "stopped after \(done) of \(count) images; the same command \(done > 0 ? "goes on from there" : "begins anew")")
    } catch {
      store.withLock { $0.store.discardIfEmpty() }
      throw error
    }
    return count
  }

  private func rows(of images: Batch, _ program: AttributionProgram, target: RelevanceTarget, _ data: PreparedData) throws
    -> RelevanceRows
  {
    let shard = try data.shard(images, target: target)
    let result = try program.run(shard)
    let predictions = result.prediction.perClass(program.plan.form)
    let labels = try images.labels.enumerated().map { row, labels in
      try UInt16(label: labels.first ?? predictions.predictedClass(row), of: shard.indices[row])
    }
    let input = maps == .none ? nil : result.input.imagesChannelsFirst(shard.layout)
    if maps == .float16, let input, let position = input.elements.firstIndex(where: { abs($0) > 65504 }) {
      throw EspalierError(
        "its relevance of \(input.elements[position]) is too large for float16",
        location: "image \(shard.indices[position / max(input.count / shard.count, 1)])", accepted: "--maps float32")
    }
    let targets =
      target == .data ? try zip(shard.targets, shard.indices).map { try UInt16(label: $0.index ?? 0, of: $1) } : []
    return RelevanceRows(
      indices: shard.indices.map { UInt32(clamping: $0) }, labels: labels, predictions: predictions,
      attribution: input, signed: result.signed.map { $0.map(Float.init) },
      absolute: result.absolute.map { $0.map(Float.init) }, heads: result.heads.map { $0.map(Float.init) }, maxima: result.maxima,
      conservation: result.conservation,
      targets: targets)
  }

  private func schema(
    _ plan: AttributionPlan, _ model: Model, _ data: PreparedData, target: RelevanceTarget, isLabelled: Bool, isPart: Bool
  ) throws -> RelevanceSchema {
    let classes = plan.form.classes
    guard classes <= 1 << 16 else {
      throw EspalierError("the network has \(classes) classes", file: model.path, accepted: "at most 65536")
    }
    func layer(_ site: LayerSite) -> RelevanceLayer {
      RelevanceLayer(name: site.layer.name, node: site.layer.node.name, order: site.layer.order, channels: site.channels)
    }
    let names = data.dataset.classNames ?? []
    let image = try data.loader(batch: 1).epoch().batch(0).input.imagesChannelsFirst(data.layout)
    return RelevanceSchema(
      map: Shape(Array(image.shape.dimensions.dropFirst())), classes: classes,
      classNames: names.count == classes ? names : [], layers: plan.sites.map(layer), heads: plan.heads.map(layer),
      precision: maps, isLabelled: isLabelled, predictsShares: !plan.form.isVector, hasTargets: target == .data, top: top,
      conservation: plan.conservation,
      provenance: [
        "model": model.path, "model_sha256": model.digest, "model_output": model.output, "data": data.request.spec.description,
        "preprocessing": data.preprocessing.json,
        "attributor": attributor, "composite": plan.composite, "target": try target.identity,
        "start": start.rawValue, "espalier": Release.version,
      ].merging(origin.map { ["from": $0.description] } ?? [:]) { $1 }
        .merging(try data.inputProvenance().map { ["inputs": $0] } ?? [:]) { $1 }
        .merging(try data.digests(isPart: isPart)) { $1 })
  }

  private func job(_ schema: RelevanceSchema, batch: Int, count: Int) -> JobIdentity {
    var job = JobIdentity("relevance")
    job.add(schema.provenance, butFor: AnalysisRun.locations)
    job.add("maps", maps.rawValue, default: MapPrecision.float32.rawValue)
    job.add("conservation", conservation, default: false)
    job.add("top", top, default: 0)
    job.add("batch", batch)
    job.add("images", count)
    return job
  }
}

/// Rows that come in the order in which workers finish, handed on in their own.
private struct InOrder {
  var store: PartStore
  private var early: [Int: RelevanceRows] = [:]

  init(_ store: PartStore) { self.store = store }

  mutating func insert(_ rows: RelevanceRows, at start: Int) throws {
    early[start] = rows
    while let next = early.removeValue(forKey: store.count) { try store.append(next) }
  }
}

extension Tensor<Float> {
  /// The class with the greatest output in a row, the first of equals; of a single output, class 1 where it is above 0.
  fileprivate func predictedClass(_ row: Int) -> Int {
    let outputs = elements[row * shape[1]..<(row + 1) * shape[1]]
    guard outputs.count > 1 else { return outputs.first.map { $0 > 0 ? 1 : 0 } ?? 0 }
    return outputs.firstIndex(of: outputs.max() ?? 0).map { $0 - outputs.startIndex } ?? 0
  }
}

extension UInt16 {
  /// A class as files store it.
  fileprivate init(label: Int, of image: Int) throws {
    guard let value = UInt16(exactly: label) else {
      throw EspalierError("its label is \(label)", location: "image \(image)", accepted: "0 to 65535")
    }
    self = value
  }
}

/// What a relevance file is made of beside its rows and what each of its parts says.
struct RelevanceContent: Codable {
  /// The number of all images.
  var images: Int
  /// The lengths of a map's axes, which a file without maps does not say.
  var map: [Int]
  /// What the part knows of the data's digests.
  var data: PartialData?
}
