/// A curve, with a band where its values are uncertain.
public struct LineMark: Mark {
  public let name: String
  public let series: Int
  /// The points in drawing order; where one has no position the curve is interrupted.
  public var points: [Point]
  /// The band's lower and upper end at every point; empty for none.
  public var band: [ClosedRange<Double>?]
  /// Whether points are marked; nil for where they are few.
  public var isMarked: Bool?
  /// Whether the curve goes on at its value up to the next point.
  public var isStepped = false

  /// Above so many points a curve has no markers.
  private static let mostMarkedPoints = 25

  /// Makes a curve.
  public init(
    _ name: String, series: Int, points: [Point], band: [ClosedRange<Double>?] = [], isMarked: Bool? = nil
  ) {
    (self.name, self.series, self.points, self.band, self.isMarked) = (name, series, points, band, isMarked)
  }

  public var xValues: [Double] { points.map(\.x) }
  public var yValues: [Double] { points.map(\.y) + band.compactMap { $0 }.flatMap { [$0.lowerBound, $0.upperBound] } }

  private var hasMarkers: Bool { isMarked ?? (points.count <= Self.mostMarkedPoints) }

  public func draw(on canvas: Canvas, in frame: PlotFrame) {
    let style = frame.style(of: series)
    var edges: [(low: Point, high: Point)] = []
    func fillBand() {
      canvas.fill(edges.map(\.high) + edges.reversed().map(\.low), style.color, opacity: 0.18)
      edges = []
    }
    for (point, range) in zip(points, band) {
      guard let range, let low = frame.point(point.x, range.lowerBound), let high = frame.point(point.x, range.upperBound) else {
        fillBand()
        continue
      }
      edges.append((low, high))
    }
    fillBand()
    let places = points.map { frame.point($0.x, $0.y) }
    for run in places.split(separator: nil) {
      let line = run.compactMap { $0 }
      canvas.line(line, style.color, width: frame.style.lineWidth, dash: style.dash)
      guard hasMarkers || line.count == 1 else { continue }
      for place in line { canvas.draw(style.marker, at: place, radius: 1.6 * frame.style.lineWidth, style.color) }
    }
  }

  public func drawKey(on canvas: Canvas, in box: Rectangle, _ style: SeriesStyle) {
    canvas.line(
      [Point(box.x, box.center.y), Point(box.right, box.center.y)], style.color, width: canvas.style.lineWidth, dash: style.dash)
    if hasMarkers { canvas.draw(style.marker, at: box.center, radius: 1.6 * canvas.style.lineWidth, style.color) }
  }

  public func obstacles(in frame: PlotFrame) -> [Point] {
    let places = points.compactMap { frame.point($0.x, $0.y) }
    // Between its points a line is in the way too.
    return zip(places, places.dropFirst()).flatMap { a, b in
      (0...8).map { Point(a.x + (b.x - a.x) * Double($0) / 8, a.y + (b.y - a.y) * Double($0) / 8) }
    } + places
  }
}
