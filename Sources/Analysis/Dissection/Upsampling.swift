/// The positions and shares of bilinear upsampling along one axis, with half-pixel centres and the border repeated: PyTorch's
/// `interpolate(mode="bilinear", align_corners=False)`, whose shares are rounded to single precision on the way.
struct UpsamplingAxis: Hashable, Sendable {
  /// The source positions that a target position lies between.
  let lower: [Int], upper: [Int]
  /// The share of the upper one, 0 … 1.
  let share: [Float]

  init(from source: Int, to target: Int) {
    // In whole numbers, so that a position that lies on a source has share 0: the position is halves / (2 · target).
    let halves = (0..<target).map { max(0, (2 * $0 + 1) * source - target) }
    lower = halves.map { min($0 / (2 * target), source - 1) }
    upper = lower.map { min($0 + 1, source - 1) }
    share = zip(halves, lower).map { Float(Double($0 - 2 * target * $1) / Double(2 * target)) }
  }
}

/// Upsampled feature maps over a threshold as sets of pixels; an upsampled map is never stored.
///
/// Bilinear interpolation never exceeds its four sources, so only pixels beside a source that exceeds the threshold are computed,
/// in groups of eight columns. Between neighbours a and b lies a + share · (b − a), so that a plateau at the threshold stays at
/// it; PyTorch's (1 − share) · a + share · b may leave it by a rounding.
struct ThresholdedUpsampler: Sendable {
  private let height: Int, width: Int
  private var rows: UpsamplingAxis
  private var columns: UpsamplingAxis
  private var targetHeight = 0
  private var targetWidth = 0
  /// The first target row at or below each source row; behind them the number of target rows.
  private var firstTargets: [Int] = []
  /// Eight target columns are a group; so many groups share a bit of a row's set of groups, that 64 bits do for a row.
  private var groupsPerBit = 1
  /// The groups that a source column has a share in.
  private var groupsOfColumn: [UInt64] = []
  /// The groups of source row r and lane l beside a source over the threshold, at position 8 r + l.
  private var touched: [UInt64]
  /// The upsampled source rows, and which of their groups are there.
  private var stretched: [Float] = []
  private var isStretched: [UInt64]

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    rows = UpsamplingAxis(from: 1, to: 0)
    columns = rows
    isStretched = [UInt64](repeating: 0, count: height)
    touched = [UInt64](repeating: 0, count: 8 * height)
  }

  /// Gets ready for masks of a size.
  mutating func prepare(height: Int, width: Int) {
    guard height != targetHeight || width != targetWidth else { return }
    (targetHeight, targetWidth) = (height, width)
    rows = UpsamplingAxis(from: self.height, to: height)
    columns = UpsamplingAxis(from: self.width, to: width)
    firstTargets = (0...self.height).map { row in rows.lower.firstIndex { $0 >= row } ?? height }
    groupsPerBit = max(1, (groups + 63) / 64)
    groupsOfColumn = [UInt64](repeating: 0, count: self.width)
    for target in 0..<targetWidth {
      let bit: UInt64 = 1 << UInt64(target / 8 / groupsPerBit)
      groupsOfColumn[columns.lower[target]] |= bit
      groupsOfColumn[columns.upper[target]] |= bit
    }
    stretched = [Float](repeating: 0, count: self.height * groups * 8)
  }

  private var groups: Int { (targetWidth + 7) / 8 }

  /// Looks for what exceeds the thresholds in a tile.
  ///
  /// - Parameter thresholds: one a lane; infinity for a lane that is of no interest.
  mutating func prepare(_ tile: Tile, over thresholds: SIMD8<Float>) {
    let (width, height) = (width, height)
    touched.withUnsafeMutableBytes { touched in
      groupsOfColumn.withUnsafeBufferPointer { groupsOfColumn in
        for row in 0..<height {
          var groups = SIMD8<UInt64>()
          for first in stride(from: row * width, to: (row + 1) * width, by: 8) {
            let end = min(first + 8, (row + 1) * width)
            var isOver = SIMDMask<SIMD8<Int32>>()
            for position in first..<end { isOver .|= tile.values(position) .> thresholds }
            guard isAny(isOver) else { continue }
            for position in first..<end {
              let lanes = unsafeBitCast(tile.values(position) .> thresholds, to: SIMD8<Int32>.self)
              groups |=
                unsafeBitCast(SIMD8<Int64>(truncatingIfNeeded: lanes), to: SIMD8<UInt64>.self)
                & SIMD8(repeating: groupsOfColumn[position - row * width])
            }
          }
          touched.storeBytes(of: groups, toByteOffset: row * 64, as: SIMD8<UInt64>.self)
        }
      }
    }
  }

  /// Calls `body` with words of 64 pixels, each with one where the upsampled map of a lane exceeds a threshold, and their
  /// positions.
  ///
  /// Positions are those among the words of a ``Datasets/BitMask``. A pixel is in one of the calls only.
  @inline(__always)
  mutating func forEachWord(_ tile: Tile, lane: Int, over threshold: Float, _ body: (_ word: UInt64, _ position: Int) -> Void) {
    let (words, groups, perBit) = ((targetWidth + 63) / 64, groups, groupsPerBit)
    let (width, height) = (width, height)
    let plane = tile.activation + lane
    let step = tile.stride
    let (columns, shares, firstTargets, touched) = (columns, rows.share, firstTargets, touched)
    stretched.withUnsafeMutableBufferPointer { stretched in
      isStretched.withUnsafeMutableBufferPointer { isStretched in
        for row in 0..<height { isStretched[row] = 0 }
        for lower in 0..<height {
          let upper = min(lower + 1, height - 1)
          let needed = touched[lower * 8 + lane] | touched[upper * 8 + lane]
          let targets = firstTargets[lower]..<firstTargets[lower + 1]
          if needed == 0 || targets.isEmpty { continue }
          for row in lower...upper where needed & ~isStretched[row] != 0 {
            ThresholdedUpsampler.stretch(
              plane + row * width * step, step, columns, needed & ~isStretched[row], perBit,
              to: stretched.baseAddress! + row * groups * 8, groups: groups)
            isStretched[row] |= needed
          }
          let a = UnsafeRawPointer(stretched.baseAddress! + lower * groups * 8)
          let b = UnsafeRawPointer(stretched.baseAddress! + upper * groups * 8)
          var rest = needed
          while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest - 1
            for group in bit * perBit..<min((bit + 1) * perBit, groups) {
              let low = a.loadUnaligned(fromByteOffset: group * 32, as: SIMD8<Float>.self)
              let step = b.loadUnaligned(fromByteOffset: group * 32, as: SIMD8<Float>.self) - low
              let (word, shift) = (group / 8, UInt64(group % 8 * 8))
              for target in targets {
                let isOver = low + shares[target] * step .> threshold
                guard isAny(isOver) else { continue }
                body(UInt64(bits(of: isOver)) << shift, target &* words &+ word)
              }
            }
          }
        }
      }
    }
  }

  /// Upsamples groups of a source row.
  @inline(__always)
  private static func stretch(
    _ source: UnsafePointer<Float>, _ step: Int, _ columns: UpsamplingAxis, _ wanted: UInt64, _ perBit: Int,
    to row: UnsafeMutablePointer<Float>, groups: Int
  ) {
    let width = columns.share.count
    columns.lower.withUnsafeBufferPointer { lowers in
      columns.upper.withUnsafeBufferPointer { uppers in
        columns.share.withUnsafeBufferPointer { shares in
          var rest = wanted
          while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest - 1
            for target in bit * perBit * 8..<min((bit + 1) * perBit, groups) * 8 {
              // Behind the last column nothing exceeds any threshold: −∞ plus a share of NaN is NaN, which exceeds none.
              guard target < width else {
                row[target] = -.infinity
                continue
              }
              let low = source[lowers[target] &* step]
              row[target] = low + shares[target] * (source[uppers[target] &* step] - low)
            }
          }
        }
      }
    }
  }
}

/// Whether a lane is set: `any` goes lane by lane where the mask is used again.
@inline(__always)
func isAny(_ mask: SIMDMask<SIMD8<Int32>>) -> Bool {
  let words = unsafeBitCast(mask, to: SIMD4<UInt64>.self)
  let halves = words.lowHalf | words.highHalf
  return halves[0] | halves[1] != 0
}

/// A bit for each lane that is set, the first lane lowest.
@inline(__always)
private func bits(of mask: SIMDMask<SIMD8<Int32>>) -> UInt32 {
  // Two lanes of a word fall onto the two lowest bits of its halves.
  let words = unsafeBitCast(mask, to: SIMD4<UInt64>.self) & SIMD4(1 | 2 << 32, 4 | 8 << 32, 16 | 32 << 32, 64 | 128 << 32)
  let halves = words.lowHalf | words.highHalf
  let word = halves[0] | halves[1]
  return UInt32(truncatingIfNeeded: word | word >> 32)
}
