import Analysis
import Results
import Tensors

/// Relevance files of parts of one data set, joined into one whose rows stand in the data set's order.
public struct RelevanceJoin: Sendable {
  /// The files.
  public var files: [String]
  /// The file to write.
  public var out: String

  /// Makes a join.
  public init(_ files: [String], out: String) {
    self.files = files
    self.out = out
  }

  private static let rowsAtOnce = 256

  /// Joins the files.
  ///
  /// - Returns: the number of images.
  /// - Throws: `EspalierError` naming the file that does not go with the first, and why; `CancellationError`.
  @discardableResult
  public func run(_ context: RunContext) throws -> Int {
    try OutputPath.prepare(out, notReplacing: files)
    let readers = try files.map { try RelevanceReader($0) }
    guard let first = readers.first, readers.count > 1 else {
      throw EspalierError("there is nothing to join", accepted: "two relevance files and more")
    }
    for (file, reader) in zip(files, readers).dropFirst() { try check(reader, file, with: first) }
    var rows: [(index: UInt32, file: Int, row: Int)] = []
    for (position, reader) in readers.enumerated() {
      for (row, index) in try reader.indices(0..<reader.count).enumerated() { rows.append((index, position, row)) }
    }
    rows.sort { ($0.index, $0.file, $0.row) < ($1.index, $1.file, $1.row) }
    for (one, other) in zip(rows, rows.dropFirst()) where one.index == other.index {
      throw EspalierError(
        "image \(one.index) is in \(files[one.file]) too", file: files[other.file], accepted: "parts that do not overlap")
    }
    var schema = first.schema
    schema.provenance["data_sha256"] = nil
    let writer = try RelevanceWriter(out, schema: schema, count: rows.count)
    var start = 0
    while start < rows.count {
      try context.cancellation.check()
      var end = start + 1
      while end < rows.count, end - start < RelevanceJoin.rowsAtOnce, rows[end].file == rows[start].file,
        rows[end].row == rows[end - 1].row + 1
      { end += 1 }
      try writer.write(readers[rows[start].file].read(rows[start].row..<rows[end - 1].row + 1), at: start)
      context.progress(RunProgress(activity: "join", done: end, total: rows.count))
      start = end
    }
    try writer.commit()
    return rows.count
  }

  private func check(_ reader: RelevanceReader, _ file: String, with first: RelevanceReader) throws {
    // Parts are different images, and networks may lie in other positions.
    for key in RelevanceSchema.provenanceNames where !["model", "data_sha256", "espalier"].contains(key) {
      let (own, wanted) = (reader.schema.provenance[key] ?? "nothing", first.schema.provenance[key] ?? "nothing")
      guard own == wanted else {
        throw EspalierError("its \(key) is \(own)", file: file, accepted: "\(wanted), as in \(files[0])")
      }
    }
    let (own, wanted) = (reader.schema, first.schema)
    guard own.layers == wanted.layers else {
      throw EspalierError("its layers are others", file: file, accepted: "those of \(files[0])")
    }
    guard own.heads == wanted.heads else {
      throw EspalierError("its heads of attention are others", file: file, accepted: "those of \(files[0])")
    }
    let facts: [(String, String, String)] = [
      ("number of classes", "\(own.classes)", "\(wanted.classes)"), ("maps", own.precision.rawValue, wanted.precision.rawValue),
      ("map's shape", "\(own.map)", "\(wanted.map)"), ("top", "\(own.top)", "\(wanted.top)"),
      ("conservation", own.conservation.isEmpty ? "not told" : "told", wanted.conservation.isEmpty ? "not told" : "told"),
      ("conservation's list", "\(own.conservation)", "\(wanted.conservation)"),
      ("targets", own.hasTargets ? "told" : "not told", wanted.hasTargets ? "told" : "not told"),
      ("labels", own.isLabelled ? "true classes" : "predicted", wanted.isLabelled ? "true classes" : "predicted"),
    ]
    for (name, own, wanted) in facts where own != wanted {
      throw EspalierError("its \(name): \(own)", file: file, accepted: "\(wanted), as in \(files[0])")
    }
  }
}
