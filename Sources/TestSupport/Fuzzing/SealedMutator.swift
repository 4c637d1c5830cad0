import Files
import Foundation
import Tensors

/// Hostile versions of a file with a checksum, which is made right again, so that what reads the file behind it is met.
public struct SealedMutator: FileMutator {
  private let mutator: any FileMutator
  private let head: [UInt8]
  private let seal: @Sendable ([UInt8]) -> [UInt8]

  /// Hostile versions of a training checkpoint: HDF5 with a seal behind it.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  public init(checkpoint path: String, seed: UInt64) throws {
    mutator = try HDF5Mutator(path, seed: seed)
    head = []
    seal = FileSeal.sealed
  }

  /// Hostile versions of the saved state of a pass: a mark, the key behind its length, the state, and a checksum of all.
  ///
  /// Mark and key stay, as a state under another key is not read.
  public init(state bytes: [UInt8], seed: UInt64) {
    let length = (0..<8).reduce(0) { $0 | Int(bytes[16 + $1]) << (8 * $1) }
    head = Array(bytes[..<(24 + length)])
    mutator = Mutator(Array(bytes[(24 + length)...].dropLast(8)), seed: seed)
    seal = { bytes in
      let sum = CRC64(of: bytes).value
      return bytes + (0..<8).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0))) }
    }
  }

  public func callAsFunction(_ number: Int) -> [UInt8] { seal(head + mutator(number)) }
}
