extension Op {
  /// `gamma · x` where positive, `gamma · alpha · (exp(x) − 1)` elsewhere.
  public struct Selu: Operator {
    public static let name = "Selu"
    public static let arity = 1...1
    /// The limit below zero over gamma, negated.
    public var alpha: Float
    /// The factor.
    public var gamma: Float

    /// Makes the operator.
    public init(alpha: Float = 1.67326319217681884765625, gamma: Float = 1.05070102214813232421875) {
      self.alpha = alpha
      self.gamma = gamma
    }
  }

  /// `max(x, 0) + min(0, alpha · (exp(x / alpha) − 1))`.
  public struct Celu: Operator {
    public static let name = "Celu"
    public static let arity = 1...1
    /// The limit below zero, negated.
    public var alpha: Float

    /// Makes the operator.
    public init(alpha: Float = 1) {
      self.alpha = alpha
    }
  }

  /// `x` where above alpha, 0 elsewhere.
  public struct ThresholdedRelu: Operator {
    public static let name = "ThresholdedRelu"
    public static let arity = 1...1
    /// The threshold.
    public var alpha: Float

    /// Makes the operator.
    public init(alpha: Float = 1) {
      self.alpha = alpha
    }
  }

  /// `log(1 + exp(x))`.
  public struct Softplus: Operator {
    public static let name = "Softplus"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `x / (1 + |x|)`.
  public struct Softsign: Operator {
    public static let name = "Softsign"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `x · Φ(x)`, Φ being the normal distribution function, or its approximation by tanh.
  ///
  /// Source: D. Hendrycks, K. Gimpel, arXiv:1606.08415.
  public struct Gelu: Operator {
    public static let name = "Gelu"
    public static let arity = 1...1
    /// Whether it is `x / 2 · (1 + tanh(√(2 / π) · (x + 0.044715 x³)))`.
    public var approximatesByTanh: Bool

    /// Makes the operator.
    public init(approximatesByTanh: Bool = false) {
      self.approximatesByTanh = approximatesByTanh
    }
  }

  /// `x · tanh(log(1 + exp(x)))`.
  ///
  /// Source: D. Misra, arXiv:1908.08681.
  public struct Mish: Operator {
    public static let name = "Mish"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `x / (1 + exp(−alpha · x))`; SiLU with alpha 1.
  public struct Swish: Operator {
    public static let name = "Swish"
    public static let arity = 1...1
    /// The factor inside.
    public var alpha: Float

    /// Makes the operator.
    public init(alpha: Float = 1) {
      self.alpha = alpha
    }
  }
}
