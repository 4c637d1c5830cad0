import Tensors

/// A symmetric matrix in Double, of which the blocks of 8 × 8 on and above the diagonal are kept.
struct SymmetricBlocks: Sendable {
  /// The rows whose products are summed in single precision.
  static let run = 128

  private let groups: Int
  /// Eight rows a block; block (i, j), i ≤ j, behind those of smaller i; empty while the matrix is zero.
  private var blocks: [SIMD8<Double>] = []

  init(_ groups: Int) { self.groups = groups }

  var isEmpty: Bool { blocks.isEmpty }

  private var count: Int { groups * (groups + 1) / 2 * 8 }

  private func start(_ i: Int, _ j: Int) -> Int { (i * groups - i * (i - 1) / 2 + j - i) * 8 }

  /// The element of a row and a column.
  subscript(row: Int, column: Int) -> Double {
    guard !blocks.isEmpty else { return 0 }
    let (i, j) = (min(row, column), max(row, column))
    return blocks[start(i / 8, j / 8) + i % 8][j % 8]
  }

  mutating func add(_ other: SymmetricBlocks) {
    guard !other.isEmpty else { return }
    guard !blocks.isEmpty else {
      blocks = other.blocks
      return
    }
    for position in blocks.indices { blocks[position] += other.blocks[position] }
  }

  /// Adds Σ xᵣ xᵣᵀ over the first rows.
  ///
  /// - Parameters:
  ///   - rows: of each group of eight channels, equally many.
  ///   - rowCount: how many of them.
  mutating func addProducts(of rows: [[SIMD8<Float>]], _ rowCount: Int) {
    guard rowCount > 0, !rows.isEmpty else { return }
    if blocks.isEmpty { blocks = Array(repeating: SIMD8(repeating: 0), count: count) }
    let panel = rows.flatMap { $0.prefix(rowCount) }
    let groups = groups
    panel.withUnsafeBufferPointer { panel in
      blocks.withUnsafeMutableBufferPointer { blocks in
        for first in stride(from: 0, to: rowCount, by: SymmetricBlocks.run) {
          let length = min(SymmetricBlocks.run, rowCount - first)
          var block = blocks.baseAddress!
          for i in 0..<groups {
            let left = panel.baseAddress! + i * rowCount + first
            for j in i..<groups {
              SymmetricBlocks.add(left, panel.baseAddress! + j * rowCount + first, length, to: block)
              block += 8
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func add(
    _ left: UnsafePointer<SIMD8<Float>>, _ right: UnsafePointer<SIMD8<Float>>, _ rows: Int,
    to block: UnsafeMutablePointer<SIMD8<Double>>
  ) {
    var (s0, s1, s2, s3) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
    var (s4, s5, s6, s7) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
    let scalars = UnsafeRawPointer(left).assumingMemoryBound(to: Float.self)
    for row in 0..<rows {
      let (x, y) = (scalars + row * 8, right[row])
      s0.addProduct(SIMD8(repeating: x[0]), y)
      s1.addProduct(SIMD8(repeating: x[1]), y)
      s2.addProduct(SIMD8(repeating: x[2]), y)
      s3.addProduct(SIMD8(repeating: x[3]), y)
      s4.addProduct(SIMD8(repeating: x[4]), y)
      s5.addProduct(SIMD8(repeating: x[5]), y)
      s6.addProduct(SIMD8(repeating: x[6]), y)
      s7.addProduct(SIMD8(repeating: x[7]), y)
    }
    block[0] += SIMD8<Double>(s0)
    block[1] += SIMD8<Double>(s1)
    block[2] += SIMD8<Double>(s2)
    block[3] += SIMD8<Double>(s3)
    block[4] += SIMD8<Double>(s4)
    block[5] += SIMD8<Double>(s5)
    block[6] += SIMD8<Double>(s6)
    block[7] += SIMD8<Double>(s7)
  }

  func encode(into state: inout StateEncoder) { state.append(blocks) }

  mutating func decode(from state: inout StateDecoder) throws {
    blocks = try state.array(of: SIMD8<Double>.self)
    guard blocks.isEmpty || blocks.count == count else {
      throw EspalierError("the saved state of a matrix is damaged", accepted: "a state of the same pass")
    }
  }
}
