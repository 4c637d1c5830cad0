import Foundation
import Pruning
import Testing

@Suite struct CriterionCatalogTests {
  /// One file a criterion, one line a file.
  @Test func everyFileHasItsLine() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Pruning/Criteria")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      $0.replacingOccurrences(of: ".swift", with: "")
    }.filter { $0 != "Criterion" && $0 != "DataCriterion" && $0 != "CriterionCatalog" }
    #expect(Set(files) == Set(CriterionCatalog.all.map { "\($0)" } + CriterionCatalog.data.map { "\($0)" }))
    #expect(Set(CriterionCatalog.names).count == CriterionCatalog.names.count)
  }

  @Test(arguments: ["l1:seed=1", "random:seed=x", "random:seed"]) func wrongParametersAreRefused(_ text: String) {
    #expect(throws: (any Error).self) { try CriterionCatalog.criterion(text) }
  }

  @Test func strangersAreNoCriteria() throws { #expect(try CriterionCatalog.criterion("nothing") == nil) }
}
