import Tensors

extension Op {
  /// Batch normalisation of `[N, C, …]`: `scale · (x − mean) / √(variance + ε) + bias`, inputs x, scale, bias, mean, variance.
  public struct BatchNormalization: Operator {
    public static let name = "BatchNormalization"
    public static let arity = 5...5
    /// What is added to the variance.
    public var epsilon: Float
    /// The share of the running statistics that stays in a training step (PyTorch's momentum is one minus this).
    public var momentum: Float
    /// Whether what is known ahead, such as weights, is normalised by its own statistics (`training_mode`).
    ///
    /// What
    /// depends on the network's input is normalised by the running ones all the same.
    public var usesOwnStatistics: Bool

    /// Makes a batch normalisation.
    public init(epsilon: Float = 1e-5, momentum: Float = 0.9, usesOwnStatistics: Bool = false) {
      self.epsilon = epsilon
      self.momentum = momentum
      self.usesOwnStatistics = usesOwnStatistics
    }
  }

  /// Layer normalisation over the last axes: `scale · (x − mean) / √(variance + ε) + bias`, inputs x, scale, bias (may be left
  /// out); mean and (biased) variance are those of each position before the axis.
  public struct LayerNormalization: Operator {
    public static let name = "LayerNormalization"
    public static let arity = 2...3
    /// The first axis that is normalised over; negative counts from behind.
    public var axis: Int
    /// What is added to the variance.
    public var epsilon: Float

    /// Makes a layer normalisation.
    public init(axis: Int = -1, epsilon: Float = 1e-5) {
      self.axis = axis
      self.epsilon = epsilon
    }
  }

  /// Normalisation of `[N, C, …]` over space, each channel of each image by itself.
  ///
  /// The result is `scale · (x − mean) / √(variance + ε) + bias`; inputs
  /// x, scale, bias. Group norms come as this, with a group in the channel's stead.
  public struct InstanceNormalization: Operator {
    public static let name = "InstanceNormalization"
    public static let arity = 3...3
    /// What is added to the variance.
    public var epsilon: Float

    /// Makes an instance normalisation.
    public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }
  }

  /// Local response normalisation across channels: `x / (bias + alpha / size · Σ x²)^beta`.
  public struct LRN: Operator {
    public static let name = "LRN"
    public static let arity = 1...1
    /// The number of channels summed over.
    public var size: Int
    /// The factor of the sum of squares.
    public var alpha: Float
    /// The exponent.
    public var beta: Float
    /// What is added to the sum of squares.
    public var bias: Float

    /// Makes a local response normalisation.
    public init(size: Int, alpha: Float = 0.0001, beta: Float = 0.75, bias: Float = 1) {
      self.size = size
      self.alpha = alpha
      self.beta = beta
      self.bias = bias
    }
  }
}
