import Analysis
import Results
import Tensors

/// How far relevance has drifted from that of another network on the same images, such as the one before compression.
public struct ExplanationDrift: Hashable, Sendable {
  /// How alike two maps are.
  public struct Likeness: Hashable, Sendable {
    /// The cosine of the angle between them, and Spearman's correlation of their elements' ranks; NaN where one is all zero, or all
    /// equal.
    public var cosine, ranks: Double

    /// Compares two maps of one shape, element by element.
    public init(_ a: [Float], _ b: [Float]) {
      var (product, first, second) = (0.0, 0.0, 0.0)
      for (x, y) in zip(a, b) {
        product += Double(x) * Double(y)
        first += Double(x) * Double(x)
        second += Double(y) * Double(y)
      }
      cosine = first > 0 && second > 0 ? product / (first.squareRoot() * second.squareRoot()) : .nan
      ranks = RankCorrelation.of(a.map(Double.init), b.map(Double.init))
    }
  }

  /// An image that both files hold.
  public struct Image: Hashable, Sendable {
    /// Its position in the data set.
    public let index: Int
    /// Its rows in the files before and after.
    public let rows: [Int]
    /// How alike its maps are.
    public let likeness: Likeness
  }

  /// The images that both files hold, in the order of the first.
  public let images: [Image]

  /// The cosines of images that have one.
  public var cosine: Moments { Moments(images.map(\.likeness.cosine).filter(\.isFinite)) }

  /// The rank correlations of images that have one.
  public var ranks: Moments { Moments(images.map(\.likeness.ranks).filter(\.isFinite)) }

  /// Compares the maps of two files.
  ///
  /// - Throws: `EspalierError` for files without maps, of different data, or without images or shapes in common.
  public init(_ before: RelevanceReader, _ after: RelevanceReader) throws {
    try MontageRun.checkData([before.path, after.path], [before, after])
    guard before.schema.map == after.schema.map else {
      throw EspalierError(
        "its maps are \(after.schema.map), those of \(before.path) \(before.schema.map)", file: after.path,
        accepted: "maps of one shape")
    }
    let rows = Dictionary(
      try after.indices(0..<after.count).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    images = try before.indices(0..<before.count).enumerated().compactMap { row, index in
      guard let other = rows[index] else { return nil }
      let likeness = Likeness(try before.maps(row..<row + 1).elements, try after.maps(other..<other + 1).elements)
      return Image(index: Int(index), rows: [row, other], likeness: likeness)
    }
    guard !images.isEmpty else {
      throw EspalierError(
        "it has no image in common with \(before.path)", file: after.path, accepted: "relevance of the same images")
    }
  }
}
