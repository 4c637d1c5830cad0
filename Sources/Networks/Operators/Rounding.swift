extension Op {
  /// The least whole number that is not below x; networks compute sizes with it.
  public struct Ceil: Operator {
    public static let name = "Ceil"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The greatest whole number that is not above x.
  public struct Floor: Operator {
    public static let name = "Floor"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The nearest whole number, of two the even one.
  public struct Round: Operator {
    public static let name = "Round"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// −1, 0 or 1.
  public struct Sign: Operator {
    public static let name = "Sign"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The sine; of constants, such as encodings of positions.
  public struct Sin: Operator {
    public static let name = "Sin"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }

  /// The cosine; of constants.
  public struct Cos: Operator {
    public static let name = "Cos"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }
}
