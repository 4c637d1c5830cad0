/// The optimisers by name.
public enum OptimizerName: String, CaseIterable, Sendable {
  case sgd, adam, adamw

  /// The optimiser.
  ///
  /// - Parameter momentum: that of sgd, in Nesterov's form.
  public func optimizer(momentum: Float = 0.9) -> any Optimizer {
    switch self {
    case .sgd: SGD(momentum: momentum, nesterov: momentum > 0)
    case .adam: Adam()
    case .adamw: Adam(decoupled: true)
    }
  }
}
