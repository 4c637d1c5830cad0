import Tensors

/// Makes damaged copies of a file's bytes, for tests that a reader answers each with an error and never with a trap.
///
/// The damage depends on (seed, number) alone, so that a failure can be repeated from its two numbers.
public struct Mutator: Sendable {
  private let original: [UInt8]
  private let seed: UInt64

  /// Makes a mutator of one file's bytes.
  public init(_ original: [UInt8], seed: UInt64 = 1) {
    self.original = original
    self.seed = seed
  }

  /// The damaged copy of a given number: one to four of bit flips, truncation, a splice of one part over another, a removed or
  /// repeated part, and 1, 2, 4 or 8 bytes overwritten by a length that a reader may trust (0, the greatest, or a random one).
  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    var bytes = original
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      switch Int.random(in: 0..<6, using: &random) {
      case 0:
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
      case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
      case 2:
        let part = Array(bytes[Mutator.part(of: bytes, &random)])
        let position = Int.random(in: 0...bytes.count - part.count, using: &random)
        bytes.replaceSubrange(position..<position + part.count, with: part)
      case 3: bytes.removeSubrange(Mutator.part(of: bytes, &random))
      case 4:
        let part = Mutator.part(of: bytes, &random)
        bytes.insert(contentsOf: Array(bytes[part]), at: part.upperBound)
      default:
        let width = min(bytes.count, 1 << Int.random(in: 0...3, using: &random))
        let value = [0, .max, UInt64.random(in: 0...UInt64.max, using: &random)].randomElement(using: &random) ?? 0
        let position = Int.random(in: 0...bytes.count - width, using: &random)
        for i in 0..<width { bytes[position + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(i))) }
      }
    }
    return bytes
  }

  /// A part of at most 64 bytes.
  private static func part(of bytes: [UInt8], _ random: inout Philox) -> Range<Int> {
    let count = Int.random(in: 1...min(64, bytes.count), using: &random)
    let start = Int.random(in: 0...bytes.count - count, using: &random)
    return start..<start + count
  }
}
