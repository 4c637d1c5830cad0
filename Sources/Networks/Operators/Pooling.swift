import Tensors

extension Op {
  /// The largest value in each window of `[N, C, …]`; padding never wins.
  public struct MaxPool: Operator {
    public static let name = "MaxPool"
    public static let arity = 1...1
    /// The window's size.
    public var kernel: [Int]
    /// How the window slides.
    public var window: Window

    /// Makes the operator.
    public init(kernel: [Int], window: Window = Window()) {
      self.kernel = kernel
      self.window = window
    }
  }

  /// The mean of each window of `[N, C, …]`.
  public struct AveragePool: Operator {
    public static let name = "AveragePool"
    public static let arity = 1...1
    /// The window's size.
    public var kernel: [Int]
    /// How the window slides.
    public var window: Window
    /// Whether padding counts in the divisor (`count_include_pad`).
    public var countsPadding: Bool

    /// Makes the operator.
    public init(kernel: [Int], window: Window = Window(), countsPadding: Bool = false) {
      self.kernel = kernel
      self.window = window
      self.countsPadding = countsPadding
    }
  }

  /// The mean of each feature map of `[N, C, …]`, spatial axes kept with length 1.
  public struct GlobalAveragePool: Operator {
    public static let name = "GlobalAveragePool"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The largest value of each feature map of `[N, C, …]`, spatial axes kept with length 1.
  public struct GlobalMaxPool: Operator {
    public static let name = "GlobalMaxPool"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The mean over some axes; the second input lists them, all if it is left out.
  public struct ReduceMean: Reduction {
    public static let name = "ReduceMean"
    public static let arity = 1...2
    /// Whether reduced axes stay with length 1.
    public var keepsAxes: Bool
    /// Whether an empty list of axes reduces nothing (`noop_with_empty_axes`).
    public var emptyMeansNone: Bool

    /// Makes the operator.
    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }
}
