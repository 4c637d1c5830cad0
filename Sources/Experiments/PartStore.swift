import Foundation
import Results
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
  private let folder: URL
  private let schema: RelevanceSchema
  private var parts: [(rows: Range<Int>, file: URL)]
  private var waiting: [RelevanceRows] = []
  private var waitingBytes = 0
  private var saved = ContinuousClock.now

  /// Begins, or goes on where a run with the same key stopped.
  ///
  /// - Parameters:
  ///   - path: the file in the end.
  ///   - key: all that the rows depend on; parts of a run with another key are thrown away.
  /// - Throws: `EspalierError` if the folder cannot be made, or holds something else.
  init(_ path: String, schema: RelevanceSchema, key: String) throws {
    self.path = path
    self.schema = schema
    folder = URL(fileURLWithPath: path + ".parts")
    parts = []
    let files = FileManager.default
    let keyFile = folder.appendingPathComponent("key")
    if files.fileExists(atPath: folder.path) {
      guard let found = try? String(contentsOf: keyFile, encoding: .utf8) else {
        throw EspalierError("is there, and is not the folder of an unfinished run", file: folder.path, accepted: "another --out")
      }
      if found == key { parts = PartStore.contiguous(try PartStore.named(in: folder)) } else { try files.removeItem(at: folder) }
    }
    do {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(key.utf8).write(to: keyFile, options: .atomic)
    } catch {
      // A folder without its key would stand in the way of the next run.
      if parts.isEmpty { try? files.removeItem(at: folder) }
      throw EspalierError("cannot be written: \(error.reason)", file: folder.path)
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
    let file = folder.appendingPathComponent("\(start)-\(count).h5")
    try PartStore.write(waiting, from: 0, with: RelevanceWriter(file.path, schema: schema, count: count - start))
    parts.append((start..<count, file))
    waiting = []
    waitingBytes = 0
  }

  /// Joins all rows into the file and removes the parts.
  ///
  /// - Throws: `EspalierError` if a part cannot be read or the file cannot be written; the parts stay then.
  func join() throws {
    let writer = try RelevanceWriter(path, schema: schema, count: count)
    for part in parts {
      let reader = try RelevanceReader(part.file.path)
      let step = max(1, PartStore.mostBytes / 4 / max(schema.map.count, 1))
      for start in stride(from: 0, to: reader.count, by: step) {
        let rows = try reader.read(start..<min(start + step, reader.count))
        try writer.write(rows, at: part.rows.lowerBound + start)
      }
    }
    try PartStore.write(waiting, from: parts.last?.rows.upperBound ?? 0, with: writer)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Removes the folder if it holds no rows.
  func discardIfEmpty() { if parts.isEmpty { try? FileManager.default.removeItem(at: folder) } }

  private static func write(_ blocks: [RelevanceRows], from first: Int, with writer: RelevanceWriter) throws {
    var start = first
    for rows in blocks {
      try writer.write(rows, at: start)
      start += rows.count
    }
    try writer.commit()
  }

  private static func named(in folder: URL) throws -> [(rows: Range<Int>, file: URL)] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).compactMap { file in
      guard file.pathExtension == "h5" else { return nil }
      let bounds = file.deletingPathExtension().lastPathComponent.split(separator: "-").compactMap { Int($0) }
      guard bounds.count == 2, bounds[0] >= 0, bounds[0] < bounds[1] else { return nil }
      return (bounds[0]..<bounds[1], file)
    }.sorted { $0.rows.lowerBound < $1.rows.lowerBound }
  }

  private static func contiguous(_ parts: [(rows: Range<Int>, file: URL)]) -> [(rows: Range<Int>, file: URL)] {
    var end = 0
    return Array(
      parts.prefix { part in
        defer { end = part.rows.upperBound }
        return part.rows.lowerBound == end
      })
  }
}
