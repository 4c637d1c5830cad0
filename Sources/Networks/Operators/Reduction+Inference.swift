import Foundation
import Tensors

extension Reduction {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let axes = Set(try reducedAxes(of: x.shape, declared: inputs.integers(1, "axes")))
    let lengths = x.shape.dimensions.enumerated().compactMap { axes.contains($0) ? (keepsAxes ? 1 : nil) : $1 }
    let shape = try Shape(validating: lengths)
    guard x.shape.count > 0, x.shape.count <= Fact.largestFolded else { return [Fact(shape)] }
    return [
      Fact(shape) {
        switch x.value {
        case .float(let tensor):
          .float(Tensor(reduced(tensor.map(Double.init), over: axes).map(Float.init), shape: shape))
        case .int64(let tensor) where tensor.elements.allSatisfy({ $0.magnitude < 1 << 53 }):
          integers(reduced(tensor.map(Double.init), over: axes)).map { .int64(Tensor($0, shape: shape)) }
        default: nil
        }
      }
    ]
  }

  /// The axes that are reduced, given the second input's elements or nil where it is left out.
  ///
  /// - Throws: `EspalierError` if an axis does not exist or repeats.
  public func reducedAxes(of shape: Shape, declared: [Int]?) throws -> [Int] {
    guard let declared, !declared.isEmpty else { return emptyMeansNone ? [] : Array(0..<shape.rank) }
    return try shape.axes(declared).sorted()
  }

  private func reduced(_ x: Tensor<Double>, over axes: Set<Int>) -> [Double] {
    if axes.isEmpty { return x.elements.map { reduce([$0]) } }
    let kept = x.shape.dimensions.enumerated().map { axes.contains($0) ? 1 : $1 }
    let strides = Shape(kept).strides
    var groups = [[Double]](repeating: [], count: kept.reduce(1, *))
    var position = [Int](repeating: 0, count: kept.count)
    for value in x.elements {
      var target = 0
      for axis in kept.indices where !axes.contains(axis) { target += position[axis] * strides[axis] }
      groups[target].append(value)
      for axis in kept.indices.reversed() {
        position[axis] += 1
        if position[axis] < x.shape[axis] { break }
        position[axis] = 0
      }
    }
    return groups.map(reduce)
  }

  private func integers(_ values: [Double]) -> [Int64]? {
    let whole = values.compactMap { $0.magnitude < 0x1p53 ? Int64($0.rounded(.towardZero)) : nil }
    return whole.count == values.count ? whole : nil
  }
}

extension Op.ReduceSum {
  public func reduce(_ values: [Double]) -> Double { values.reduce(0, +) }
}

extension Op.ReduceMean {
  public func reduce(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
}

extension Op.ReduceMax {
  public func reduce(_ values: [Double]) -> Double { values.contains(where: \.isNaN) ? .nan : values.max() ?? -.infinity }
}

extension Op.ReduceMin {
  public func reduce(_ values: [Double]) -> Double { values.contains(where: \.isNaN) ? .nan : values.min() ?? .infinity }
}

extension Op.ReduceProd {
  public func reduce(_ values: [Double]) -> Double { values.reduce(1, *) }
}

extension Op.ReduceL1 {
  public func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + abs($1) } }
}

extension Op.ReduceL2 {
  public func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

extension Op.ReduceSumSquare {
  public func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
}
