import Tensors

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
  /// The size of everything in points; two columns of a paper by default.
  public var size: Size

  private static let margin = 6.0
  private static let tickLength = 3.0
  private static let tickFont = Font(7)
  private static let labelFont = Font(8)
  private static let titleFont = Font(9, bold: true)
  /// Under bars at least this wide, in points, every filter has its number.
  private static let numberedWidth = 9.0

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
    size = Size(504, 180)
  }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let margin = FiltersFigure.margin
    let drawn = scores.filter(Axis.isDrawable)
    let axis = Axis(showing: drawn + [0], ticks: 5, endsAtTicks: true)
    let lineHeight = Text("0", FiltersFigure.tickFont).size.height
    var top = margin
    if let title {
      let text = Text(title, FiltersFigure.titleFont, width: size.width - 2 * margin, alignment: .center)
      canvas.draw(text, at: Point(size.width / 2, top), .top)
      top += text.size.height + 4
    }
    top += lineHeight / 2
    let axisText = Text(label, FiltersFigure.labelFont)
    let widest = axis.labels.map { Text($0, FiltersFigure.tickFont).size.width }.max() ?? 0
    let left = margin + axisText.size.height + 3 + widest + FiltersFigure.tickLength + 2
    let below = Text("filter", FiltersFigure.labelFont).size.height
    let frame = Rectangle(
      x: left, y: top, width: max(1, size.width - margin - left),
      height: max(1, size.height - margin - below - 1 - lineHeight - 3 - top))
    canvas.draw(axisText, at: Point(margin, frame.center.y), .top, turned: true)
    canvas.draw(
      Text(isSorted ? "filter, by score" : "filter", FiltersFigure.labelFont), at: Point(frame.center.x, size.height - margin),
      .bottom)
    for (tick, text) in zip(axis.ticks, axis.labels) {
      let y = frame.bottom - axis.share(of: tick) * frame.height
      canvas.line([Point(frame.x, y), Point(frame.right, y)], .hairline, width: 0.4)
      canvas.line([Point(frame.x - FiltersFigure.tickLength, y), Point(frame.x, y)], .ink)
      canvas.draw(
        Text(text, FiltersFigure.tickFont), at: Point(frame.x - FiltersFigure.tickLength - 2, y), .right, color: .softInk)
    }
    let zero = frame.bottom - axis.share(of: 0) * frame.height
    drawBars(on: canvas, frame, axis, zero)
    canvas.line([Point(frame.x, frame.y), Point(frame.x, frame.bottom)], .ink, width: 0.6)
    canvas.line([Point(frame.x, zero), Point(frame.right, zero)], .ink, width: 0.6)
  }

  private func drawBars(on canvas: Canvas, _ frame: Rectangle, _ axis: Axis, _ zero: Double) {
    let step = frame.width / Double(max(1, order.count))
    let widest = Text("\(max(0, scores.count - 1))", FiltersFigure.tickFont).size.width + 3
    let every = max(1, Int((max(widest, FiltersFigure.numberedWidth) / step).rounded(.up)))
    for (position, filter) in order.enumerated() {
      let x = frame.x + Double(position) * step
      if Axis.isDrawable(scores[filter]) {
        let y = frame.bottom - axis.share(of: scores[filter]) * frame.height
        let bar = Rectangle(x: x + 0.1 * step, y: min(y, zero), width: 0.8 * step, height: abs(y - zero))
        canvas.fill(bar, Color.series[scores[filter] < 0 ? 1 : 0])
      }
      if position % every == 0, x + step / 2 + widest / 2 <= size.width - FiltersFigure.margin {
        canvas.draw(
          Text("\(filter)", FiltersFigure.tickFont), at: Point(x + step / 2, frame.bottom + 2), .top, color: .softInk)
      }
    }
  }
}
