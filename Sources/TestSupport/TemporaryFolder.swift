import Foundation

/// Makes an empty folder that no other test has, runs `body` with it, and removes it with all that is in it.
///
/// - Throws: what `body` throws, or an error of the file system.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("espalier-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
