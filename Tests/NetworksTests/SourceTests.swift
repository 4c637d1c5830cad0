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
    let guide = try String(contentsOf: root.appending(path: "CONTRIBUTING.md"), encoding: .utf8)
    let table = guide.components(separatedBy: "| where | why |").last!.components(separatedBy: "\n\n").first!
    let allowed = table.split(separator: "\n").flatMap { row in
      String(row.split(separator: "|").first ?? "").matches(of: /`([^`]+)`/).map { String($0.1) }
    }
    #expect(allowed.count > 5)
    let asking = try sources().filter { $0.text.contains(/\bis Op\./) }.map(\.path)
    let unexplained = asking.filter { path in
      !path.hasPrefix("Sources/Networks/Operators/") && !allowed.contains { path == $0 || path.hasPrefix($0 + "/") }
    }
    #expect(unexplained.isEmpty)
    let idle = allowed.filter { entry in !asking.contains { $0 == entry || $0.hasPrefix(entry + "/") } }
    #expect(idle.isEmpty, "explained, but not there")
  }
}
