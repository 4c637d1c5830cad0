/// Panels of marks in axes: curves, points, bars, distributions.
public struct PanelsFigure: Figure {
  /// The kind's name.
  public static let kind = "panels"
  /// What the kind shows.
  public static let summary = "curves, points, bars and distributions in axes, in one panel or several"

  /// The title over the figure.
  public var title: String?
  /// The panels.
  public var grid: PanelGrid

  /// Makes a figure.
  public init(title: String? = nil, _ grid: PanelGrid) { (self.title, self.grid) = (title, grid) }

  /// The panels in rows.
  public func composition(_ style: FigureStyle) -> Composition { grid.composition(style) }
}
