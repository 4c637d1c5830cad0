/// A matrix in colours with its numbers: criteria by budgets, true by predicted classes.
public struct CellsFigure: Figure {
  /// The kind's name.
  public static let kind = "cells"
  /// What the kind shows.
  public static let summary = "a matrix in colours with its numbers, such as classes that are mistaken for each other"

  /// The title over the figure.
  public var title: String?
  /// The matrix.
  public var matrix: HeatMatrix

  /// Makes a figure.
  public init(title: String? = nil, _ matrix: HeatMatrix) { (self.title, self.matrix) = (title, matrix) }

  /// The matrix.
  public func composition(_ style: FigureStyle) -> Composition { matrix.composition(style) }
}
