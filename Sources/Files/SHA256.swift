import Foundation
import Synchronization
import Tensors

/// The hash function SHA-256, for digests of data and models.
///
/// Source: NIST FIPS 180-4.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var tail: [UInt8] = []
  private var length: UInt64 = 0

  /// Makes the hash of nothing yet.
  public init() {}

  /// Adds bytes.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    length &+= UInt64(bytes.count)
    tail.append(contentsOf: bytes)
    let whole = tail.count / 64 * 64
    let waiting = tail
    waiting.withUnsafeBufferPointer { buffer in
      for start in stride(from: 0, to: whole, by: 64) { mix(UnsafeBufferPointer(rebasing: buffer[start..<start + 64])) }
    }
    tail.removeFirst(whole)
  }

  /// Adds a text and its end, so that the parts of a list stay apart.
  public mutating func update(line text: String) { update(Array((text + "\n").utf8)) }

  /// The hash of all bytes so far, as 64 hexadecimal digits.
  public var hexadecimal: String {
    var copy = self
    let padding = [0x80] + [UInt8](repeating: 0, count: (119 - tail.count % 64) % 64)
    let bits = length &* 8
    copy.update(padding + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
    return copy.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// The hash of a file's bytes, which are read once in a process unless the file changes.
  ///
  /// - Throws: `EspalierError` naming the file, if it is no regular file or cannot be read.
  public static func hexadecimal(ofFile path: String) throws -> String {
    let handle = try RegularFile.open(path)
    defer { try? handle.close() }
    let descriptor = handle.fileDescriptor
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw EspalierError("cannot be read", file: path) }
    let file = FileState(status)
    if let known = known.withLock({ $0[file] }) { return known }
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw EspalierError("cannot be read", file: path) }
      if count == 0 { break }
      hash.update(buffer[..<count])
    }
    let result = hash.hexadecimal
    guard fstat(descriptor, &status) == 0, FileState(status) == file else { return result }
    known.withLock { $0[file] = result }
    return result
  }

  /// A file as it stands: which it is, how long, and when it was last written or changed.
  private struct FileState: Hashable {
    let numbers: [Int]

    init(_ status: stat) {
      numbers = [
        Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
      ]
    }
  }

  private static let known = Mutex<[FileState: String]>([:])

  private mutating func mix(_ block: UnsafeBufferPointer<UInt8>) {
    SHA256.constants.withUnsafeBufferPointer { constants in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
        for i in 0..<16 {
          w[i] =
            UInt32(block[4 * i]) << 24 | UInt32(block[4 * i + 1]) << 16 | UInt32(block[4 * i + 2]) << 8 | UInt32(block[4 * i + 3])
        }
        for i in 16..<64 {
          let s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3
          let s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10
          w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for i in 0..<64 {
          let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
          let t1 = h &+ s1 &+ (e & f ^ ~e & g) &+ constants[i] &+ w[i]
          let t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ (a & b ^ a & c ^ b & c)
          (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
        }
        let mixed = [a, b, c, d, e, f, g, h]
        for i in 0..<8 { state[i] &+= mixed[i] }
      }
    }
  }

  private func rotated(_ x: UInt32, _ bits: UInt32) -> UInt32 { x >> bits | x << (32 - bits) }

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
