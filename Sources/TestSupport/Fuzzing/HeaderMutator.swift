import Tensors

/// Hostile versions of a file that begins with big-endian words, such as IDX: the words set to bounds, the rest cut or damaged.
public struct HeaderMutator: FileMutator {
  private let bytes: [UInt8]
  private let words: Int
  private let seed: UInt64

  /// Makes a mutator.
  ///
  /// - Parameter words: the number of 4-byte words that the header has.
  public init(_ bytes: [UInt8], words: Int, seed: UInt64 = 1) {
    (self.bytes, self.words, self.seed) = (bytes, words, seed)
  }

  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    guard random.chance(0.8), bytes.count >= 4 * words else { return Mutator(bytes, seed: random.next())(0) }
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let position = random.index(words) * 4
      if random.chance(0.2) {
        bytes[position + random.index(4)] = [0, 1, 3, 8, 9, 11, 12, 13, 14, 255].randomElement(using: &random) ?? 0
      } else {
        let right = bytes[position..<position + 4].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let value = Boundary.integer(near: right, &random)
        for i in 0..<4 { bytes[position + i] = UInt8(truncatingIfNeeded: value >> (8 * (3 - Int64(i)))) }
      }
    }
    if random.chance(0.2) { bytes.removeLast(random.index(bytes.count - 4 * words + 1)) }
    return bytes
  }
}
