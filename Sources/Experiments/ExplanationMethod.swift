import Analysis
import Tensors

/// An attributor with its composite, as measures compare them.
public struct ExplanationMethod: Sendable, CustomStringConvertible {
  /// The text that it was made from.
  public let description: String
  /// The outer loop.
  public let attributor: any Attributor
  /// The rules.
  public let composite: Composite

  /// Parses `ATTRIBUTOR[:key=value,…][/COMPOSITE[:key=value,…]]`, or a composite alone, which stands for `lrp/COMPOSITE`.
  ///
  /// - Throws: `EspalierError` naming what is not known, and what is.
  public init(_ text: String) throws {
    description = text
    // A file's path may hold slashes of its own.
    if CompositeCatalog.isFile(text),
      !AttributorCatalog.all.contains(where: { text.hasPrefix($0.name + "/") || text.hasPrefix($0.name + ":") })
    {
      attributor = try AttributorCatalog.attributor(LRPAttributor.name)
      composite = try CompositeCatalog.composite(text)
      return
    }
    let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = String(halves[0].prefix { $0 != ":" })
    if AttributorCatalog.all.contains(where: { $0.name == name }) {
      attributor = try AttributorCatalog.attributor(halves[0])
      composite = try CompositeCatalog.composite(halves.count > 1 ? halves[1] : type(of: attributor).composite)
    } else if halves.count == 1, CompositeCatalog.names.contains(name) {
      attributor = try AttributorCatalog.attributor(LRPAttributor.name)
      composite = try CompositeCatalog.composite(text)
    } else {
      let known = AttributorCatalog.all.map { $0.name } + CompositeCatalog.names
      var error = EspalierError(unknown: "method", name, among: known)
      error.accepted = "an attributor, a composite, or ATTRIBUTOR/COMPOSITE: espalier help methods"
      throw error
    }
  }

  /// The passes, compiled.
  ///
  /// - Throws: `EspalierError` naming the layer that a rule does not fit.
  func plan(_ model: Model, start: RelevanceStart, batch: Int) throws -> AttributionPlan {
    try naming(file: model.path) {
      try AttributionPlan(
        model.graph, attributor: attributor, composite: composite, start: start, batch: batch, output: model.output)
    }
  }
}
