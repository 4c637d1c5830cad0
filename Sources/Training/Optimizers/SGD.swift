/// Stochastic gradient descent with momentum.
///
/// With gradient g, weight w, velocity v (zero at first), decay λ, momentum μ and rate η, in single precision:
///
///     g ← g + λ w
///     v ← μ v + g
///     w ← w − η v            or, with Nesterov's momentum,  w ← w − η (g + μ v)
///
/// This is PyTorch's `torch.optim.SGD` without dampening; the rate is outside the velocity, unlike in I. Sutskever, J. Martens,
/// G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013.
public struct SGD: Optimizer {
  /// The share μ of the velocity that stays, 0 ..< 1.
  public var momentum: Float
  /// Whether the gradient is observed ahead, at the position where the velocity leads.
  public var nesterov: Bool

  /// Makes the optimiser.
  public init(momentum: Float = 0.9, nesterov: Bool = false) {
    self.momentum = momentum
    self.nesterov = nesterov
  }

  public var description: String { "sgd momentum \(momentum)\(nesterov ? " nesterov" : "")" }

  public var stateCount: Int { momentum == 0 ? 0 : 1 }

  public func move(
    _ weights: inout [Float], gradient: [Float], state: inout [[Float]], rate: Float, decay: Float, step: Int
  ) {
    let momentum = momentum
    let nesterov = nesterov
    weights.withUnsafeMutableBufferPointer { w in
      gradient.withUnsafeBufferPointer { g in
        guard momentum != 0 else {
          for i in w.indices { w[i] -= rate * (g[i] + decay * w[i]) }
          return
        }
        state[0].withUnsafeMutableBufferPointer { v in
          for i in w.indices {
            let slope = g[i] + decay * w[i]
            v[i] = momentum * v[i] + slope
            w[i] -= rate * (nesterov ? slope + momentum * v[i] : v[i])
          }
        }
      }
    }
  }
}
