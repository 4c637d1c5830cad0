import Tensors

extension Op {
  /// The sum of two tensors, broadcast.
  public struct Add: Operator {
    public static let name = "Add"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// The difference of two tensors, broadcast.
  public struct Sub: Operator {
    public static let name = "Sub"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// The product of two tensors, broadcast.
  public struct Mul: Operator {
    public static let name = "Mul"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// The quotient of two tensors, broadcast.
  public struct Div: Operator {
    public static let name = "Div"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// The remainder of a division, broadcast: with the sign of the divisor, or of the dividend as C's `fmod` has it.
  public struct Mod: Operator {
    public static let name = "Mod"
    public static let arity = 2...2
    /// Whether the remainder has the sign of the dividend.
    public var hasSignOfDividend: Bool

    /// Makes the operator.
    public init(hasSignOfDividend: Bool = false) { self.hasSignOfDividend = hasSignOfDividend }
  }

  /// The sum of any number of tensors, broadcast.
  public struct Sum: Operator {
    public static let name = "Sum"
    public static let arity = 1...Int.max

    /// Makes the operator.
    public init() {}
  }

  /// The least of any number of tensors, broadcast.
  public struct Min: Operator {
    public static let name = "Min"
    public static let arity = 1...Int.max

    /// Makes the operator.
    public init() {}
  }

  /// The greatest of any number of tensors, broadcast.
  public struct Max: Operator {
    public static let name = "Max"
    public static let arity = 1...Int.max

    /// Makes the operator.
    public init() {}
  }

  /// The first tensor to the power of the second, broadcast.
  public struct Pow: Operator {
    public static let name = "Pow"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }
}
