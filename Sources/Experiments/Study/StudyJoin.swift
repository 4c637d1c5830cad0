import Compression
import Files
import Foundation
import Tensors

/// Puts together what runs of one study, or of several, have left in different folders; `study` then goes on from all of it.
public struct StudyJoin: Sendable {
  /// The folders.
  public var folders: [String]
  /// The folder to write; it may be there.
  public var out: String

  /// Makes a join.
  public init(_ folders: [String], out: String) { (self.folders, self.out) = (folders, out) }

  /// Whether a path is the folder of a study.
  public static func isStudy(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/steps/key") }

  /// Copies every step and entry that the folder does not have; they are the same wherever they were made.
  ///
  /// - Returns: the number of chains that are done.
  /// - Throws: `EspalierError` naming what is no folder of a study, or cannot be read or written.
  public func run(_ context: RunContext) throws -> Int {
    if let stranger = folders.first(where: { !StudyJoin.isStudy($0) }) {
      throw EspalierError("is not the folder of a study", file: stranger, accepted: "what espalier study --out has made")
    }
    try StudyRun.checkFolder(out)
    let store = try StepStore("\(StudyRun.folder(of: out))/steps", isShared: true)
    for folder in folders {
      let source = try StepStore("\(folder)/steps", isShared: true)
      for name in try source.names() {
        try context.cancellation.check()
        let path = "\(store.path)/\(name)"
        guard !FileManager.default.fileExists(atPath: path) else { continue }
        try AtomicFile.write(RegularFile.mapped("\(source.path)/\(name)"), to: path)
      }
    }
    return try store.names().count { $0.hasPrefix("0-entry-") }
  }
}
