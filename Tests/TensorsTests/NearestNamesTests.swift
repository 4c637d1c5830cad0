import Tensors
import Testing

@Suite struct NearestNamesTests {
  /// Distances told in the literature on optimal string alignment, and of the empty text.
  @Test(arguments: [
    ("kitten", "sitting", 3), ("ca", "abc", 3), ("ab", "ba", 1), ("flaw", "lawn", 2), ("", "abc", 3), ("same", "same", 0),
  ])
  func distances(first: String, second: String, expected: Int) {
    #expect(NearestNames.distance(Array(first), Array(second)) == expected)
    #expect(NearestNames.distance(Array(second), Array(first)) == expected)
  }

  @Test func suggestions() {
    let criteria = ["taylor-2017", "taylor-2019", "taylor-signed", "lrp", "l1", "l2"]
    #expect(NearestNames.suggestions(for: "taylor", among: criteria) == Array(criteria.prefix(3)))
    #expect(NearestNames.suggestions(for: "TAYLOR_2017", among: criteria) == ["taylor-2017"])
    #expect(NearestNames.suggestions(for: "lpr", among: criteria) == ["lrp"])
    #expect(NearestNames.suggestions(for: "votes", among: criteria).isEmpty)
    #expect(NearestNames.suggestions(for: "", among: criteria).isEmpty)
    #expect(NearestNames.suggestions(for: "x", among: []).isEmpty)
  }

  @Test func listsAreShort() {
    let names = (1...12).map { "n\($0)" }
    #expect(EspalierError.list(names, topic: "names") == "n1, n2, n3, n4, n5, n6, n7, n8, … 4 more: espalier help names")
    #expect(EspalierError.list(Array(names.prefix(9))) == "n1, n2, n3, n4, n5, n6, n7, n8, n9")
    let error = EspalierError(unknown: "name", "n13", among: names)
    #expect(error.description.hasPrefix("there is no name 'n13'; did you mean 'n1'? (accepted: n1, "))
  }

  @Test func counting() {
    #expect(1.of("image") == "1 image" && 2.of("image") == "2 images" && 0.of("image") == "0 images")
    #expect(12345.of("criterion", "criteria") == "12,345 criteria" && 1.of("criterion", "criteria") == "1 criterion")
    #expect((-1234567).grouped == "-1,234,567" && 999.grouped == "999")
  }
}
