import Files
import Foundation
import Results
import Storage
import Tensors

/// The rows of a long relevance run on their way to its file.
///
/// They wait in memory, and every half minute, or when they are many, go to a part: a relevance file of its own in the folder
/// `FILE.parts`, whole before it has its name. The parts that are there are how far the run has come, so the same command goes
/// on after them. In the end all rows are joined.
struct PartStore {
  private static let interval = Duration.seconds(30)
  private static let mostBytes = 1 << 28

  /// The rows that are in parts or wait, from the first on without a gap.
  private(set) var count: Int
  /// The rows that earlier runs left.
  let resumed: Int

  private let path: String
  private let folder: RunFolder
  private let schema: RelevanceSchema
  private var parts: [Part]
  private var waiting: [RelevanceRows] = []
  private var waitingBytes = 0
  private var saved = ContinuousClock.now

  /// Begins, or goes on where a run of the same job stopped.
  ///
  /// - Parameters:
  ///   - path: the file in the end.
  ///   - job: all that the rows depend on; parts of another job are thrown away.
  ///   - note: called with a part that is damaged and left aside.
  /// - Throws: `EspalierError` if the folder cannot be made, holds something else, or another run is at work there.
  init(_ path: String, schema: RelevanceSchema, job: JobIdentity, note: (String) -> Void = { _ in }) throws {
    self.path = path
    self.schema = schema
    folder = try RunFolder(path + ".parts", job: job) { Part.isNamed($0) }
    parts = []
    for part in try folder.names().compactMap(Part.init).sorted(by: { $0.rows.lowerBound < $1.rows.lowerBound })
    where part.rows.lowerBound == parts.last?.rows.upperBound ?? 0 {
      guard try part.isWhole(in: folder) else {
        note("'\(part.path(in: folder))' is damaged and left aside; what it held is computed anew")
        break
      }
      parts.append(part)
    }
    count = parts.last?.rows.upperBound ?? 0
    resumed = count
  }

  /// Adds the next rows.
  ///
  /// - Throws: `EspalierError` if a part cannot be written.
  mutating func append(_ rows: RelevanceRows) throws {
    waiting.append(rows)
    waitingBytes += 4 * ((rows.attribution?.count ?? 0) + rows.predictions.count + 2 * rows.signed.reduce(0) { $0 + $1.count })
    count += rows.count
    if waitingBytes > PartStore.mostBytes || ContinuousClock.now - saved > PartStore.interval { try save() }
  }

  /// Writes what waits to a part.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  mutating func save() throws {
    saved = .now
    guard !waiting.isEmpty else { return }
    let start = parts.last?.rows.upperBound ?? 0
    let file = "\(folder.path)/\(start)-\(count).h5"
    let writer = try RelevanceWriter(file, schema: schema, count: count - start)
    try PartStore.write(waiting, from: 0, with: writer)
    try writer.commit()
    let part = Part(rows: start..<count, checksum: try Part.checksum(of: file))
    guard rename(file, part.path(in: folder)) == 0 else { throw Replacement.failure(file) }
    parts.append(part)
    waiting = []
    waitingBytes = 0
  }

  /// Joins all rows into the file and removes the parts.
  ///
  /// - Parameters:
  ///   - sealed: whether a checksum is put behind the file.
  ///   - adding: writes more into it.
  /// - Throws: `EspalierError` if a part cannot be read or the file cannot be written; the parts stay then.
  func join(sealed: Bool = false, adding: (HDF5File) throws -> Void = { _ in }) throws {
    let writer = try RelevanceWriter(path, schema: schema, count: count)
    for part in parts { try writer.write(RelevanceReader(part.path(in: folder)), at: part.rows.lowerBound) }
    try PartStore.write(waiting, from: parts.last?.rows.upperBound ?? 0, with: writer)
    try writer.commit(sealed: sealed, adding: adding)
    folder.remove()
  }

  /// Removes the folder if it holds no rows.
  func discardIfEmpty() { if parts.isEmpty { folder.remove() } }

  private static func write(_ blocks: [RelevanceRows], from first: Int, with writer: RelevanceWriter) throws {
    var start = first
    for rows in blocks {
      try writer.write(rows, at: start)
      start += rows.count
    }
  }

  /// Some rows in a file whose name says which they are, and what its bytes sum up to.
  private struct Part {
    var rows: Range<Int>
    var checksum: String

    /// Reads a name; nil for one that is not that of a whole part.
    init?(_ name: String) {
      guard let match = name.wholeMatch(of: /([0-9]+)-([0-9]+)-([0-9a-f]{16})\.h5/), let start = Int(match.1),
        let end = Int(match.2), start < end
      else { return nil }
      self.init(rows: start..<end, checksum: String(match.3))
    }

    init(rows: Range<Int>, checksum: String) {
      self.rows = rows
      self.checksum = checksum
    }

    /// Whether a name is that of a part, whole or not.
    static func isNamed(_ name: String) -> Bool { name.wholeMatch(of: /[0-9]+-[0-9]+(-[0-9a-f]{16})?\.h5/) != nil }

    func path(in folder: RunFolder) -> String {
      "\(folder.path)/\(rows.lowerBound)-\(rows.upperBound)-\(checksum).h5"
    }

    /// Whether the file is as it was written.
    func isWhole(in folder: RunFolder) throws -> Bool {
      let path = path(in: folder)
      return try Part.checksum(of: path) == checksum && RelevanceReader(path).count == rows.count
    }

    static func checksum(of path: String) throws -> String {
      CRC64(of: try RegularFile.mapped(path)).hexadecimal
    }
  }
}

extension RelevanceWriter {
  /// Writes all rows of a file from a position on, some at a time.
  ///
  /// - Throws: `EspalierError` if they cannot be read or written, or are others than the schema says.
  func write(_ reader: RelevanceReader, at first: Int) throws {
    let step = max(1, RelevanceWriter.mostBytes / 4 / max(reader.schema.map.count, 1))
    for start in stride(from: 0, to: reader.count, by: step) {
      try write(reader.read(start..<min(start + step, reader.count)), at: first + start)
    }
  }

  private static let mostBytes = 1 << 28
}
