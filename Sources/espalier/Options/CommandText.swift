import Foundation

/// The command as a person can give it again, for the properties of what it writes.
enum CommandText {
  /// The words of this process, without where results go and how much is said.
  static var text: String { text(Array(CommandLine.arguments.dropFirst())) }

  static func text(_ arguments: [String]) -> String {
    var words = ["espalier"]
    var left = arguments[...]
    while let word = left.popFirst() {
      if ["--quiet", "--verbose"].contains(word) || word.hasPrefix("--out=") { continue }
      if word == "--out" {
        left = left.dropFirst()
        continue
      }
      words.append(quoted(word))
    }
    return words.joined(separator: " ")
  }

  /// A word as a shell takes it.
  private static func quoted(_ word: String) -> String {
    let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%")
    if !word.isEmpty, word.unicodeScalars.allSatisfy(plain.contains) { return word }
    return "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
