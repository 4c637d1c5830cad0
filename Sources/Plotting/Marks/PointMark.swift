/// Points, with bars where their values are uncertain.
public struct PointMark: Mark {
  public let name: String
  public let series: Int
  /// The points.
  public var points: [Point]
  /// The ends of the bar through every point; empty for none.
  public var errors: [ClosedRange<Double>?]
  /// The size of the marker in parts of the usual.
  public var size = 1.0
  /// Whether markers are outlines.
  public var isHollow = false
  /// The shape, instead of the series'.
  public var marker: SeriesStyle.Marker?

  /// Makes points.
  public init(
    _ name: String, series: Int, points: [Point], errors: [ClosedRange<Double>?] = [], size: Double = 1, isHollow: Bool = false,
    marker: SeriesStyle.Marker? = nil
  ) {
    (self.name, self.series, self.points, self.errors) = (name, series, points, errors)
    (self.size, self.isHollow, self.marker) = (size, isHollow, marker)
  }

  public var xValues: [Double] { points.map(\.x) }
  public var yValues: [Double] { points.map(\.y) + errors.compactMap { $0 }.flatMap { [$0.lowerBound, $0.upperBound] } }

  private func radius(_ style: FigureStyle) -> Double { 1.6 * style.lineWidth * size }

  public func draw(on canvas: Canvas, in frame: PlotFrame) {
    let style = frame.style(of: series)
    for (point, range) in zip(points, errors) {
      guard let range, let low = frame.point(point.x, range.lowerBound), let high = frame.point(point.x, range.upperBound) else {
        continue
      }
      canvas.line([low, high], style.color, width: 0.6 * frame.style.lineWidth)
      for end in [low, high] {
        canvas.line([Point(end.x - 1.6, end.y), Point(end.x + 1.6, end.y)], style.color, width: 0.6 * frame.style.lineWidth)
      }
    }
    for place in points.compactMap({ frame.point($0.x, $0.y) }) {
      canvas.draw(marker ?? style.marker, at: place, radius: radius(frame.style), style.color, isHollow: isHollow)
    }
  }

  public func drawKey(on canvas: Canvas, in box: Rectangle, _ style: SeriesStyle) {
    canvas.draw(
      marker ?? style.marker, at: box.center, radius: min(radius(canvas.style), 0.45 * box.height), style.color,
      isHollow: isHollow)
  }
}
