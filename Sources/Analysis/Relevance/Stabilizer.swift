/// What keeps a division by almost zero in bounds: a denominator z becomes `z + sign(z) · ε`, with sign(0) = 1.
///
/// With ε = 0 a denominator that is exactly 0 drops its relevance, so that nothing becomes infinite.
///
/// Source: zennit's `Stabilizer`; the share of the input's deviation is SignXAI2's `StdxEpsilon`, there over the whole batch.
public struct Stabilizer: Hashable, Sendable, ExpressibleByFloatLiteral {
  /// What is added, away from zero.
  public var epsilon: Float
  /// Whether |z| is raised to ε instead: `sign(z) · max(|z|, ε)`.
  public var clips: Bool
  /// Whether ε is a share of √(mean of z²) over a sample.
  public var isRelative: Bool
  /// Whether ε is a share of the standard deviation of the layer's input over a sample.
  public var followsInput: Bool

  /// Makes a stabiliser.
  public init(epsilon: Float = 1e-6, clips: Bool = false, isRelative: Bool = false, followsInput: Bool = false) {
    self.epsilon = epsilon
    self.clips = clips
    self.isRelative = isRelative
    self.followsInput = followsInput
  }

  /// Makes a stabiliser that adds a number.
  public init(floatLiteral value: Float) { self.init(epsilon: value) }

  /// The stabilised denominator.
  @inline(__always)
  func callAsFunction(_ z: Float, epsilon: Float) -> Float {
    let sign: Float = z < 0 ? -1 : 1
    return clips ? sign * max(abs(z), epsilon) : z + sign * epsilon
  }
}
