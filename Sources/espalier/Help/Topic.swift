import Foundation

/// Something that `espalier help` explains beside verbs.
struct Topic {
  /// A piece of its text.
  enum Part {
    /// A paragraph, broken into lines.
    case text(String)
    /// Lines that stay as they are, such as an example.
    case lines(String)
    /// Names with what they mean.
    case names([(name: String, meaning: String)])
  }

  /// The word that it is asked for by.
  var name: String
  /// What it is about, in a line.
  var abstract: String
  /// Its text.
  var parts: [Part]

  /// The whole text, in lines of at most a width.
  func text(width: Int = TextWidth.columns) -> String {
    let parts = parts.map { part in
      switch part {
      case .text(let text): TextWidth.broken(text, to: width).joined(separator: "\n")
      case .lines(let lines):
        lines.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  " + $0 }
          .joined(separator: "\n")
      case .names(let names): Topic.list(names, width: width)
      }
    }
    return ([abstract] + parts).joined(separator: "\n\n")
  }

  /// Names on the left and what they mean on the right; a name that is long has a line of its own.
  private static func list(_ names: [(name: String, meaning: String)], width: Int) -> String {
    let indent = 26
    return names.map { name, meaning in
      let first = "  " + name
      let lines = TextWidth.broken(meaning, to: max(width - indent, 20))
      guard !lines.isEmpty else { return first }
      let blanks = String(repeating: " ", count: indent)
      if first.count < indent {
        let start = first + String(repeating: " ", count: indent - first.count) + lines[0]
        return ([start] + lines.dropFirst().map { blanks + $0 }).joined(separator: "\n")
      }
      return ([first] + lines.map { blanks + $0 }).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

/// The width that texts are broken to.
enum TextWidth {
  /// The columns of the terminal: `COLUMNS`, or what standard output is, or 80.
  static var columns: Int {
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0 { return columns }
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// The lines of a text.
  static func broken(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      for (position, piece) in pieces(word, width).enumerated() {
        let gap = line.isEmpty || position > 0 ? "" : " "
        if !line.isEmpty, line.count + gap.count + piece.count > width {
          lines.append(line)
          line = piece
        } else {
          line += gap + piece
        }
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  /// A word, cut behind its commas and strokes where it is longer than a line.
  private static func pieces(_ word: Substring, _ width: Int) -> [String] {
    guard word.count > width else { return [String(word)] }
    return word.reduce(into: [""]) { pieces, letter in
      pieces[pieces.count - 1].append(letter)
      if ",/|".contains(letter) { pieces.append("") }
    }.filter { !$0.isEmpty }
  }
}
