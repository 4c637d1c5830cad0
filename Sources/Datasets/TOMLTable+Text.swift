import Files
import Tensors
package import TOMLKit

extension TOMLTable {
  /// Parses a text.
  ///
  /// toml++ 3.4, on which TOMLKit stands, aborts the process over a table's header that begins with no key, such as `[*]`, over
  /// `[}`, dates that are none and white space beyond ASCII, and takes memory and stack without bounds for keys of many parts and
  /// deep values; these are found here first.
  ///
  /// - Throws: `EspalierError` naming the line.
  package static func parsed(_ text: String) throws -> TOMLTable {
    guard text.utf8.count <= RegularFile.largestSettings else {
      throw EspalierError("is \(text.utf8.count) bytes long", accepted: "at most \(RegularFile.largestSettings)")
    }
    try check(text)
    for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !mayBegin(line) {
      throw EspalierError(
        "a table's name does not begin with a key", location: "line \(index + 1)", accepted: "[name] or [[name]]")
    }
    do { return try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw EspalierError(error.description, location: "line \(error.source.begin.line)")
    }
  }

  private static let deepest = 32

  /// Counts the parts of keys, pairs the brackets around values and finds dates, outside of texts and comments.
  private static func check(_ text: String) throws {
    let bytes = Array(text.utf8)
    var (line, dots, digits, position) = (1, 0, 0, 0)
    var brackets: [UInt8] = []
    // The mark of byte order, three bytes at the start.
    func isMark(_ position: Int) -> Bool { position < 3 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) }
    func failure(_ what: String, accepted: String = "at most \(deepest)") -> EspalierError {
      EspalierError(what, location: "line \(line)", accepted: accepted)
    }
    while position < bytes.count {
      if digits == 4, bytes[position] == UInt8(ascii: "-"), position + 1 < bytes.count, isDigit(bytes[position + 1]) {
        throw failure("a date", accepted: "numbers, texts in quotes, true, false, lists and tables")
      }
      if !(0x20...0x7E ~= bytes[position]), !"\t\r\n".utf8.contains(bytes[position]), !isMark(position) {
        throw failure("a character that no key or number has", accepted: "ASCII outside of texts in quotes and comments")
      }
      digits = isDigit(bytes[position]) ? digits + 1 : 0
      switch bytes[position] {
      case UInt8(ascii: "#"):
        while position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "\n") { position += 1 }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        let quote = bytes[position]
        let isLong = position + 2 < bytes.count && bytes[position + 1] == quote && bytes[position + 2] == quote
        position += isLong ? 3 : 1
        while position < bytes.count {
          if bytes[position] == UInt8(ascii: "\n") {
            line += 1
            if !isLong { break }
          }
          if bytes[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
            position += 2
            continue
          }
          if bytes[position] == quote {
            guard isLong else { break }
            if position + 2 < bytes.count, bytes[position + 1] == quote, bytes[position + 2] == quote {
              position += 2
              break
            }
          }
          position += 1
        }
      case UInt8(ascii: "\n"): (line, dots) = (line + 1, 0)
      case UInt8(ascii: "."):
        dots += 1
        if dots > deepest { throw failure("a key has too many parts") }
      case UInt8(ascii: "="), UInt8(ascii: ","): dots = 0
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        dots = 0
        brackets.append(bytes[position] + 2)
        if brackets.count > deepest { throw failure("values lie too deep in brackets") }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        guard brackets.popLast() == bytes[position] else {
          throw failure("brackets do not pair", accepted: "[ with ] and { with }")
        }
      default: break
      }
      position += 1
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  /// Whether the parser can take a line that may be a header.
  private static func mayBegin(_ line: Substring.UnicodeScalarView) -> Bool {
    // Other white space than the parser takes there has to be found here.
    func trimmed(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView { text.drop { $0 == " " || $0 == "\t" } }
    let start = line.drop { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
    guard start.first == "[" else { return true }
    var name = trimmed(start.dropFirst())
    if name.first == "[" { name = trimmed(name.dropFirst()) }
    guard let first = name.first else { return false }
    return ["\"", "'", "_", "-", "]"].contains(first) || first.isASCII && (first.properties.isAlphabetic || "0"..."9" ~= first)
  }
}
