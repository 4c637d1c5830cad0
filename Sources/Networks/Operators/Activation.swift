import Tensors

extension Op {
  /// `max(x, 0)`.
  public struct Relu: Operator {
    public static let name = "Relu"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `x where positive, alpha · x elsewhere`.
  public struct LeakyRelu: Operator {
    public static let name = "LeakyRelu"
    public static let arity = 1...1
    /// The slope below zero.
    public var alpha: Float

    /// Makes the operator.
    public init(alpha: Float = 0.01) {
      self.alpha = alpha
    }
  }

  /// `x` where positive, `slope · x` elsewhere; the second input is the slope, broadcast to x.
  public struct PRelu: Operator {
    public static let name = "PRelu"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// `min(max(x, low), high)`; the second and third input are the bounds, each optional.
  public struct Clip: Operator {
    public static let name = "Clip"
    public static let arity = 1...3

    /// Makes the operator.
    public init() {}
  }

  /// `1 / (1 + exp(−x))`.
  public struct Sigmoid: Operator {
    public static let name = "Sigmoid"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `max(0, min(1, alpha · x + beta))`.
  public struct HardSigmoid: Operator {
    public static let name = "HardSigmoid"
    public static let arity = 1...1
    /// The slope.
    public var alpha: Float
    /// The value at zero.
    public var beta: Float

    /// Makes the operator.
    public init(alpha: Float = 0.2, beta: Float = 0.5) {
      self.alpha = alpha
      self.beta = beta
    }
  }

  /// `x · max(0, min(1, x / 6 + 1 / 2))`.
  public struct HardSwish: Operator {
    public static let name = "HardSwish"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The hyperbolic tangent.
  public struct Tanh: Operator {
    public static let name = "Tanh"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `x where positive, alpha · (exp(x) − 1) elsewhere`.
  public struct Elu: Operator {
    public static let name = "Elu"
    public static let arity = 1...1
    /// The limit below zero, negated.
    public var alpha: Float

    /// Makes the operator.
    public init(alpha: Float = 1) {
      self.alpha = alpha
    }
  }

  /// `exp(x) / Σ exp(x)` along one axis.
  public struct Softmax: Operator {
    public static let name = "Softmax"
    public static let arity = 1...1
    /// The axis of the sum; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = -1) {
      self.axis = axis
    }
  }

  /// `x − log Σ exp(x)` along one axis.
  public struct LogSoftmax: Operator {
    public static let name = "LogSoftmax"
    public static let arity = 1...1
    /// The axis of the sum; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = -1) {
      self.axis = axis
    }
  }
}
