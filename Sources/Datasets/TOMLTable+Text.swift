import Files
import Tensors
package import TOMLKit

extension TOMLTable {
  /// Parses a text.
  ///
  /// toml++ 3.4, on which TOMLKit stands, aborts the process over a table's header that begins with no key, such as `[*]`, and takes
  /// memory and stack without bounds for keys of many parts and deep values; these are found here first.
  ///
  /// - Throws: `EspalierError` naming the line.
  package static func parsed(_ text: String) throws -> TOMLTable {
    guard text.utf8.count <= RegularFile.largestSettings else {
      throw EspalierError("is \(text.utf8.count) bytes long", accepted: "at most \(RegularFile.largestSettings)")
    }
    try checkDepth(text)
    for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !mayBegin(line) {
      throw EspalierError("a table's name does not begin with a key", place: "line \(index + 1)", accepted: "[name] or [[name]]")
    }
    do { return try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw EspalierError(error.description, place: "line \(error.source.begin.line)")
    }
  }

  private static let deepest = 32

  /// Counts the parts of keys and the brackets around values, outside of texts and comments.
  private static func checkDepth(_ text: String) throws {
    let bytes = Array(text.utf8)
    var (line, dots, depth, place) = (1, 0, 0, 0)
    func failure(_ what: String) -> EspalierError {
      EspalierError(what, place: "line \(line)", accepted: "at most \(deepest)")
    }
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "#"):
        while place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "\n") { place += 1 }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        let quote = bytes[place]
        let isLong = place + 2 < bytes.count && bytes[place + 1] == quote && bytes[place + 2] == quote
        place += isLong ? 3 : 1
        while place < bytes.count {
          if bytes[place] == UInt8(ascii: "\n") {
            line += 1
            if !isLong { break }
          }
          if bytes[place] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
            place += 2
            continue
          }
          if bytes[place] == quote {
            guard isLong else { break }
            if place + 2 < bytes.count, bytes[place + 1] == quote, bytes[place + 2] == quote {
              place += 2
              break
            }
          }
          place += 1
        }
      case UInt8(ascii: "\n"): (line, dots) = (line + 1, 0)
      case UInt8(ascii: "."):
        dots += 1
        if dots > deepest { throw failure("a key has too many parts") }
      case UInt8(ascii: "="), UInt8(ascii: ","): dots = 0
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        (depth, dots) = (depth + 1, 0)
        if depth > deepest { throw failure("values lie too deep in brackets") }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = Swift.max(0, depth - 1)
      default: break
      }
      place += 1
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
