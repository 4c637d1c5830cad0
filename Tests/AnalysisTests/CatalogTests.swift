import Analysis
import Foundation
import Testing

@Suite struct CatalogTests {
  /// One file a rule, an attributor, a measure; one line a file.
  @Test(arguments: [
    ("Rules", RuleCatalog.all.map { ("\($0)", $0.name) }),
    ("Attributors", AttributorCatalog.all.map { ("\($0)", $0.name) }),
    ("Measures", MeasureCatalog.all.map { ("\($0)", $0.name) }),
  ])
  func everyFileHasItsLine(name: String, types: [(String, String)]) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Sources/Analysis/Relevance/\(name)")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      $0.replacingOccurrences(of: ".swift", with: "")
    }
    #expect(Set(files) == Set(types.map(\.0)))
    #expect(Set(types.map(\.1)).count == types.count)
  }

  @Test func everyCompositeNameIsUnderstood() throws {
    for name in CompositeCatalog.names {
      _ = try CompositeCatalog.composite(name == "epsilon_gamma_box" ? "epsilon_gamma_box:low=-1,high=1" : name)
    }
  }

  @Test(arguments: [
    "", "epsilon", "epsilon_plus:", "epsilon_plus:epsilon", "epsilon_plus:epsilon=x", "epsilon_plus:gamma=1",
    "epsilon_gamma_box", "epsilon_gamma_box:low=1,high=0", "epsilon_gamma_box:low=0/1,high=1/1",
    "epsilon_gamma_box:low=0/,high=1", "epsilon_plus:epsilon=nan", "epsilon_plus:epsilon=1,epsilon=2",
  ])
  func damagedSpecificationsAreRefused(specification: String) {
    #expect(throws: (any Error).self) { try CompositeCatalog.composite(specification) }
  }
}
