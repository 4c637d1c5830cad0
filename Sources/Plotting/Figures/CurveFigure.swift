import Tensors

/// Curves over a common axis, such as loss and accuracy over the epochs of training.
public struct CurveFigure: Figure {
  /// One curve.
  public struct Series: Sendable {
    /// The name in the legend.
    public var name: String
    /// The points in drawing order; where one is not finite, the curve is interrupted.
    public var points: [Point]

    /// Makes a curve of points in data coordinates.
    public init(_ name: String, _ points: [Point]) { (self.name, self.points) = (name, points) }

    /// Makes a curve of values at 1, 2, 3, …, such as one per epoch.
    public init(_ name: String, values: [Double], startingAt first: Int = 1) {
      self.init(name, values.enumerated().map { Point(Double(first + $0), $1) })
    }
  }

  /// The kind's name.
  public static let kind = "curve"
  /// What the kind shows.
  public static let summary = "curves over a common axis, such as loss or accuracy over epochs"

  /// The title over the figure.
  public var title: String?
  /// What the axes show, with units.
  public var xLabel, yLabel: String
  /// The curves, in the legend's order.
  public var series: [Series]
  /// The size of everything in points; one column of a paper by default.
  public var size = Size(252, 180)

  private static let margin = 6.0
  private static let tickLength = 3.0
  private static let mostMarkedPoints = 25
  private static let tickFont = Font(7)
  private static let labelFont = Font(8)
  private static let titleFont = Font(9, bold: true)
  private static let dashes: [[Double]] = [[], [4, 2], [1.5, 1.5]]

  /// Makes a figure of curves.
  public init(title: String? = nil, xLabel: String, yLabel: String, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
  }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let x = xAxis
    let y = yAxis
    let frame = plotFrame(x, y)
    func position(_ point: Point) -> Point {
      Point(frame.x + x.share(of: point.x) * frame.width, frame.bottom - y.share(of: point.y) * frame.height)
    }
    drawLabels(on: canvas, frame)
    drawAxes(on: canvas, frame, x, y)
    for (index, curve) in series.enumerated() {
      for run in curve.points.split(whereSeparator: { !CurveFigure.isDrawable($0) }) {
        let points = run.map(position)
        canvas.line(points, color(index), width: 1.2, dash: dash(index))
        if curve.points.count <= CurveFigure.mostMarkedPoints || points.count == 1 {
          for point in points { canvas.fillCircle(at: point, radius: 1.6, color(index)) }
        }
      }
    }
  }

  private func color(_ index: Int) -> Color { Color.series[index % Color.series.count] }
  private func dash(_ index: Int) -> [Double] {
    CurveFigure.dashes[index / Color.series.count % CurveFigure.dashes.count]
  }

  private static func isDrawable(_ point: Point) -> Bool { Axis.isDrawable(point.x) && Axis.isDrawable(point.y) }
}

/// Layout.
extension CurveFigure {
  private var drawablePoints: [Point] { series.flatMap(\.points).filter(CurveFigure.isDrawable) }

  /// With as many ticks as leave room between their labels.
  private var xAxis: Axis {
    let values = drawablePoints.map(\.x)
    let areWhole = values.allSatisfy { $0 == $0.rounded() }
    let axes = [6, 5, 4, 3, 2, 1].map { Axis(showing: values, ticks: $0, wholeNumbers: areWhole) }
    return axes.first { axis in
      let widest = axis.labels.map { Text($0, CurveFigure.tickFont).size.width }.max() ?? 0
      return Double(axis.labels.count) * (widest + 8) <= 0.8 * size.width
    } ?? axes[axes.count - 1]
  }

  private var yAxis: Axis { Axis(showing: drawablePoints.map(\.y), ticks: 5, endsAtTicks: true) }

  private var titleText: Text? {
    title.map { Text($0, CurveFigure.titleFont, width: size.width - 2 * CurveFigure.margin, alignment: .center) }
  }

