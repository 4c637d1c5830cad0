import Files
import Foundation
import Results
import Tensors

/// Parts of a job, joined into the result of one run.
public struct PartJoin: Sendable {
  /// What was joined.
  public enum Joined: Sendable {
    /// Relevance of a number of images, and what layers conserve, where that is told.
    case relevance(images: Int, conservation: ConservationReport?)
    /// Statistics, dissection or scores, and the verb that they are of.
    case filters(FilterReport, verb: String)
    /// Thresholds for the second pass of a dissection, and the number of images that were passed over.
    case thresholds(verb: String, images: Int)
    case measures(MeasureReport)
    case evaluation(EvaluationReport)
  }

  /// The parts, in any order.
  public var files: [String]
  /// The file to write; nil for none, where there is another result.
  public var out: String?

  /// Makes a join.
  public init(_ files: [String], out: String?) {
    self.files = files
    self.out = out
  }

  /// Whether a file is a part of a job.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  public static func isPart(_ path: String) throws -> Bool { try PartFile.isPart(path) }

  /// Joins the parts.
  ///
  /// - Throws: `EspalierError` naming a part that is damaged, of another job or missing, or the file that cannot be written;
  ///   `CancellationError`.
  public func run(_ context: RunContext) throws -> Joined {
    if let out { try OutputPath.prepare(out, notReplacing: files) }
    let set = try PartSet(files, note: context.note)
    switch set.header.kind {
    case .filters: return .filters(try FilterJoin.run(set, to: needed(), context), verb: set.header.verb)
    case .thresholds:
      return .thresholds(verb: set.header.verb, images: try FilterJoin.runThresholds(set, to: needed(), context))
    case .foundThresholds:
      throw EspalierError("is joined already", file: files[0], accepted: "its name as --thresholds of \(set.header.verb)")
    case .relevance:
      let out = try needed()
      let (images, tellsConservation) = try relevance(set, to: out, context)
      return .relevance(images: images, conservation: tellsConservation ? try ConservationReport(out) : nil)
    case .measure: return .measures(try MeasureReport.join(set, to: out, context))
    case .evaluate:
      let report = try EvaluationRun.join(set, context)
      if let out { try AtomicFile.write(report.text, to: out) }
      return .evaluation(report)
    }
  }

  private func needed() throws -> String {
    guard let out else { throw EspalierError("no file is named for the result", location: "--out", accepted: "a path") }
    return out
  }

  private func relevance(_ set: PartSet, to out: String, _ context: RunContext) throws -> (images: Int, Bool) {
    let content = try set.parts[0].content(as: RelevanceContent.self)
    let parts = try set.parts.filter { !$0.range.isEmpty }.map { (part: $0, rows: try RelevanceReader($0.path)) }
    guard let first = parts.first, content.map.count == 3, content.map.allSatisfy({ 1...1 << 24 ~= $0 }),
      parts.reduce(0, { $0 + $1.rows.count }) == content.images
    else { throw PartFile.damage(set.parts[0].path) }
    var schema = first.rows.schema
    for (part, rows) in parts {
      var own = rows.schema
      own.provenance = schema.provenance
      guard own == schema else { throw PartFile.damage(part.path) }
    }
    let isOfOneShape = schema.precision == .none || schema.map.dimensions == content.map
    guard isOfOneShape else { throw PartFile.damage(first.part.path) }
    schema.map = Shape(content.map)
    let data = try set.parts.compactMap { try $0.content(as: RelevanceContent.self).data }
    if !data.isEmpty { schema.provenance.merge(PartialData.digests(data)) { $1 } }
    let writer = try RelevanceWriter(out, schema: schema, count: content.images)
    var done = 0
    for (part, rows) in parts {
      try context.cancellation.check()
      try naming(file: part.path) { try writer.write(rows, at: done) }
      done += rows.count
      context.progress(RunProgress(activity: "join", done: done, total: content.images))
    }
    try writer.commit()
    return (content.images, !schema.conservation.isEmpty)
  }
}

extension EvaluationReport {
  /// What `evaluate --json` prints.
  fileprivate var text: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self) + Data("\n".utf8)
    }
  }
}
