import Foundation
import Testing

/// Rules of the house that the sources themselves can be asked for.
@Suite struct SourceTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func sources() throws -> [(path: String, text: String)] {
    let files = FileManager.default.enumerator(at: root.appending(path: "Sources"), includingPropertiesForKeys: nil)
    let swift = (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
    #expect(swift.count > 200)
    return try swift.map { url in
      ("Sources/" + url.path().components(separatedBy: "/Sources/").last!, try String(contentsOf: url, encoding: .utf8))
    }
  }

  /// Operators are asked for by name only where CONTRIBUTING.md says why, and wherever it says so.
  @Test func operatorsAreAskedForByNameWhereThatIsExplained() throws {
    let asking = try sources().filter { $0.text.contains(/\bis Op\./) }.map(\.path)
    try expectExplained(asking.filter { !$0.hasPrefix("Sources/Networks/Operators/") }, in: "| where | why |")
  }

  /// An axis is never told by its length: what lies along it is known, or said.
  @Test func lengthsAreComparedWithTheBatchWhereThatIsExplained() throws {
    let comparison = /[!=]= (\w+\.)*(batch|shardSize)\b|\b(batch|shardSize) [!=]= (?!1\b)/
    let comparing = try sources().filter { $0.text.contains(comparison) }.map(\.path)
    try expectExplained(comparing, in: "| a length is compared with the batch in | why |")
  }

  /// Holds a table of the guide, whose first column names files and folders, against the files in which something is found.
  private func expectExplained(_ found: [String], in header: String) throws {
    let guide = try String(contentsOf: root.appending(path: "CONTRIBUTING.md"), encoding: .utf8)
    let parts = guide.components(separatedBy: header)
    try #require(parts.count == 2)
    let table = parts[1].components(separatedBy: "\n\n").first!
    let allowed = table.split(separator: "\n").flatMap { row in
      String(row.split(separator: "|").first ?? "").matches(of: /`([^`]+)`/).map { String($0.1) }
    }
    #expect(allowed.count > 3)
    #expect(found.filter { path in !allowed.contains { path == $0 || path.hasPrefix($0 + "/") } }.isEmpty, "not explained")
    #expect(allowed.filter { entry in !found.contains { $0 == entry || $0.hasPrefix(entry + "/") } }.isEmpty, "not there")
  }
}
