import Analysis
import Datasets
import Files
import Pruning
import Tensors

extension FilterScoring {
  /// Adds all that scores depend on, but the network.
  ///
  /// - Throws: `EspalierError` if an input cannot be read.
  func add(to settings: inout StepSettings, for origin: Model) throws {
    if let data {
      try data.add(to: &settings, "data")
      settings.tell("preprocess", data.preprocessing)
    }
    let usual: ScoreNormalisation
    switch source {
    case .unneeded: usual = .none
    case .file(let path, _):
      let name = try criterion
      settings.set("criterion", name)
      settings.digest("scores", try SHA256.hexadecimal(ofFile: path))
      usual = CriterionCatalog.isComparable(ParameterList.name(of: name)) ? .none : .l2
    case .criterion(let text):
      let name = try CriterionCatalog.canonical(text)
      settings.set("criterion", name)
      usual = CriterionCatalog.isComparable(ParameterList.name(of: name)) ? .none : .l2
    case .combined(let texts, let combination):
      settings.set("criterion", try texts.map(CriterionCatalog.canonical).joined(separator: " + "))
      settings.set("combine", "\(combination)")
      usual = .l2
    }
    settings.set("normalise", try commonScale.rawValue, default: usual.rawValue)
    if case .file = source { return }

    let names = criteria.map { ParameterList.name(of: $0) }
    if names.contains(where: CriterionCatalog.needsImages) || data != nil && names.isEmpty {
      settings.set("target", try statistics.target?.identity ?? "default", default: "default")
      settings.set("batch", "\(statistics.batch)", default: "32")
    }
    if names.contains(where: ScoreCatalog.names.contains) {
      let isFile = CompositeCatalog.isFile(statistics.composite)
      if isFile {
        settings.tell("composite", statistics.composite)
        settings.digest("composite", try SHA256.hexadecimal(ofFile: statistics.composite))
      } else {
        let composite = try CompositeCatalog.composite(statistics.composite).description
        settings.set("composite", composite, default: try CompositeCatalog.composite(CompositeCatalog.names[0]).description)
      }
      settings.set("start", statistics.start.rawValue, default: RelevanceStart.oneHot.rawValue)
    }
    if names.contains(where: { name in ScoreCatalog.dissection.contains { $0.name == name } }) {
      settings.tell("concepts", statistics.concepts?.description)
      if let concepts = statistics.concepts, let data {
        let prepared = try PreparedData(data, for: origin, note: { _ in })
        settings.digest("concepts", try concepts.open(for: prepared.dataset, preprocessing: prepared.preprocessing).digest())
      }
      settings.set("quantile", "\(statistics.quantile)", default: "0.005")
      settings.set("vote-share", "\(statistics.voteShare)", default: "0.1")
    }
  }
}

extension DataRequest {
  /// Adds which images these are: their digest, which says all that was chosen of them, and what they are prepared by.
  ///
  /// - Throws: `EspalierError` if they cannot be read.
  func add(to settings: inout StepSettings, _ name: String) throws {
    settings.digest(name, try open().digest())
    settings.digest(
      name == "data" ? "preprocess" : "\(name)-preprocess", try preprocessing.map { try SHA256.hexadecimal(ofFile: $0) })
    settings.set("task", task?.rawValue)
    settings.tell(name, spec.description)
    if skip > 0 { settings.tell("skip", "\(skip)") }
    settings.tell("limit", limit.map(String.init))
    settings.tell("per-class", perClass.map(String.init))
    settings.tell("draw", draw.map(String.init))
  }
}
