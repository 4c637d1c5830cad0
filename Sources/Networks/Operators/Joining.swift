import Tensors

extension Op {
  /// Tensors joined along one axis.
  public struct Concat: Operator {
    public static let name = "Concat"
    public static let arity = 1...Int.max
    /// The axis of joining; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int) {
      self.axis = axis
    }
  }

  /// A tensor cut along one axis; the second input lists the lengths, equal parts if it is left out.
  public struct Split: Operator {
    public static let name = "Split"
    public static let arity = 1...2
    /// The axis of cutting; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = 0) {
      self.axis = axis
    }
  }
}
