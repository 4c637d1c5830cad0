/// Bars from zero, side by side where there are several series, with bars of uncertainty.
public struct BarMark: Mark {
  public let name: String
  public let series: Int
  /// The height at the positions 0, 1, 2, …; what is not finite has no bar.
  public var values: [Double]
  /// The ends of uncertainty; empty for none.
  public var errors: [ClosedRange<Double>?]
  /// Which of so many bars at a position it is.
  public var place: (index: Int, count: Int)
  /// The series of bars below zero.
  public var negativeSeries: Int?

  /// Makes bars.
  public init(
    _ name: String, series: Int, values: [Double], errors: [ClosedRange<Double>?] = [], place: (index: Int, count: Int) = (0, 1),
    negativeSeries: Int? = nil
  ) {
    (self.name, self.series, self.values, self.errors) = (name, series, values, errors)
    (self.place, self.negativeSeries) = (place, negativeSeries)
  }

  public var xValues: [Double] { values.isEmpty ? [] : [-0.5, Double(values.count) - 0.5] }
  public var yValues: [Double] { [0] + values + errors.compactMap { $0 }.flatMap { [$0.lowerBound, $0.upperBound] } }

  public func draw(on canvas: Canvas, in frame: PlotFrame) {
    let width = 0.8 / Double(place.count)
    for (position, value) in values.enumerated() where Axis.isDrawable(value) {
      let left = Double(position) - 0.4 + Double(place.index) * width
      guard let base = frame.point(left, 0), let top = frame.point(left + width, value) else { continue }
      let color = frame.style(of: value < 0 ? negativeSeries ?? series : series).color
      canvas.fill(Rectangle(x: base.x, y: min(base.y, top.y), width: top.x - base.x, height: abs(top.y - base.y)), color)
      if position < errors.count, let range = errors[position], let low = frame.point(left + width / 2, range.lowerBound),
        let high = frame.point(left + width / 2, range.upperBound)
      {
        canvas.line([low, high], canvas.theme.ink, width: 0.6)
      }
    }
    if let left = frame.point(frame.x.range.lowerBound, 0) {
      canvas.line([left, Point(frame.rectangle.right, left.y)], canvas.theme.ink, width: 0.5 * frame.style.lineWidth)
    }
  }

  public func obstacles(in frame: PlotFrame) -> [Point] {
    values.enumerated().flatMap { position, value in
      (0...4).compactMap { frame.point(Double(position), value * Double($0) / 4) }
    }
  }
}
