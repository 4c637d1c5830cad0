import Tensors

extension Op {
  /// Convolution of `[N, C, …]` with weights `[M, C / group, k…]` and an optional bias `[M]`.
  public struct Conv: Operator {
    public static let name = "Conv"
    public static let arity = 2...3
    /// The number of channel groups that do not see each other.
    public var group: Int
    /// How the kernel slides.
    public var window: Window

    /// Makes a convolution.
    public init(group: Int = 1, window: Window = Window()) {
      self.group = group
      self.window = window
    }
  }

  /// Transposed convolution of `[N, C, …]` with weights `[C, M / group, k…]` and an optional bias `[M]`.
  public struct ConvTranspose: Operator {
    public static let name = "ConvTranspose"
    public static let arity = 2...3
    /// The number of channel groups that do not see each other.
    public var group: Int
    /// How the kernel slides over the output.
    public var window: Window
    /// Elements added after the output, per spatial axis.
    public var outputPadding: [Int]
    /// The output's size, if declared rather than derived.
    public var outputShape: [Int]

    /// Makes a transposed convolution.
    public init(group: Int = 1, window: Window = Window(), outputPadding: [Int] = [], outputShape: [Int] = []) {
      self.group = group
      self.window = window
      self.outputPadding = outputPadding
      self.outputShape = outputShape
    }
  }

  /// `alpha · A B + beta · C` for matrices, each of A and B transposed if asked.
  public struct Gemm: Operator {
    public static let name = "Gemm"
    public static let arity = 2...3
    /// The factor of the product.
    public var alpha: Float
    /// The factor of the bias.
    public var beta: Float
    /// Whether A is given as its transpose.
    public var transposeA: Bool
    /// Whether B is given as its transpose, as PyTorch's linear layers do.
    public var transposeB: Bool

    /// Makes a matrix product with bias.
    public init(alpha: Float = 1, beta: Float = 1, transposeA: Bool = false, transposeB: Bool = false) {
      self.alpha = alpha
      self.beta = beta
      self.transposeA = transposeA
      self.transposeB = transposeB
    }
  }

  /// The matrix product of NumPy's `matmul`: the last two axes multiply, those before are broadcast.
  public struct MatMul: Operator {
    public static let name = "MatMul"
    public static let arity = 2...2

    /// Makes a matrix product.
    public init() {}
  }
}
