/// The places and shares of bilinear upsampling along one axis, with half-pixel centres and the border repeated: PyTorch's
/// `interpolate(mode="bilinear", align_corners=False)`.
struct UpsamplingAxis: Hashable, Sendable {
  /// The source places that a target place lies between.
  let lower: [Int], upper: [Int]
  /// The share of the upper one, 0 … 1.
  let share: [Float]

  init(from source: Int, to target: Int) {
    let scale = Float(source) / Float(target)
    let places = (0..<target).map { max(0, scale * (Float($0) + 0.5) - 0.5) }
    lower = places.map { min(Int($0), source - 1) }
    upper = lower.map { min($0 + 1, source - 1) }
    share = zip(places, lower).map { $0 - Float($1) }
  }
}

/// Upsampled feature maps over a threshold as sets of pixels; an upsampled map is never stored.
///
/// Bilinear interpolation never exceeds its four sources, so target rows between two source rows that stay at or under the threshold
/// are empty and are left out. Between neighbours a and b lies a + share · (b − a), so that a plateau at the threshold stays at it;
/// PyTorch's (1 − share) · a + share · b may leave it by a rounding.
struct ThresholdedUpsampler: Sendable {
  private let height: Int, width: Int
  private var rows: UpsamplingAxis
  private var columns: UpsamplingAxis
  private var targetHeight = 0
  private var targetWidth = 0
  /// The upsampled source rows that were needed.
  private var stretched: [Float] = []
  private var isStretched: [Bool]
  private var plane: [Float]
  private var greatest: [SIMD8<Float>]

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    rows = UpsamplingAxis(from: 1, to: 0)
    columns = rows
    isStretched = [Bool](repeating: false, count: height)
    plane = [Float](repeating: 0, count: width)
    greatest = [SIMD8<Float>](repeating: SIMD8(), count: height)
  }

  /// Gets ready for masks of a size.
  mutating func prepare(height: Int, width: Int) {
    guard height != targetHeight || width != targetWidth else { return }
    (targetHeight, targetWidth) = (height, width)
    rows = UpsamplingAxis(from: self.height, to: height)
    columns = UpsamplingAxis(from: self.width, to: width)
    stretched = [Float](repeating: 0, count: self.height * paddedWidth)
  }

  private var paddedWidth: Int { (targetWidth + 63) / 64 * 64 }

  /// Gets ready for a tile: the greatest value of each source row.
  mutating func prepare(_ tile: Tile) {
    for row in 0..<height {
      var most = SIMD8<Float>(repeating: -.infinity)
      for place in row * width..<(row + 1) * width { most = pointwiseMax(most, tile.values(place)) }
      greatest[row] = most
    }
  }

  /// Calls `body` with each word of 64 pixels that has one where the upsampled map of a lane exceeds a threshold, and its place
  /// among the words of a ``Datasets/BitMask``.
  @inline(__always)
  mutating func forEachWord(_ tile: Tile, lane: Int, over threshold: Float, _ body: (_ word: UInt64, _ place: Int) -> Void) {
    let words = (targetWidth + 63) / 64
    let padded = paddedWidth
    for row in 0..<height { isStretched[row] = false }
    let weights = SIMD8<Int32>(1, 2, 4, 8, 16, 32, 64, 128)
    for target in 0..<targetHeight {
      let (lower, upper) = (rows.lower[target], rows.upper[target])
      guard max(greatest[lower][lane], greatest[upper][lane]) > threshold else { continue }
      stretch(tile, lane, lower)
      stretch(tile, lane, upper)
      let share = rows.share[target]
      stretched.withUnsafeBufferPointer { stretched in
        let a = UnsafeRawPointer(stretched.baseAddress! + lower * padded)
        let b = UnsafeRawPointer(stretched.baseAddress! + upper * padded)
        for word in 0..<words {
          var bits: UInt64 = 0
          for group in 0..<8 {
            let offset = (word * 64 + group * 8) * 4
            let low = a.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            let value = low + share * (b.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self) - low)
            let inside = unsafeBitCast(value .> threshold, to: SIMD8<Int32>.self) & weights
            bits |= UInt64(UInt32(truncatingIfNeeded: inside.wrappedSum())) << UInt64(group * 8)
          }
          if bits != 0 { body(bits, target * words + word) }
        }
      }
    }
  }

  private mutating func stretch(_ tile: Tile, _ lane: Int, _ row: Int) {
    if isStretched[row] { return }
    isStretched[row] = true
    let start = row * width
    for column in 0..<width { plane[column] = tile.activation[(start + column) * tile.stride + lane] }
    let base = row * paddedWidth
    for target in 0..<targetWidth {
      let low = plane[columns.lower[target]]
      stretched[base + target] = low + columns.share[target] * (plane[columns.upper[target]] - low)
    }
    // Behind the last column nothing exceeds any threshold: −∞ plus a share of NaN is NaN, which exceeds none.
    for target in targetWidth..<paddedWidth { stretched[base + target] = -.infinity }
  }
}
