extension Op {
  /// Whether two tensors' elements are equal, broadcast: 1 or 0.
  public struct Equal: Operator {
    public static let name = "Equal"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether the first tensor's elements are greater, broadcast: 1 or 0.
  public struct Greater: Operator {
    public static let name = "Greater"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether the first tensor's elements are not less, broadcast: 1 or 0.
  public struct GreaterOrEqual: Operator {
    public static let name = "GreaterOrEqual"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether the first tensor's elements are less, broadcast: 1 or 0.
  public struct Less: Operator {
    public static let name = "Less"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether the first tensor's elements are not greater, broadcast: 1 or 0.
  public struct LessOrEqual: Operator {
    public static let name = "LessOrEqual"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether both are true, broadcast.
  public struct And: Operator {
    public static let name = "And"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether one is true, broadcast.
  public struct Or: Operator {
    public static let name = "Or"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// Whether the input is false.
  public struct Not: Operator {
    public static let name = "Not"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// Elements of the second input where the first is true, of the third elsewhere, broadcast.
  public struct Where: Operator {
    public static let name = "Where"
    public static let arity = 3...3

    /// Makes the operator.
    public init() {}
  }
}
