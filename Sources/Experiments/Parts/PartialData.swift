import Datasets
import Files
import Tensors

/// What a part knows of its data's digests, where each part reads its own images only.
struct PartialData: Codable {
  /// What the digest of the whole set is of, as far as this part's images go.
  var lines: [String]
  /// The positions of the part's images in the whole set.
  var indices: [Int]

  /// The digests of whole data, as provenance has them.
  static func digests(_ parts: [PartialData]) -> [String: String] {
    var hash = SHA256()
    for line in parts.lazy.flatMap(\.lines) { hash.update(line: line) }
    let whole = hash.hexadecimal
    return ["dataset_sha256": whole, "data_sha256": Subset.digest(whole: whole, parts.flatMap(\.indices))]
  }
}

extension PreparedData {
  /// What the data are, for the identity of a job of parts: the list of images where each is a file of its own, of which a part
  /// reads its own only; else all that they hold.
  ///
  /// - Throws: `EspalierError` if they cannot be read.
  var identity: (name: String, digest: String) {
    get throws {
      if let list = dataset.listDigest { return ("data_list_sha256", list) }
      return ("data_sha256", try dataset.digest())
    }
  }

  /// What a part knows of the digests of lists of images; nil for other data.
  ///
  /// - Throws: `EspalierError` if an image cannot be read.
  func partial(_ positions: Range<Int>) throws -> PartialData? {
    try dataset.digestLines(positions).map { PartialData(lines: $0, indices: positions.map { dataset.indices[$0] }) }
  }

  /// The digests of all data, as provenance has them; of a list, a part has none.
  ///
  /// - Throws: `EspalierError` if they cannot be read.
  func digests(isPart: Bool = false) throws -> [String: String] {
    if isPart, dataset.listDigest != nil { return [:] }
    let whole = try dataset.wholeDigest()
    return ["data_sha256": dataset.digest(whole: whole), "dataset_sha256": whole]
  }
}
