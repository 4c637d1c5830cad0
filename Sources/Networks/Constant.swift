import Tensors

/// A value that a graph knows before it is run: a weight, or the integers of shape arithmetic.
///
/// Half- and double-precision data become `float`, every integer and boolean type `int64`, when a file is read.
public enum Constant: Hashable, Sendable {
  case float(Tensor<Float>)
  case int64(Tensor<Int64>)

  /// The lengths of the axes.
  public var shape: Shape {
    switch self {
    case .float(let tensor): tensor.shape
    case .int64(let tensor): tensor.shape
    }
  }

  /// The elements as integers, or nil if this is floating-point data.
  public var integers: [Int]? {
    guard case .int64(let tensor) = self else { return nil }
    return tensor.elements.map(Int.init)
  }

  /// The tensor, or nil if this is integer data.
  public var floats: Tensor<Float>? {
    guard case .float(let tensor) = self else { return nil }
    return tensor
  }

  /// A vector of integers.
  public static func integers(_ values: [Int]) -> Constant {
    .int64(Tensor(values.map(Int64.init), shape: [values.count]))
  }
}