  /// The legend's entries in rows that fit the width; none for a single curve without a name.
  private var legendRows: [[(index: Int, text: Text, width: Double)]] {
    var rows: [[(index: Int, text: Text, width: Double)]] = []
    let room = size.width - 2 * CurveFigure.margin
    var used = room
    for (index, curve) in series.enumerated() where !curve.name.isEmpty {
      let text = Text(curve.name, CurveFigure.tickFont, width: room - 20)
      let width = 20 + text.size.width + 8
      if used + width - 8 > room {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append((index, text, width))
      used += width
    }
    return rows
  }

  private func height(of row: [(index: Int, text: Text, width: Double)]) -> Double { row.map(\.text.size.height).max() ?? 0 }

  /// The rectangle inside the axes: what titles, legend and labels leave.
  private func plotFrame(_ x: Axis, _ y: Axis) -> Rectangle {
    let margin = CurveFigure.margin
    func text(_ label: String) -> Size { Text(label, CurveFigure.tickFont).size }
    let lineHeight = text("0").height
    var top = margin + (titleText.map { $0.size.height + 2 } ?? 0)
    top += legendRows.map { height(of: $0) + 1 }.reduce(0, +) + lineHeight / 2
    var left = margin + CurveFigure.tickLength + 2 + (y.labels.map { text($0).width }.max() ?? 0)
    if !yLabel.isEmpty { left += Text(yLabel, CurveFigure.labelFont).size.height + 3 }
    var bottom = size.height - margin - CurveFigure.tickLength - 1 - lineHeight
    if !xLabel.isEmpty { bottom -= Text(xLabel, CurveFigure.labelFont).size.height + 1 }
    let right = size.width - margin - (x.labels.last.map { text($0).width / 2 } ?? 0)
    return Rectangle(x: left, y: top, width: max(1, right - left), height: max(1, bottom - top))
  }

  private func drawLabels(on canvas: Canvas, _ frame: Rectangle) {
    let margin = CurveFigure.margin
    var y = margin
    if let titleText {
      canvas.draw(titleText, at: Point(size.width / 2, y), .top)
      y += titleText.size.height + 2
    }
    for row in legendRows {
      let width = row.map(\.width).reduce(-8, +)
      var x = max(margin, min(frame.center.x - width / 2, size.width - margin - width))
      let middle = y + height(of: row) / 2
      for entry in row {
        canvas.line([Point(x, middle), Point(x + 15, middle)], color(entry.index), width: 1.2, dash: dash(entry.index))
        if series[entry.index].points.count <= CurveFigure.mostMarkedPoints {
          canvas.fillCircle(at: Point(x + 7.5, middle), radius: 1.6, color(entry.index))
        }
        canvas.draw(entry.text, at: Point(x + 20, middle), .left)
        x += entry.width
      }
      y += height(of: row) + 1
    }
    canvas.draw(Text(xLabel, CurveFigure.labelFont), at: Point(frame.center.x, size.height - margin), .bottom)
    canvas.draw(Text(yLabel, CurveFigure.labelFont), at: Point(margin, frame.center.y), .top, turned: true)
  }

  private func drawAxes(on canvas: Canvas, _ frame: Rectangle, _ x: Axis, _ y: Axis) {
    let length = CurveFigure.tickLength
    for (tick, label) in zip(y.ticks, y.labels) {
      let position = frame.bottom - y.share(of: tick) * frame.height
      canvas.line([Point(frame.x, position), Point(frame.right, position)], .hairline, width: 0.4)
      canvas.line([Point(frame.x - length, position), Point(frame.x, position)], .ink)
      canvas.draw(Text(label, CurveFigure.tickFont), at: Point(frame.x - length - 2, position), .right, color: .softInk)
    }
    for (tick, label) in zip(x.ticks, x.labels) {
      let position = frame.x + x.share(of: tick) * frame.width
      canvas.line([Point(position, frame.bottom), Point(position, frame.bottom + length)], .ink)
      canvas.draw(Text(label, CurveFigure.tickFont), at: Point(position, frame.bottom + length + 1), .top, color: .softInk)
    }
    canvas.line([Point(frame.x, frame.y), Point(frame.x, frame.bottom), Point(frame.right, frame.bottom)], .ink, width: 0.6)
  }
}
