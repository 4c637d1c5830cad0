import Analysis
import Files
import Results
import Tensors

extension ScoreRun {
  /// Thresholds, and where they come from.
  struct Thresholds {
    /// One a channel of each site.
    var values: [[Float]]
    /// What they are, for people.
    var description: String
    /// The share of activations above them.
    var quantile: String

    /// The SHA-256 of the values.
    var digest: String {
      var hash = SHA256()
      for layer in values { layer.withUnsafeBytes { hash.update($0) } }
      return hash.hexadecimal
    }
  }

  /// The thresholds that an earlier run found, of the same network at the same positions.
  ///
  /// - Throws: `EspalierError` naming what does not fit.
  func readThresholds(_ path: String, _ sites: [Site], _ model: Model) throws -> Thresholds {
    let file = try FilterResultsReader(path)
    let known = try file.layers(of: "dissection")
    guard !known.isEmpty, let quantile = try file.provenance("quantile"), let found = try file.provenance("thresholds") else {
      throw EspalierError(
        "holds no thresholds", file: path, accepted: "a file that espalier dissect wrote, or score with --concepts")
    }
    guard try file.provenance("model_sha256") == model.digest else {
      throw EspalierError(
        "its thresholds are of another network, '\(try file.provenance("model") ?? "unknown")'", file: path,
        accepted: "those of '\(model.path)'")
    }
    let kind = try file.provenance("site") ?? "unknown"
    guard kind == self.sites.kind.rawValue else {
      throw EspalierError(
        "its thresholds are of --site \(kind)", file: path, accepted: "--site \(kind), or a file of --site \(self.sites.kind)")
    }
    let values = try sites.map { site in
      let name = ResultLayer(site).name
      guard known.contains(name) else {
        throw EspalierError(
          "holds no thresholds of layer '\(name)'", file: path,
          accepted: EspalierError.list(known))
      }
      let thresholds = try file.dissection(of: name).thresholds
      guard thresholds.count == site.shape.channels else {
        throw EspalierError(
          "holds \(thresholds.count) thresholds of layer '\(name)'", file: path, accepted: "\(site.shape.channels), one a filter")
      }
      return thresholds.elements
    }
    return Thresholds(values: values, description: "\(found), read from '\(path)'", quantile: quantile)
  }
}
