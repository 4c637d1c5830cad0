/// Sums and extremes of eight channels of one image, one lane a channel: read once from memory, used by every accumulator.
///
/// Sums are made of runs of eight positions in Float, and of the runs in Double; those that a variance is made of are taken from
/// each run's first value on, so that a large mean does not drown a small variance.
public struct TileSummary: Sendable {
  /// Σ a.
  public internal(set) var sum = SIMD8<Double>()
  /// Σ |a|.
  public internal(set) var absolute = SIMD8<Double>()
  /// Σ a².
  public internal(set) var squares = SIMD8<Double>()
  /// The least value.
  public internal(set) var minimum = SIMD8<Float>(repeating: .infinity)
  /// The greatest value.
  public internal(set) var maximum = SIMD8<Float>(repeating: -.infinity)
  /// The number of positions where a = 0.
  public internal(set) var zeros = SIMD8<Int32>()

  static let run = 8

  /// Reads `positions` positions from `base`, `stride` floats apart.
  @inline(__always)
  init(_ base: UnsafePointer<Float>, positions: Int, stride: Int) {
    var position = 0
    while position < positions {
      let end = min(position + TileSummary.run, positions)
      var (s, a, q) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
      let first = UnsafeRawPointer(base + position * stride).loadUnaligned(as: SIMD8<Float>.self)
      let shift = SIMD8<Float>().replacing(with: first, where: magnitude(first) .< .infinity)
      for p in position..<end {
        let value = UnsafeRawPointer(base + p * stride).loadUnaligned(as: SIMD8<Float>.self)
        let step = value - shift
        s += step
        a += magnitude(value)
        q.addProduct(step, step)
        // Not `pointwiseMin`, which goes lane by lane.
        minimum = minimum.replacing(with: value, where: value .< minimum)
        maximum = maximum.replacing(with: value, where: value .> maximum)
        zeros &-= SIMD8<Int32>(truncatingIfNeeded: ones(where: value .== 0))
      }
      let (start, steps) = (SIMD8<Double>(shift), SIMD8<Double>(s))
      let count = Double(end - position)
      sum += steps + start * count
      absolute += SIMD8<Double>(a)
      squares += SIMD8<Double>(q) + start * (2 * steps + start * count)
      position = end
    }
  }
}

/// Sums of a gradient or relevance g and of its products with the activation a, one lane a channel.
public struct CompanionSummary: Sendable {
  /// Σ g.
  public internal(set) var sum = SIMD8<Double>()
  /// Σ |g|.
  public internal(set) var absolute = SIMD8<Double>()
  /// Σ a g.
  public internal(set) var product = SIMD8<Double>()
  /// Σ |a g|.
  public internal(set) var absoluteProduct = SIMD8<Double>()

  /// Reads `positions` positions, `stride` floats apart.
  @inline(__always)
  init(_ activation: UnsafePointer<Float>, _ companion: UnsafePointer<Float>, positions: Int, stride: Int) {
    var position = 0
    while position < positions {
      let end = min(position + TileSummary.run, positions)
      var (s, a, p, m) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
      for i in position..<end {
        let g = UnsafeRawPointer(companion + i * stride).loadUnaligned(as: SIMD8<Float>.self)
        let product = g * UnsafeRawPointer(activation + i * stride).loadUnaligned(as: SIMD8<Float>.self)
        s += g
        a += magnitude(g)
        p += product
        m += magnitude(product)
      }
      sum += SIMD8<Double>(s)
      absolute += SIMD8<Double>(a)
      product += SIMD8<Double>(p)
      absoluteProduct += SIMD8<Double>(m)
      position = end
    }
  }
}

/// |x|, lane by lane.
@inline(__always)
func magnitude(_ x: SIMD8<Float>) -> SIMD8<Float> {
  unsafeBitCast(unsafeBitCast(x, to: SIMD8<UInt32>.self) & SIMD8(repeating: 0x7fff_ffff), to: SIMD8<Float>.self)
}

/// −1 where the mask is set, 0 elsewhere.
@inline(__always)
private func ones(where mask: SIMDMask<SIMD8<Int32>>) -> SIMD8<Int32> { unsafeBitCast(mask, to: SIMD8<Int32>.self) }
