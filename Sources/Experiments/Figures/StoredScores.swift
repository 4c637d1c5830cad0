import Results
import Tensors

/// What figures read of a file of scores.
enum StoredScores {
  /// Opens a file.
  ///
  /// - Parameter criteria: the criteria to show; all that it holds if empty.
  /// - Returns: the file, and the criteria to show.
  /// - Throws: `EspalierError` naming the file, if it holds no scores, or none by one of them.
  static func opened(_ file: String, criteria: [String]) throws -> (reader: FilterResultsReader, criteria: [String]) {
    let reader = try FilterResultsReader(file)
    let known = try reader.criteria()
    guard !known.isEmpty else {
      throw EspalierError("the file holds no scores", file: file, accepted: "one that espalier score wrote")
    }
    let names = criteria.isEmpty ? known : criteria
    for name in names where !known.contains(name) {
      throw EspalierError(
        "the file holds no scores by '\(name)'" + EspalierError.suggestion(for: name, among: known), file: file,
        accepted: EspalierError.list(known))
    }
    return (reader, names)
  }
}
