import Analysis
import Datasets
import Foundation
import Networks
import Results
import Scheduling
import Synchronization
import Tensors

/// Relevance of every picture of a data set, at the input and at every filter, into one HDF5 file.
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
  /// The number of most relevant and most activating pictures of each filter; 0 for none.
  public var top: Int
  /// The filters from which relevance starts; nil for the output.
  public var origin: RelevanceOrigin?
  /// The pictures that a worker takes at a time.
  public var batch: Int
  /// The file to write.
  public var out: String
  /// The file to write the pictures to, with their labels, so that it goes with `out`; nil for none.
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
  /// - Returns: the number of pictures in the file.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  @discardableResult
  public func run(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> Int {
    let rules = composite.flatMap { CompositeCatalog.isFile($0) ? $0 : nil }
    func inputs() -> [String] { model.files + request.files + [rules].compactMap { $0 } }
    try OutputPath.prepare(out, notReplacing: inputs())
    let project = virelay.map { VirelayProject($0, picturesAt: dataOut) }
    try project?.prepare(notReplacing: inputs())
    let picturesOut = dataOut ?? project?.pictures
    if let picturesOut {
      try OutputPath.prepare(picturesOut, notReplacing: inputs())
    }
    try OutputPath.requireDistinct([out] + (project?.files ?? []) + [picturesOut].compactMap { $0 })
    let data = try PreparedData(request, for: model, note: context.note)
    if virelay != nil {
      try VirelayProject.check(data)
      if maps == .none { throw EspalierError("a project needs maps", place: "--virelay", accepted: "--maps float32 or float16") }
    }
    let batch = model.batch(batch, pictures: data.dataset.count)
    let plan = try naming(file: model.path) {
      try AttributionPlan(
        model.graph, attributor: AttributorCatalog.attributor(attributor),
        composite: composite.map { try CompositeCatalog.composite($0) }, start: start, batch: batch, output: model.output,
        details: RelevanceDetails(conservation: conservation, maxima: top > 0, origin: origin))
    }
    context.tellPlan("relevance", bytesPerWorker: plan.bytesPerWorker, batch: batch)
    if let head = plan.skippedHead { context.note("\(model.path): \(head) is left out: relevance starts before it") }
    if case .index(let index)? = target, index >= plan.classes {
      throw EspalierError("class \(index) is not one of the network's", place: "--target", accepted: "0 to \(plan.classes - 1)")
    }
    let isLabelled = try data.isLabelled()
    let target = target ?? (isLabelled ? .label : .predicted)
    let loader = data.loader(batch: batch, classes: isLabelled ? plan.classes : nil)
    let schema = try schema(plan, model, data, target: target, isLabelled: isLabelled)

    if let picturesOut { try PictureFile.write(picturesOut, of: data, isLabelled: isLabelled, context) }
    let count = data.dataset.count
    let store = Mutex(
      InOrder(try PartStore(out, schema: schema, key: key(schema, batch: batch, count: count), note: context.note)))
    let resumed = store.withLock { $0.store.resumed }
    if resumed > 0 { context.note("going on after \(resumed) of \(count) pictures") }
    let parts = PartialProgress()
    let scheduler = context.scheduler(activity: "relevance", batch: batch, pictures: count, parts: parts)
    let epoch = loader.epoch()
    do {
      try naming(file: "\(request.spec)") {
        _ = try scheduler.map(
          shards: min(resumed / batch, epoch.count)..<epoch.count,
          bytesPerWorker: plan.bytesPerWorker, makeWorker: { _ in try AttributionProgram(plan) },
          body: { program, shard in
            defer { parts.finish(shard) }
            program.progress = { parts.report(shard, $0) }
            let pictures = try epoch.batch(shard)
            let rows = try rows(of: pictures, program, target: target, data)
            try store.withLock { try $0.insert(rows, at: shard * batch) }
          })
      }
      try store.withLock { try $0.store.join() }
    } catch is CancellationError {
      let done = try store.withLock { state in
        try state.store.save()
        state.store.discardIfEmpty()
        return state.store.count
      }
      throw RunInterrupted(
        "stopped after \(done) of \(count) pictures; the same command \(done > 0 ? "goes on from there" : "begins anew")")
    } catch {
      store.withLock { $0.store.discardIfEmpty() }
      throw error
    }
    do { try project?.write(out, model: model.path, context) } catch is CancellationError {
      throw RunInterrupted("\(out) is whole, its analysis is not; the same command makes both")
    }
    return count
  }

  private func rows(of pictures: Batch, _ program: AttributionProgram, target: RelevanceTarget, _ data: PreparedData) throws
    -> RelevanceRows
  {
    let shard = try data.shard(pictures, target: target)
    let result = try program.run(shard)
    let labels = pictures.labels.enumerated().map { row, labels in
      UInt16(clamping: labels.first ?? result.prediction.predictedClass(row))
    }
    return RelevanceRows(
      indices: shard.indices.map { UInt32(clamping: $0) }, labels: labels, predictions: result.prediction,
      attribution: maps == .none ? nil : result.input.asMaps, signed: result.signed.map { $0.map(Float.init) },
      absolute: result.absolute.map { $0.map(Float.init) }, maxima: result.maxima, conservation: result.conservation)
  }

  private func schema(
    _ plan: AttributionPlan, _ model: Model, _ data: PreparedData, target: RelevanceTarget, isLabelled: Bool
  ) throws -> RelevanceSchema {
    guard plan.classes <= 1 << 16 else {
      throw EspalierError("the network has \(plan.classes) classes", file: model.path, accepted: "at most 65536")
    }
    let names = data.dataset.classNames ?? []
    let picture = try data.loader(batch: 1).epoch().batch(0).input.asMaps
    let whole = try data.dataset.wholeDigest()
    return RelevanceSchema(
      map: Shape(Array(picture.shape.dimensions.dropFirst())), classes: plan.classes,
      classNames: names.count == plan.classes ? names : [],
      layers: plan.sites.map {
        RelevanceLayer(name: $0.layer.name, node: $0.layer.node.name, order: $0.layer.order, channels: $0.channels)
      },
      precision: maps, isLabelled: isLabelled, top: top, conservation: plan.conservation,
      provenance: [
        "model": model.path, "model_sha256": model.digest, "model_output": model.output, "data": data.request.spec.description,
        "data_sha256": data.dataset.digest(whole: whole), "dataset_sha256": whole, "preprocessing": data.preprocessing.json,
        "attributor": attributor, "composite": plan.composite, "target": target.text,
        "start": start.rawValue, "espalier": Release.version,
      ].merging(origin.map { ["from": $0.description] } ?? [:]) { $1 })
  }

  private func key(_ schema: RelevanceSchema, batch: Int, count: Int) -> String {
    let settings = schema.provenance.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return
      (settings + ["maps \(maps.rawValue)", "conservation \(conservation)", "top \(top)", "batch \(batch)", "pictures \(count)"])
      .map { $0 + "\n" }.joined()
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
  /// The class with the greatest output in a row, the first of equals.
  fileprivate func predictedClass(_ row: Int) -> Int {
    elements[row * shape[1]..<(row + 1) * shape[1]].indexOfGreatest.map { $0 - row * shape[1] } ?? 0
  }

  /// Inputs as pictures [N, C, H, W]: axes that a vector lacks have length 1.
  fileprivate var asMaps: Tensor {
    guard shape.rank != 4, shape.rank > 0 else { return self }
    let rows = shape[0]
    return shape.rank == 3 ? reshaped([rows, 1, shape[1], shape[2]]) : reshaped([rows, 1, 1, rows == 0 ? 0 : count / rows])
  }
}
