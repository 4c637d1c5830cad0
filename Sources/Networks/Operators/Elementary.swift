extension Op {
  /// The error function, `2 / √π · ∫₀ˣ exp(−t²) dt`.
  public struct Erf: Operator {
    public static let name = "Erf"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `exp(x)`.
  public struct Exp: Operator {
    public static let name = "Exp"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The natural logarithm.
  public struct Log: Operator {
    public static let name = "Log"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The square root.
  public struct Sqrt: Operator {
    public static let name = "Sqrt"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `|x|`.
  public struct Abs: Operator {
    public static let name = "Abs"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `−x`.
  public struct Neg: Operator {
    public static let name = "Neg"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// `1 / x`.
  public struct Reciprocal: Operator {
    public static let name = "Reciprocal"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }
}
