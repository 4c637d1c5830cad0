/// A set of pixels: one bit each, 64 to a word, every row from a word of its own.
///
/// Bits behind the last column are 0.
public struct BitMask: Hashable, Sendable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The bits, row by row, the first column lowest.
  public var words: [UInt64]

  /// Makes an empty set.
  ///
  /// - Precondition: neither length is negative.
  public init(height: Int, width: Int) {
    precondition(height >= 0 && width >= 0, "a mask of \(height) rows and \(width) columns")
    self.height = height
    self.width = width
    words = [UInt64](repeating: 0, count: height * BitMask.wordsPerRow(width: width))
  }

  /// The words that a row of `width` pixels takes.
  public static func wordsPerRow(width: Int) -> Int { (width + 63) / 64 }

  /// The words that a row takes.
  public var wordsPerRow: Int { BitMask.wordsPerRow(width: width) }

  /// Whether a pixel is in the set.
  public subscript(row: Int, column: Int) -> Bool {
    get { words[row * wordsPerRow + column / 64] >> UInt64(column % 64) & 1 == 1 }
    set {
      let bit: UInt64 = 1 << UInt64(column % 64)
      if newValue { words[row * wordsPerRow + column / 64] |= bit } else { words[row * wordsPerRow + column / 64] &= ~bit }
    }
  }

  /// The number of pixels in the set.
  public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
