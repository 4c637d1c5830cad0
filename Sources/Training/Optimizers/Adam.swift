import Foundation

/// Adam, and AdamW where the decay is decoupled.
///
/// With gradient g, weight w, moments m and v (zero at first), decay λ, rate η and step t from 1, in single precision (the two
/// corrections in double precision):
///
///     g ← g + λ w            or, decoupled,  w ← w − η λ w
///     m ← β₁ m + (1 − β₁) g
///     v ← β₂ v + (1 − β₂) g²
///     w ← w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// Sources: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; I. Loshchilov, F. Hutter,
/// "Decoupled weight decay regularization", ICLR 2019, algorithm 2, with the decay scaled by the rate as PyTorch does.
public struct Adam: Optimizer {
  /// The share β₁ of the first moment that stays, 0 ..< 1.
  public var beta1: Float
  /// The share β₂ of the second moment that stays, 0 ..< 1.
  public var beta2: Float
  /// What is added to the root of the second moment.
  public var epsilon: Float
  /// Whether the decay acts on the weight itself (AdamW) instead of through the gradient.
  public var decoupled: Bool

  /// Makes the optimiser.
  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, decoupled: Bool = false) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decoupled = decoupled
  }

  public var description: String { "\(decoupled ? "adamw" : "adam") betas \(beta1) \(beta2) epsilon \(epsilon)" }

  public var stateCount: Int { 2 }

  public func move(
    _ weights: inout [Float], gradient: [Float], state: inout [[Float]], rate: Float, decay: Float, step: Int
  ) {
    let (beta1, beta2, epsilon) = (beta1, beta2, epsilon)
    let factor = Float(Double(rate) / (1 - pow(Double(beta1), Double(step))))
    let root = Float((1 - pow(Double(beta2), Double(step))).squareRoot())
    let shrink = decoupled ? 1 - rate * decay : 1
    let pull = decoupled ? 0 : decay
    var (first, second) = (state[0], state[1])
    state = []
    weights.withUnsafeMutableBufferPointer { w in
      gradient.withUnsafeBufferPointer { g in
        first.withUnsafeMutableBufferPointer { m in
          second.withUnsafeMutableBufferPointer { v in
            for i in w.indices {
              let slope = g[i] + pull * w[i]
              m[i] = beta1 * m[i] + (1 - beta1) * slope
              v[i] = beta2 * v[i] + (1 - beta2) * slope * slope
              w[i] = w[i] * shrink - factor * m[i] / (v[i].squareRoot() / root + epsilon)
            }
          }
        }
      }
    }
    state = [first, second]
  }
}
