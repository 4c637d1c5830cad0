import Images
import Tensors

/// A square of numbers from −1 to 1 in colours, such as the rank correlation of criteria, with the numbers in it.
public struct MatrixFigure: Figure {
  /// The kind's name.
  public static let kind = "matrix"
  /// What the kind shows.
  public static let summary = "correlations of −1 to 1 in colours, with their numbers"

  /// The title over the figure.
  public var title: String?
  /// The names of rows and columns.
  public var names: [String]
  /// The numbers, [k, k]; one that is not finite is a dash on grey.
  public var values: Tensor<Double>
  /// The side of a cell in points.
  public var cellSide = 26.0

  private static let margin = 6.0
  private static let nameFont = Font(7.5)
  private static let numberFont = Font(6.5)
  private static let titleFont = Font(9, bold: true)
  private static let colormap = "2166ac,80:fff,b2182b"

  /// Makes a figure.
  ///
  /// - Precondition: there are as many rows and columns as names.
  public init(title: String? = nil, names: [String], values: Tensor<Double>) {
    precondition(values.shape == [names.count, names.count], "a matrix of \(values.shape) for \(names.count) names")
    self.title = title
    self.names = names
    self.values = values
  }

  /// The size in points that names and cells need.
  public var size: Size { layout.size }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let layout = layout
    if let title = layout.title { canvas.draw(title, at: Point(layout.size.width / 2, MatrixFigure.margin), .top) }
    guard let colors = try? Colormap(MatrixFigure.colormap) else { preconditionFailure("a colour map does not compile") }
    for (row, name) in layout.names.enumerated() {
      let middle = layout.top + (Double(row) + 0.5) * cellSide
      canvas.draw(name, at: Point(layout.left - 4, middle), .right)
      canvas.draw(
        name, at: Point(layout.left + (Double(row) + 0.5) * cellSide, layout.top - 4), .left, turned: true)
      for column in names.indices {
        let value = values[row, column]
        let cell = Rectangle(
          x: layout.left + Double(column) * cellSide, y: layout.top + Double(row) * cellSide, width: cellSide, height: cellSide)
        guard value.isFinite else {
          canvas.fill(cell, .shade)
          canvas.draw(Text("–", MatrixFigure.numberFont), at: cell.center, .center, color: .softInk)
          continue
        }
        let color = colors((value + 1) / 2)
        canvas.fill(cell, Color(red: color.x, green: color.y, blue: color.z))
        let digits = Text(MatrixFigure.text(value), MatrixFigure.numberFont)
        canvas.draw(digits, at: cell.center, .center, color: abs(value) > 0.6 ? .paper : .ink)
      }
    }
    guard !names.isEmpty else { return }
    let side = Double(names.count) * cellSide
    for position in 0...names.count {
      let offset = Double(position) * cellSide
      canvas.line(
        [Point(layout.left + offset, layout.top), Point(layout.left + offset, layout.top + side)], .paper, width: 0.6)
      canvas.line(
        [Point(layout.left, layout.top + offset), Point(layout.left + side, layout.top + offset)], .paper, width: 0.6)
    }
    let labels = [ColorBar.Label(1, "1"), ColorBar.Label(0.5, "0"), ColorBar.Label(0, "−1")]
    let bar = ColorBar(palette: colors.palette(), labels: labels)
    let height = min(side, 4 * cellSide)
    bar.draw(
      on: canvas,
      in: Rectangle(x: layout.left + side + 8, y: layout.top + (side - height) / 2, width: bar.width, height: height))
  }

  /// Two decimals with a minus sign, and none on zero.
  private static func text(_ value: Double) -> String {
    let hundredths = Int((100 * value).rounded())
    let digits = "\(abs(hundredths) / 100).\(abs(hundredths) % 100 / 10)\(abs(hundredths) % 10)"
    return hundredths < 0 ? "−" + digits : digits
  }

  private struct Layout {
    var title: Text?
    var names: [Text]
    /// The corner of the first cell.
    var left, top: Double
    var size: Size
  }

  private var layout: Layout {
    let margin = MatrixFigure.margin
    let names = names.map { Text($0, MatrixFigure.nameFont) }
    let longest = names.map(\.size.width).max() ?? 0
    let left = margin + longest + 4
    let side = Double(names.count) * cellSide
    let width = left + side + 8 + ColorBar.barWidth + 4 + Text("−1", Font(7)).size.width + margin
    let title = title.map { Text($0, MatrixFigure.titleFont, width: width - 2 * margin, alignment: .center) }
    let top = margin + (title.map { $0.size.height + 6 } ?? 0) + longest + 4
    return Layout(title: title, names: names, left: left, top: top, size: Size(width, top + side + margin))
  }
}
