/// A line across a panel at a value: a level to compare with, chance, the diagonal.
public struct RuleMark: Mark {
  /// Where it runs.
  public enum Place: Sendable {
    case horizontal(Double), vertical(Double)
    /// x = y.
    case diagonal
  }

  public let name: String
  public let series = 0
  /// Where it runs.
  public var place: Place

  /// Makes a line.
  public init(_ name: String = "", _ place: Place) { (self.name, self.place) = (name, place) }

  public var xValues: [Double] { if case .vertical(let x) = place { [x] } else { [] } }
  public var yValues: [Double] { if case .horizontal(let y) = place { [y] } else { [] } }

  private static let dash: [Double] = [3, 2]

  public func draw(on canvas: Canvas, in frame: PlotFrame) {
    let ends: (Point?, Point?)
    switch place {
    case .horizontal(let y): ends = (frame.point(frame.x.range.lowerBound, y), frame.point(frame.x.range.upperBound, y))
    case .vertical(let x): ends = (frame.point(x, frame.y.range.lowerBound), frame.point(x, frame.y.range.upperBound))
    case .diagonal:
      let (low, high) = (
        max(frame.x.range.lowerBound, frame.y.range.lowerBound), min(frame.x.range.upperBound, frame.y.range.upperBound)
      )
      ends = low < high ? (frame.point(low, low), frame.point(high, high)) : (nil, nil)
    }
    guard let first = ends.0, let last = ends.1 else { return }
    canvas.line([first, last], canvas.theme.softInk, width: 0.5 * frame.style.lineWidth, dash: Self.dash)
  }

  public func drawKey(on canvas: Canvas, in box: Rectangle, _ style: SeriesStyle) {
    canvas.line(
      [Point(box.x, box.center.y), Point(box.right, box.center.y)], canvas.theme.softInk, width: 0.5 * canvas.style.lineWidth,
      dash: Self.dash)
  }

  public func obstacles(in frame: PlotFrame) -> [Point] {
    guard case .horizontal(let y) = place else { return [] }
    let (low, high) = (frame.x.range.lowerBound, frame.x.range.upperBound)
    return (0...8).compactMap { frame.point(low + (high - low) * Double($0) / 8, y) }
  }
}
