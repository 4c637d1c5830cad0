/// Scores of a layer's filters as bars, the greatest first or in the filters' order.
public struct FiltersFigure: Figure {
  /// The kind's name.
  public static let kind = "filters"
  /// What the kind shows.
  public static let summary = "scores of a layer's filters as bars; of several criteria, their rank correlation"

  /// The title over the figure.
  public var title: String?
  /// What the bars show.
  public var label: String
  /// One score a filter; what is not finite has no bar.
  public var scores: [Double]
  /// The filters from left to right.
  public var order: [Int]
  /// Whether the filters stand by their scores.
  private let isSorted: Bool

  /// Makes a figure.
  ///
  /// - Parameter isSorted: whether the greatest score comes first.
  public init(title: String? = nil, label: String, scores: [Double], isSorted: Bool = true) {
    self.title = title
    self.label = label
    self.scores = scores
    self.isSorted = isSorted
    func rank(_ filter: Int) -> Double { scores[filter].isNaN ? -.infinity : scores[filter] }
    order = isSorted ? scores.indices.sorted { (rank($0), $1) > (rank($1), $0) } : Array(scores.indices)
  }

  /// One panel, as wide as a page unless told otherwise.
  public func composition(_ style: FigureStyle) -> Composition {
    let bars = BarMark("", series: 0, values: order.map { scores[$0] }, negativeSeries: 1)
    let x = PanelAxis(isSorted ? "filter, by score" : "filter", categories: order.map { "\($0)" })
    var grid = PanelGrid([Panel(x: x, y: PanelAxis(label), marks: [bars])])
    grid.panelWidth = style.greatestWidth
    grid.aspect = min(0.68, 120 / style.contentWidth(grid.panelWidth))
    return grid.composition(style)
  }
}
