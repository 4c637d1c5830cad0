import Analysis
import Compression
import Datasets
import Foundation
import Networks
import ONNX
import Tensors

/// A study with its networks opened and its steps read: what can be refused is refused here, before anything is computed.
struct StudyPlan {
  /// A network that chains begin from.
  struct Base {
    var network: Study.Network
    var data: Study.Data
    /// The seed that it has alone; nil where all seeds share it.
    var seed: UInt64?
    /// The network as it is before the study trains it.
    var start: Model
    /// How the study trains it; nil for not at all.
    var training: TuneStep?

    /// What progress and errors call it.
    var title: String { seed.map { "\(network.name), seed \($0)" } ?? network.name }
  }

  /// A job with its steps.
  struct Item {
    var job: StudyJob
    /// The position of its network among the bases.
    var base: Int
    var steps: [any MethodStep]
  }

  var bases: [Base]
  var items: [Item]

  /// Opens networks and reads steps.
  ///
  /// - Parameters:
  ///   - folder: where networks of named architectures are written.
  ///   - isWanted: the jobs that are asked for.
  /// - Throws: `EspalierError` naming the network, the job and the key at fault.
  init(_ study: Study, folder: String, isWanted: (StudyJob) -> Bool = { _ in true }, note: (String) -> Void) throws {
    if let composite = study.report.driftComposite {
      try naming(location: "report, drift-composite") { _ = try CompositeCatalog.composite(composite) }
    }
    let jobs = try study.jobs().filter(isWanted)
    let cache = DataCache()
    guard !jobs.isEmpty else {
      throw EspalierError("no chain of the study is meant", location: "--only", accepted: "names of its arms or networks")
    }
    var bases: [Base] = []
    var positions: [String: Int] = [:]
    var items: [Item] = []
    for job in jobs {
      guard let network = study.networks.first(where: { $0.name == job.network }) else { continue }
      var data = study.data(of: network)
      (data.train.cache, data.validation.cache) = (cache, cache)
      var seed: UInt64?
      if case .architecture(_, _, _, _, true) = network.source { seed = job.seed }
      let key = "\(network.name) \(seed.map(String.init) ?? "")"
      if positions[key] == nil {
        bases.append(
          try naming(location: "network '\(network.name)'") {
            try Base(network, data, seed: seed, batch: study.batch, folder, note)
          })
        positions[key] = bases.count - 1
      }
      let base = positions[key] ?? 0
      let defaults = StepDefaults(data: data.scoring, whole: data.train, batch: study.batch)
      let steps = try job.steps.enumerated().map { position, step in
        try StepCatalog.step(
          step.name, step.settings, defaults, title: "\(job.title): step \(position + 1) of \(job.steps.count)")
      }
      items.append(Item(job: job, base: base, steps: steps))
    }
    (self.bases, self.items) = (bases, items)
    // Channels, layers and budgets are the same before and after training.
    var checked: Set<String> = []
    for item in items where checked.insert("\(item.base) \(item.job.steps)").inserted {
      do {
        try ChainRun(steps: item.steps, validation: nil, batch: study.batch, store: .besideResult).check(bases[item.base].start)
      } catch var error as EspalierError {
        error.location = [item.job.title, error.location].compactMap { $0 }.joined(separator: ": ")
        throw error
      }
    }
  }
}

extension StudyPlan.Base {
  fileprivate init(
    _ network: Study.Network, _ data: Study.Data, seed: UInt64?, batch: Int, _ folder: String, _ note: (String) -> Void
  ) throws {
    (self.network, self.data, self.seed) = (network, data, seed)
    switch network.source {
    case .file(let path):
      start = try Model(path, output: network.output)
      training = nil
    case .architecture(let name, let input, let classes, let settings, _):
      let (graph, prepared) = try TrainingRun.start(
        name, classes: classes, input: input, seed: seed ?? 0, on: data.train, note: note)
      var editor = GraphEditor(graph)
      editor.metadata["espalier.seed"] = "\(seed ?? 0)"
      if prepared.holdsImages { editor.metadata[Preprocessing.metadataKey] = prepared.preprocessing.json }
      // Under a name that its content gives: no file that is there is another.
      var job = JobIdentity("new network")
      job.add("architecture", name)
      job.add("input", input.map { "\($0)" })
      job.add("classes", classes)
      job.add("seed", seed ?? 0)
      job.add("data", try prepared.dataset.digest())
      job.add("preprocessing", prepared.preprocessing.json)
      job.add("espalier", Release.version)
      let path = try "\(StudyRun.folder(of: folder))/\(job.digest.prefix(16)).onnx"
      try OutputPath.prepare(path, notReplacing: data.train.files + data.validation.files)
      try editor.graph().writeONNX(to: path, producerVersion: Release.version)
      start = try Model(path, output: network.output)
      training = try settings.map { settings in
        var settings = settings.mapValues { $0.replacing("{seed}", with: "\(seed ?? 0)") }
        if settings["rate"] == nil { settings["rate"] = "\(Study.scratchRate)" }
        if settings["seed"] == nil { settings["seed"] = "\(seed ?? 0)" }
        let step = try StepCatalog.step(
          TuneStep.name, settings, StepDefaults(data: data.scoring, whole: data.train, batch: batch), title: "train")
        guard let step = step as? TuneStep else { preconditionFailure("tune is a TuneStep") }
        return step
      }
    }
    if let notice = start.notice { note(notice) }
    // Images that do not fit are refused before anything is computed.
    for (request, key) in [(data.train, "train"), (data.validation, "validation")] {
      let prepared = try PreparedData(request, for: start, note: { _ in })
      try prepared.requireLabels()
      guard request.limit != nil, request.draw == nil, prepared.task == .classification else { continue }
      let labels = try (0..<prepared.dataset.count).reduce(into: Set<Int>()) { $0.formUnion(try prepared.dataset.labels($1)) }
      if labels.count == 1, prepared.dataset.count > 1 {
        throw EspalierError(
          "its first \(prepared.dataset.count) images are all of class \(labels.first ?? 0)", location: "\(key)-limit",
          accepted: "draw = 1 in [data], which draws them at random, or more")
      }
    }
  }
}

extension Study {
  /// A name of a file made of others: their letters and digits, with `-` for all else.
  static func fileName(_ parts: [String]) -> String {
    let text = parts.joined(separator: "-").lowercased()
    let plain = text.unicodeScalars.map {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) ? Character($0) : "-"
    }
    return String(plain).split(separator: "-").joined(separator: "-")
  }
}
