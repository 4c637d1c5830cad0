import Analysis
import Results
import Tensors

/// What became of the relevance of each layer, as means over the images of a relevance file.
public struct ConservationReport: Codable, Sendable {
  /// A layer's means; see `ConservationTerm`.
  public struct Layer: Codable, Sendable {
    /// The layer, its operator and its rule.
    public var layer, `operator`, rule: String
    /// Relevance at the layer's output, and what became of it.
    public var out, `in`, bias, stabiliser, other: Double
  }

  /// The layers, in execution order.
  public var layers: [Layer]
  /// The number of images.
  public var images: Int

  private enum CodingKeys: String, CodingKey { case layers, images = "pictures" }

  /// Reads a file.
  ///
  /// - Throws: `EspalierError` if it cannot be read, or holds no conservation.
  public init(_ path: String) throws {
    let reader = try RelevanceReader(path)
    let sites = reader.schema.conservation
    guard !sites.isEmpty else {
      throw EspalierError("it is not told what layers conserve", file: path, accepted: "a file written with --conservation")
    }
    var sums = [Double](repeating: 0, count: sites.count * 5)
    for start in stride(from: 0, to: reader.count, by: 4096) {
      let values = try reader.conservation(start..<min(start + 4096, reader.count)).elements
      for (position, value) in values.enumerated() { sums[position % sums.count] += value }
    }
    let count = Double(max(reader.count, 1))
    layers = sites.enumerated().map { position, site in
      let mean = sums[position * 5..<(position + 1) * 5].map { $0 / count }
      return Layer(
        layer: site.layer, operator: site.op, rule: site.rule, out: mean[0], in: mean[1], bias: mean[2], stabiliser: mean[3],
        other: mean[4])
    }
    images = reader.count
  }
}
