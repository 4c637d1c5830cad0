import Tensors
import Testing

@Suite struct EspalierErrorTests {
  @Test func isOneLineOfPrintableText() {
    let error = EspalierError("the name 'a\n\u{1B}[2Jb' is no name", file: "a.csv", location: "line 3", accepted: "one\r\nword")
    #expect(error.description == "a.csv: line 3: the name 'a  [2Jb' is no name (accepted: one  word)")
  }

  @Test func longTextIsQuotedInPart() {
    let error = EspalierError("'" + String(repeating: "x", count: 100_000) + "' is not a number", file: "a.csv")
    #expect(error.description.count < 500)
    #expect(error.description.hasPrefix("a.csv: 'xxx") && error.description.hasSuffix("xxx' is not a number"))
  }
}
