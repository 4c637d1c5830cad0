import Tensors

/// Hostile versions of a text: words exchanged for others and for what parsers stumble over, lines repeated, removed and moved.
public struct TextMutator: FileMutator {
  private let words: [String]
  private let seed: UInt64

  private static let hostile = [
    "", "\"", "\"\"", "'", "'''", ",", ";", "\n", "\r\n", "\r", "\t", "\u{FEFF}", "\u{0}", "\u{202E}", "\u{1F600}", "é", "\\",
    "/", "..", "../..",
    "[", "]", "[[", "{", "}", "=", ":", "#", "nan", "NaN", "inf", "-inf", "1e999", "1e-999", "-1", "0", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1.5", "true", "null", "/dev/zero", "a.b.c", "0x10",
    String(repeating: "[", count: 20_000), String(repeating: "a.", count: 20_000), String(repeating: "{\"a\":", count: 20_000),
    String(repeating: "x", count: 100_000), String(repeating: ",", count: 10_000),
  ]

  /// Makes a mutator of one text.
  public init(_ text: String, seed: UInt64 = 1) {
    var words: [String] = []
    for character in text {
      if let last = words.last, last.allSatisfy(\.isWordPart), character.isWordPart {
        words[words.count - 1].append(character)
      } else {
        words.append(String(character))
      }
    }
    (self.words, self.seed) = (words, seed)
  }

  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    var words = words
    for _ in 0..<Int.random(in: 1...4, using: &random) where !words.isEmpty {
      let position = random.index(words.count)
      switch random.index(6) {
      case 0: words.remove(at: position)
      case 1: words.insert(words[position], at: random.index(words.count + 1))
      case 2: words.swapAt(position, random.index(words.count))
      case 3: words.insert(TextMutator.hostile.randomElement(using: &random) ?? "", at: position)
      default: words[position] = TextMutator.hostile.randomElement(using: &random) ?? ""
      }
    }
    var bytes = Array(words.joined().utf8)
    if random.chance(0.1), !bytes.isEmpty { bytes = Mutator(bytes, seed: random.next())(0) }
    return bytes
  }
}

extension Character {
  fileprivate var isWordPart: Bool { isLetter || isNumber || self == "-" || self == "_" || self == "." }
}
