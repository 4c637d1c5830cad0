import Analysis
import Plotting
import Results
import Tensors

/// Scores of filters, from a file of scores: of one criterion as bars, of several as the correlation of their ranks.
public struct FiltersRun: Sendable {
  /// The layer; nil for the correlation over all layers.
  public var layer: String?
  /// The criteria; all that the file holds if empty.
  public var criteria: [String]
  /// Whether bars stand in the order of the scores.
  public var isSorted: Bool
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(layer: String? = nil, criteria: [String] = [], isSorted: Bool = true, title: String? = nil) {
    self.layer = layer
    self.criteria = criteria
    self.isSorted = isSorted
    self.title = title
  }

  /// Draws, and writes PNG, PDF or SVG by the path's ending.
  ///
  /// - Parameter file: a file of scores.
  /// - Returns: what was drawn, in words.
  /// - Throws: `EspalierError`.
  @discardableResult
  public func write(_ file: String, to output: FigureOutput) throws -> String {
    try output.prepare(notReplacing: [file])
    let (reader, names) = try StoredScores.opened(file, criteria: criteria)
    if names.count == 1 {
      let layers = try reader.layers(of: "scores/\(names[0])")
      guard let layer = layer ?? (layers.count == 1 ? layers[0] : nil) else {
        throw EspalierError("bars are of one layer", file: file, accepted: "--layer, one of \(EspalierError.list(layers))")
      }
      let scores = try reader.scores(names[0], of: layer)
      try output.write(
        FiltersFigure(title: title ?? layer, label: names[0], scores: scores.elements, isSorted: isSorted), of: [file])
      return "\(names[0]) of \(scores.count.of("filter"))"
    }
    let layers = try layer.map { [$0] } ?? reader.layers(of: "scores/\(names[0])")
    guard !layers.isEmpty else {
      throw EspalierError(
        "the file holds no layer's scores by '\(names[0])'", file: file, accepted: "one that espalier score wrote")
    }
    let matrices = try layers.map { layer in
      RankCorrelation.matrix(try names.map { try reader.scores($0, of: layer).elements })
    }
    let caption = layer ?? "mean over \(layers.count.of("layer"))"
    try output.write(
      MatrixFigure(title: title ?? "Rank correlation (\(caption))", names: names, values: RankCorrelation.mean(matrices)),
      of: [file])
    return "rank correlation of \(names.count.of("criterion", "criteria")), \(caption)"
  }
}
