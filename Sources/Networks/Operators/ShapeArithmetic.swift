import Tensors

extension Op {
  /// A value written in the node itself.
  public struct ConstantValue: Operator {
    public static let name = "Constant"
    public static let arity = 0...0
    /// The value.
    public var value: Constant

    /// Makes the operator.
    public init(value: Constant) {
      self.value = value
    }
  }

  /// A tensor of the shape that the input lists, the same value everywhere.
  public struct ConstantOfShape: Operator {
    public static let name = "ConstantOfShape"
    public static let arity = 1...1
    /// The value, one element.
    public var value: Constant

    /// Makes the operator.
    public init(value: Constant = .float(Tensor(repeating: 0, shape: [1]))) {
      self.value = value
    }
  }

  /// The input as another type.
  public struct Cast: Operator {
    public static let name = "Cast"
    public static let arity = 1...1
    /// What the result holds.
    public var target: CastTarget
    /// Whether the result is floating-point data.
    public var toFloat: Bool { target == .float }

    /// Makes the operator.
    public init(to target: CastTarget) { self.target = target }
  }

  /// The lengths of the input's axes.
  public struct ShapeOf: Operator {
    public static let name = "Shape"
    public static let arity = 1...1
    /// The first axis; negative from the end.
    public var start: Int
    /// The axis behind the last; the end if nil.
    public var end: Int?

    /// Makes the operator.
    public init(start: Int = 0, end: Int? = nil) {
      self.start = start
      self.end = end
    }
  }

  /// Numbers from the first input up to the second, which is left out, in steps of the third.
  public struct RangeOf: Operator {
    public static let name = "Range"
    public static let arity = 3...3

    /// Makes the operator.
    public init() {}
  }

  /// The first input with elements, or whole parts of it, replaced: the last axis of the second input says where, the third what
  /// by.
  public struct ScatterND: Operator {
    public static let name = "ScatterND"
    public static let arity = 3...3

    /// Makes the operator.
    public init() {}
  }

  /// Elements picked along one axis by the indices in the second input.
  public struct Gather: Operator {
    public static let name = "Gather"
    public static let arity = 2...2
    /// The axis of picking; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = 0) {
      self.axis = axis
    }
  }
}

/// What the result of a `Cast` holds.
public enum CastTarget: CaseIterable, Hashable, Sendable {
  /// Floating-point data.
  case float
  /// Integers.
  case integer
  /// Integers: 1 where the input is not 0, and 0 elsewhere.
  case bool
}
