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
  /// Makes a figure.
  ///
  /// - Precondition: there are as many rows and columns as names.
  public init(title: String? = nil, names: [String], values: Tensor<Double>) {
    precondition(values.shape == [names.count, names.count], "a matrix of \(values.shape) for \(names.count) names")
    self.title = title
    self.names = names
    self.values = values
  }

  /// A square matrix.
  public func composition(_ style: FigureStyle) -> Composition {
    var matrix = HeatMatrix(
      rows: names, columns: names, values: values, colormap: .correlations, range: -1...1, text: Self.text)
    matrix.isSquare = true
    matrix.barLabels = [ColorBar.Label(1, "1"), ColorBar.Label(0.5, "0"), ColorBar.Label(0, "−1")]
    return matrix.composition(style)
  }

  /// Two decimals with a minus sign, and none on zero.
  private static func text(_ value: Double) -> String {
    let hundredths = Int((100 * value).rounded())
    let digits = "\(abs(hundredths) / 100).\(abs(hundredths) % 100 / 10)\(abs(hundredths) % 10)"
    return hundredths < 0 ? "−" + digits : digits
  }
}
