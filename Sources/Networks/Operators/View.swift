import Tensors

extension Op {
  /// A matrix: the axes before `axis` make the rows, the others the columns.
  public struct Flatten: Operator {
    public static let name = "Flatten"
    public static let arity = 1...1
    /// The first axis of the columns.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = 1) {
      self.axis = axis
    }
  }

  /// The same elements under another shape; the second input is the target, −1 for what is left over, 0 for a copied length.
  public struct Reshape: Operator {
    public static let name = "Reshape"
    public static let arity = 2...2
    /// Whether 0 in the target means an empty axis instead of a copied length.
    public var allowsZero: Bool

    /// Makes the operator.
    public init(allowsZero: Bool = false) {
      self.allowsZero = allowsZero
    }
  }

  /// A tensor without some axes of length 1; the second input lists them, all such if it is left out.
  public struct Squeeze: Operator {
    public static let name = "Squeeze"
    public static let arity = 1...2

    /// Makes the operator.
    public init() {}
  }

  /// A tensor with new axes of length 1; the second input lists their positions in the result.
  public struct Unsqueeze: Operator {
    public static let name = "Unsqueeze"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// A tensor with its axes in another order.
  public struct Transpose: Operator {
    public static let name = "Transpose"
    public static let arity = 1...1
    /// For each axis of the result, the axis of the input; reversed if empty.
    public var permutation: [Int]

    /// Makes the operator.
    public init(permutation: [Int] = []) {
      self.permutation = permutation
    }
  }

  /// A tensor broadcast to a shape, the second input.
  public struct Expand: Operator {
    public static let name = "Expand"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// The input itself: dropping happens in training only, and is not part of inference.
  public struct Dropout: Operator {
    public static let name = "Dropout"
    public static let arity = 1...3

    /// Makes the operator.
    public init() {}
  }

  /// The input itself.
  public struct Identity: Operator {
    public static let name = "Identity"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }
}
