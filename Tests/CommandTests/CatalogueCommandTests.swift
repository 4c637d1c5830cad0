import Analysis
import Experiments
import Foundation
import Pruning
import TestSupport
import Testing

/// `catalogue`: every criterion is a method of the survey or a form of one, and the other way round.
@Suite struct CatalogueCommandTests {
  /// Criteria that the survey does not have.
  private let others: Set<String> = ["bn-scale", "input-x-gradient", "fisher", "mean-activation"]

  @Test func criteriaAndCatalogueAgree() throws {
    let named = SurveyCatalog.all.flatMap { method -> [String] in
      guard let start = method.verb.range(of: "--criterion ") else { return [] }
      return method.verb[start.upperBound...].prefix { $0 != " " && $0 != "[" }.split(separator: "|").map(String.init)
    }
    let known = CriterionCatalog.names + ScoreCatalog.names
    #expect(named.allSatisfy(known.contains) && Set(named).count == named.count)
    #expect(Set(known).subtracting(named) == others)
    #expect(Set(SurveyCatalog.all.map(\.id)).count == SurveyCatalog.all.count)
  }

  @Test func isPrinted() throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run("catalogue", "--json", in: folder)
      let rows = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: String]])
      #expect(rows.count == SurveyCatalog.all.count)
      #expect(rows.allSatisfy { Set($0.keys) == ["id", "group", "verb", "reference", "deviation"] })
      #expect(try Tool.run("catalogue", in: folder).output.contains("group-fisher"))
    }
  }
}
