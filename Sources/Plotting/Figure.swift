import Files
import Images
import Tensors

/// Something that can be drawn for a paper.
///
/// Every kind lives in a file of its own in `Figures/` and has a line in ``FigureCatalog``.
public protocol Figure: Sendable {
  /// The kind's name, as the command line has it.
  static var kind: String { get }
  /// What it shows, in one line.
  static var summary: String { get }

  /// The title over the figure, if it has one; also that of a PDF file.
  var title: String? { get }
  /// The size that it needs, in points.
  var size: Size { get }
  /// Draws it on a canvas of its size.
  func draw(on canvas: Canvas)
}

extension Figure {
  /// Writes the figure as PNG or PDF, by the path's ending; beside its destination first and renamed when whole.
  ///
  /// - Parameter pixelsPerInch: the resolution of a PNG file.
  /// - Throws: `EspalierError` naming the file if the ending is another, the figure is too large, or it cannot be written.
  public func write(to path: String, pixelsPerInch: Double = 300) throws {
    try naming(file: path) {
      let name = path.lowercased()
      let format: Canvas.Format
      if name.hasSuffix(".png") {
        format = .png(pixelsPerInch: pixelsPerInch)
      } else if name.hasSuffix(".pdf") {
        format = .pdf
      } else {
        throw EspalierError("a figure's kind of file is told by its ending", accepted: ".png or .pdf")
      }
      try AtomicFile.write(encoded(as: format), to: path)
    }
  }

  /// The figure as the bytes of a file.
  ///
  /// - Throws: `EspalierError` if the figure is too large, or no fonts are installed.
  public func encoded(as format: Canvas.Format) throws -> [UInt8] {
    let canvas = try Canvas(size: size, format: format, title: title)
    draw(on: canvas)
    return try canvas.finish()
  }
}

/// Every kind of figure; one line each.
public enum FigureCatalog {
  /// The kinds, in the order in which they are listed to people.
  public static let all: [any Figure.Type] = [
    CurveFigure.self,
    FiltersFigure.self,
    GroupsFigure.self,
    HeatmapFigure.self,
    MatrixFigure.self,
    MontageFigure.self,
    PruningFigure.self,
    SensitivityFigure.self,
    UnitsFigure.self,
  ]
}
