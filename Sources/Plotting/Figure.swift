import Files
import Images
import Tensors

/// Something that can be drawn for a paper: a composition of the parts in `Parts/` and `Marks/`.
///
/// Every kind lives in a file of its own in `Figures/` and has a line in ``FigureCatalog``.
public protocol Figure: Sendable {
  /// The kind's name, as the command line has it.
  static var kind: String { get }
  /// What it shows, in one line.
  static var summary: String { get }

  /// The title over the figure, if it has one; also that in a file's properties.
  var title: String? { get }
  /// What it is made of, as wide as the style says, or as it asks for where the style leaves it open.
  func composition(_ style: FigureStyle) -> Composition
}

extension Figure {
  /// The pages of the figure.
  public func pages(_ style: FigureStyle = FigureStyle()) -> [Page] { composition(style).pages(title: title, style) }

  /// Writes the figure as PNG, PDF or SVG, by the path's ending; each page beside its destination first and renamed when whole.
  ///
  /// The first page has the path itself, further ones `-2`, `-3`, … before the ending.
  ///
  /// - Returns: the files.
  /// - Throws: `EspalierError` naming the file if the ending is another, the figure is too large, or it cannot be written.
  @discardableResult
  public func write(to path: String, style: FigureStyle = FigureStyle(), origin: FigureOrigin = FigureOrigin()) throws -> [String]
  {
    try naming(file: path) {
      let format = try Canvas.Format(path: path)
      let files = try encoded(as: format, style: style, origin: origin)
      for (number, bytes) in files.enumerated() { try AtomicFile.write(bytes, to: FigurePath.page(number, of: path)) }
      return files.indices.map { FigurePath.page($0, of: path) }
    }
  }

  /// The pages as the bytes of files.
  ///
  /// - Throws: `EspalierError` if the figure is too large, or no fonts are installed.
  public func encoded(as format: Canvas.Format, style: FigureStyle = FigureStyle(), origin: FigureOrigin = FigureOrigin()) throws
    -> [[UInt8]]
  {
    try drawn(as: format, style: style, origin: origin).map { try $0.finish() }
  }

  /// The pages, drawn and not yet finished.
  ///
  /// - Throws: `EspalierError` if the figure is too large, or no fonts are installed.
  public func drawn(as format: Canvas.Format, style: FigureStyle, origin: FigureOrigin = FigureOrigin()) throws -> [Canvas] {
    var origin = origin
    origin.title = title ?? origin.title
    return try pages(style).map { page in
      let canvas = try Canvas(size: page.size, format: format, style: style, origin: origin)
      page.draw(on: canvas)
      return canvas
    }
  }
}

/// Where the pages of a figure go.
public enum FigurePath {
  /// The path of a page, from 0.
  public static func page(_ number: Int, of path: String) -> String {
    number > 0 ? named("\(number + 1)", path) : path
  }

  /// The path of one of several figures: its name behind the file's, before the ending.
  public static func named(_ name: String, _ path: String) -> String {
    guard let dot = path.lastIndex(of: ".") else { return path }
    return path[..<dot] + "-\(name)" + path[dot...]
  }
}

/// Every kind of figure; one line each.
public enum FigureCatalog {
  /// The kinds, in the order in which they are listed to people.
  public static let all: [any Figure.Type] = [
    CellsFigure.self,
    FiltersFigure.self,
    GroupsFigure.self,
    HeatmapFigure.self,
    MatrixFigure.self,
    MontageFigure.self,
    PanelsFigure.self,
    PruningFigure.self,
    SensitivityFigure.self,
    UnitsFigure.self,
  ]
}
