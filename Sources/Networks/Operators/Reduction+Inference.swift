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
          .float(Tensor(reduced(tensor, over: axes) { Double($0) }.map(Float.init), shape: shape))
        case .int64(let tensor) where tensor.elements.allSatisfy({ $0.magnitude < 1 << 53 }):
          integers(reduced(tensor, over: axes) { Double($0) }).map { .int64(Tensor($0, shape: shape)) }
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

  private func reduced<Scalar>(_ x: Tensor<Scalar>, over axes: Set<Int>, _ number: (Scalar) -> Double) -> [Double] {
    let inside = x.shape.offsets(along: axes.sorted())
    let starts = x.shape.offsets(along: x.shape.dimensions.indices.filter { !axes.contains($0) })
    var values = [Double](repeating: 0, count: inside.count)
    return starts.map { start in
      for (position, offset) in inside.enumerated() { values[position] = number(x.elements[start + offset]) }
      return reduce(values)
    }
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
