import Tensors
package import TOMLKit

extension TOMLTable {
  /// Parses a text.
  ///
  /// toml++ 3.4, on which TOMLKit stands, aborts the process over a table's header that begins with no key, such as `[*]`; that is
  /// found here first.
  ///
  /// - Throws: `EspalierError` naming the line.
  package static func parsed(_ text: String) throws -> TOMLTable {
    for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !mayBegin(line) {
      throw EspalierError("a table's name does not begin with a key", place: "line \(index + 1)", accepted: "[name] or [[name]]")
    }
    do { return try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw EspalierError(error.description, place: "line \(error.source.begin.line)")
    }
  }

  /// Whether the parser can take a line that may be a header.
  private static func mayBegin(_ line: Substring.UnicodeScalarView) -> Bool {
    func trimmed(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
      text.drop { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
    }
    let start = trimmed(line)
    guard start.first == "[" else { return true }
    var name = trimmed(start.dropFirst())
    if name.first == "[" { name = trimmed(name.dropFirst()) }
    guard let first = name.first else { return false }
    return ["\"", "'", "_", "-", "]"].contains(first) || first.isASCII && (first.properties.isAlphabetic || "0"..."9" ~= first)
  }
}
