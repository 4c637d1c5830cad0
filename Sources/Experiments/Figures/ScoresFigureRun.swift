import Analysis
import Plotting
import Results
import Tensors

/// Scores of filters by layer, from a file of scores: two criteria against each other, or the distribution of some.
public struct ScoresFigureRun: Sendable {
  /// The criteria.
  public var criteria: [String]
  /// The layers; all if empty.
  public var layers: [String]
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(criteria: [String], layers: [String] = [], title: String? = nil) {
    (self.criteria, self.layers, self.title) = (criteria, layers, title)
  }

  /// So many panels are read; more are refused.
  private static let mostPanels = 60

  /// Draws one criterion over another, a panel a layer, with Spearman's rank correlation over each.
  ///
  /// - Throws: `EspalierError` for scores that the file does not hold.
  public func writeScatter(_ file: String, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [file])
    let (reader, names, layers) = try opened(file)
    guard names.count == 2 else {
      throw EspalierError(
        "\(names.count.of("criterion", "criteria")) for two axes", file: file,
        accepted: "--criterion twice, of \(EspalierError.list(try reader.criteria()))")
    }
    guard layers.count <= Self.mostPanels else {
      throw EspalierError(
        "\(layers.count) layers are more panels than a figure shows", file: file,
        accepted: "--layer, up to \(Self.mostPanels) times")
    }
    let panels = try layers.map { layer -> Panel in
      let (a, b) = (try reader.scores(names[0], of: layer).elements, try reader.scores(names[1], of: layer).elements)
      let points = zip(a, b).map { Point($0, $1) }
      let rank = RankCorrelation.of(a, b)
      let title = rank.isFinite ? "\(layer)  ρ = \(NumberText.decimals(rank, 2))" : layer
      return Panel(
        title: title, x: PanelAxis(names[0]), y: PanelAxis(names[1]),
        marks: [PointMark("", series: 0, points: points, size: points.count > 100 ? 0.6 : 0.9)])
    }
    var grid = PanelGrid(panels, aspect: 0.8, note: "A point a filter; ρ: Spearman's rank correlation.")
    grid.panelWidth = 210
    try output.write(PanelsFigure(title: title, grid), of: [file])
  }

  /// Draws the distribution of scores in every layer, a panel a criterion.
  ///
  /// - Throws: `EspalierError` for scores that the file does not hold.
  public func writeDistributions(_ file: String, shape: DistributionMark.Shape, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [file])
    let (reader, names, layers) = try opened(file)
    let panels = try names.map { name -> Panel in
      let groups = try layers.map { try reader.scores(name, of: $0).elements }
      return Panel(
        x: PanelAxis("", categories: layers), y: PanelAxis(name),
        marks: [DistributionMark("", series: 0, groups: groups, shape: shape)])
    }
    let box = "box: quartiles and median; whiskers: values within 1.5 times the box"
    var grid = PanelGrid(
      panels, columns: layers.count > 12 ? 1 : nil, aspect: layers.count > 12 ? 0.35 : 0.7,
      note: shape == .box
        ? "A " + box + "; points beyond." : "Outline: Gaussian kernel density, its width 1 in each layer; " + box + ".")
    if layers.count > 12 { grid.panelWidth = 490 }
    try output.write(PanelsFigure(title: title, grid), of: [file])
  }

  private func opened(_ file: String) throws -> (FilterResultsReader, criteria: [String], layers: [String]) {
    let (reader, names) = try StoredScores.opened(file, criteria: criteria)
    let there = try reader.layers(of: "scores/\(names[0])")
    for layer in layers where !there.contains(layer) {
      throw EspalierError(
        "there is no layer '\(layer)'" + EspalierError.suggestion(for: layer, among: there), file: file,
        accepted: EspalierError.list(there))
    }
    guard !there.isEmpty else { throw EspalierError("the file holds no layer's scores by '\(names[0])'", file: file) }
    return (reader, names, layers.isEmpty ? there : layers)
  }
}
