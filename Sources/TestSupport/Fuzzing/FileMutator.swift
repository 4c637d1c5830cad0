import Tensors

/// Makes hostile versions of a file: numbered, and the same for the same number.
public protocol FileMutator: Sendable {
  /// The hostile version of a given number.
  func callAsFunction(_ number: Int) -> [UInt8]
}

extension Mutator: FileMutator {}

/// Numbers on which readers stumble: bounds of types, lengths that overflow once multiplied, and small ones beside the right one.
enum Boundary {
  static let integers: [Int64] = [
    0, 1, -1, 2, 3, 7, 13, 255, 256, 65_535, 65_536, 1 << 24, 1 << 27, 1 << 31 - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 62, .max,
    .min,
    -2, -(1 << 31),
  ]

  static let floats: [Float] = [
    0, -0.0, 1, -1, .nan, .infinity, -.infinity, 3.4e38, -3.4e38, .leastNonzeroMagnitude, 1e-30, 65_504, 1e10,
  ]

  /// A boundary, or a number near to the right one.
  static func integer(near value: Int64, _ random: inout Philox) -> Int64 {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: value &+ Int64.random(in: -2...2, using: &random)
    case 1: value &* 2
    default: integers.randomElement(using: &random) ?? 0
    }
  }
}

extension Philox {
  /// A position below a count, which is at least one.
  mutating func index(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

  /// Whether something of a given probability happens.
  mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
}
