import Foundation

/// The checksum CRC-64 of files that nobody forges: it tells any change of up to 64 neighbouring bits.
///
/// Source: ECMA-182, in the reflected form of the XZ format (check value 995dc9bbdf1939fa), eight bytes at a time after
/// Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation" (2008).
package struct CRC64: Sendable {
  private var state = UInt64.max

  /// Makes the checksum of nothing yet.
  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt64 { ~state }

  /// The checksum as 16 hexadecimal digits.
  package var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Makes the checksum of bytes.
  package init(of bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Adds bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    CRC64.tables.withUnsafeBufferPointer { table in
      var position = 0
      while position + 8 <= bytes.count {
        let word = state ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        var next: UInt64 = 0
        for byte in 0..<8 { next ^= table[(7 - byte) << 8 | Int(truncatingIfNeeded: word >> (8 * UInt64(byte)) & 0xFF)] }
        state = next
        position += 8
      }
      while position < bytes.count {
        state = state >> 8 ^ table[Int(truncatingIfNeeded: (state ^ UInt64(bytes[position])) & 0xFF)]
        position += 1
      }
    }
  }

  /// What a byte becomes after so many further bytes of zeros.
  private static let tables: [UInt64] = {
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt64(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xC96C_5795_D787_0F42) }
    }
    for position in 256..<2048 {
      let before = tables[position - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
    }
    return tables
  }()
}
