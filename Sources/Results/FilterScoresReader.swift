import Storage
import Tensors

/// Reads the scores of filters from a file that `score` wrote.
public struct FilterScoresReader: Sendable {
  /// The scores of each criterion, `[filters]` by layer.
  public let scores: [String: [String: [Double]]]
  /// The SHA-256 of the network that was scored; nil where the file does not say.
  public let modelDigest: String?
  /// How the numbers came about.
  public let provenance: [String: String]

  /// Opens a file.
  ///
  /// - Throws: `EspalierError` if it cannot be read, or holds no scores.
  public init(_ path: String) throws {
    let file = try HDF5File.open(path)
    guard file.kind(of: "scores") == .group else {
      throw EspalierError("it holds no scores", file: path, accepted: "a file that espalier score wrote")
    }
    let group = try file.group("scores")
    var scores: [String: [String: [Double]]] = [:]
    for criterion in try group.children() {
      let layers = try group.group(criterion)
      for layer in try layers.children() {
        let tensor: Tensor<Double> = try layers.dataset(layer).read()
        guard tensor.shape.rank == 1 else {
          throw EspalierError(
            "has shape \(tensor.shape)", file: path, place: "/scores/\(criterion)/\(layer)", accepted: "filters")
        }
        scores[criterion, default: [:]][layer] = tensor.elements
      }
    }
    self.scores = scores
    modelDigest = try file.text(attribute: "model_sha256")
    var provenance: [String: String] = [:]
    for name in ["data", "data_sha256", "composite", "start", "target", "espalier"] {
      provenance[name] = try file.text(attribute: name)
    }
    self.provenance = provenance
  }
}
