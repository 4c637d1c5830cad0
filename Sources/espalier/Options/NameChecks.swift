import Analysis
import ArgumentParser
import Networks
import Pruning
import Tensors

/// Names that are known before anything is read: a wrong one is wrong usage.
enum NameChecks {
  /// Refuses a criterion that there is not, with the nearest.
  ///
  /// - Throws: `EspalierError`.
  static func criterion(_ text: String) throws -> String {
    let (name, known) = (ParameterList.name(of: text), CriterionCatalog.names + ScoreCatalog.names)
    guard known.contains(name) else { throw EspalierError(unknown: "criterion", name, among: known, topic: "criteria") }
    _ = try CriterionCatalog.criterion(text)
    _ = try CriterionCatalog.dataCriterion(text)
    return text
  }

  /// Refuses a criterion that a pass does not yield, with the nearest or where it belongs.
  ///
  /// - Throws: `EspalierError`.
  static func score(_ text: String) throws -> String {
    let (name, known) = (ParameterList.name(of: text), ["all"] + ScoreCatalog.names)
    if CriterionCatalog.names.contains(name), !known.contains(name) {
      throw EspalierError(
        "'\(name)' is computed by espalier prune and espalier sensitivity alone",
        accepted: EspalierError.list(known, topic: "criteria"))
    }
    guard known.contains(name) else { throw EspalierError(unknown: "criterion", name, among: known, topic: "criteria") }
    return text
  }

  /// Refuses a statistic that there is not, with the nearest; or a parameter that does not fit.
  ///
  /// - Throws: `EspalierError`.
  static func statistic(_ text: String) throws -> String {
    _ = try StatisticCatalog.requests([text])
    return text
  }

  /// Refuses a composite that there is not, with the nearest, or a parameter that does not fit; files are read later.
  ///
  /// - Throws: `EspalierError`.
  static func composite(_ text: String) throws -> String {
    if !CompositeCatalog.isFile(text) { _ = try CompositeCatalog.composite(text) }
    return text
  }

  /// Refuses an architecture that there is not, with the nearest.
  ///
  /// - Throws: `EspalierError`.
  static func architecture(_ name: String) throws -> String {
    let known = ArchitectureCatalog.all.map(\.name)
    guard known.contains(name) else { throw EspalierError(unknown: "architecture", name, among: known, topic: "architectures") }
    return name
  }
}
