import Files
import Foundation
import Scheduling
import Tensors

/// All parts of one job, in their order.
struct PartSet {
  /// The parts, 1 to N.
  let parts: [PartFile]

  /// What all of them say.
  var header: PartFile.Header { parts[0].header }

  /// Opens parts that are given in any order, some of them possibly twice.
  ///
  /// - Parameter note: told of a part that is there twice, and of parts that other instructions computed.
  /// - Throws: `EspalierError` naming a file that is damaged or of another job, and what differs, or the parts that are missing.
  init(_ files: [String], note: (String) -> Void) throws {
    var found: [Int: PartFile] = [:]
    var first: PartFile?
    for file in files {
      let part = try PartFile(file)
      if let first { try PartSet.check(part, with: first) } else { first = part }
      guard let other = found.updateValue(part, forKey: part.header.part) else { continue }
      guard try PartSet.areEqual(part, other) else {
        throw EspalierError(
          "is part \(part.part) too, with other numbers than '\(other.path)'", file: file, accepted: "one of them")
      }
      note("'\(file)' is part \(part.part), as '\(other.path)', with the same numbers; it is taken once")
    }
    guard let first else { throw EspalierError("there is nothing to join", accepted: "the parts of a job") }
    let missing = (1...first.header.parts).filter { found[$0] == nil }
    guard missing.isEmpty else {
      let some = missing.prefix(20).map(String.init).joined(separator: ", ") + (missing.count > 20 ? ", …" : "")
      throw EspalierError(
        "\(missing.count == 1 ? "part \(some) is" : "parts \(some) are") missing",
        location: "the \(first.header.parts) parts of the job",
        accepted: "all of them; one that died is run again alone, by its own command")
    }
    parts = found.sorted { $0.key < $1.key }.map(\.value)
    let engines = Set(parts.map(\.header.engine)).sorted()
    if engines.count > 1 {
      note("the parts were computed by \(EspalierError.list(engines)): one machine's run may differ from theirs in last bits")
    }
  }

  private static func check(_ part: PartFile, with first: PartFile) throws {
    let (own, wanted) = (part.header, first.header)
    func differs(_ what: String, _ accepted: String) -> EspalierError {
      EspalierError(what, file: part.path, accepted: "\(accepted), as '\(first.path)'")
    }
    guard own.kind == wanted.kind, own.verb == wanted.verb else {
      throw differs("is a part of \(own.named)", "parts of \(wanted.named)")
    }
    guard own.espalier == wanted.espalier else {
      throw differs("is a part that espalier \(own.espalier) wrote", "parts of espalier \(wanted.espalier)")
    }
    guard own.job == wanted.job, own.shards == wanted.shards else {
      let difference = JobIdentity(text: own.job).flatMap { job in JobIdentity(text: wanted.job).flatMap(job.difference) }
      throw differs(
        "is a part of another job: its \(difference?.name ?? "identity") is \(difference?.here ?? "nothing")",
        difference?.there ?? "nothing")
    }
    guard own.parts == wanted.parts else { throw differs("is part \(part.part)", "one of \(wanted.parts)") }
  }

  private static func areEqual(_ part: PartFile, _ other: PartFile) throws -> Bool {
    if part.header.kind != .relevance { return part.header.checksum == other.header.checksum }
    return try RegularFile.mapped(part.path) == RegularFile.mapped(other.path)
  }
}

extension PartFile.Header {
  /// What it is a part of, for people.
  fileprivate var named: String {
    switch kind {
    case .thresholds: "the first pass of \(verb)"
    case .foundThresholds: "nothing more: it holds thresholds, for --thresholds"
    default: verb
    }
  }
}
