import Networks
import Tensors

extension Op.Gemm: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let product = matrixProduct(transposeA ? inputs[0]!.transposed : inputs[0]!, transposeB ? inputs[1]!.transposed : inputs[1]!)
    let y = Double(alpha) * product
    guard let c = inputs[2, default: nil] else { return [y] }
    return [y + Double(beta) * c.broadcast(to: y.shape)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let a = transposeA ? inputs[0]!.transposed : inputs[0]!
    let b = transposeB ? inputs[1]!.transposed : inputs[1]!
    let gradient = Double(alpha) * gradients[0]
    let da = matrixProduct(gradient, b.transposed)
    let db = matrixProduct(a.transposed, gradient)
    return [
      transposeA ? da.transposed : da, transposeB ? db.transposed : db,
      inputs[2, default: nil].map { Double(beta) * gradients[0].summed(to: $0.shape) },
    ].prefixed(inputs.count)
  }
}

extension Op.MatMul: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let (a, b) = (inputs[0]!, inputs[1]!)
    var dimensions = stackedProduct(a.asRow, b.asColumn).shape.dimensions
    if a.shape.rank == 1 { dimensions.remove(at: dimensions.count - 2) }
    if b.shape.rank == 1 { dimensions.removeLast() }
    return [stackedProduct(a.asRow, b.asColumn).reshaped(Shape(dimensions))]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (a, b) = (inputs[0]!, inputs[1]!)
    var dimensions = gradients[0].shape.dimensions
    if b.shape.rank == 1 { dimensions.append(1) }
    if a.shape.rank == 1 { dimensions.insert(1, at: dimensions.count - 1) }
    let gradient = gradients[0].reshaped(Shape(dimensions))
    let da = stackedProduct(gradient, b.asColumn.transposed).summed(to: a.asRow.shape)
    let db = stackedProduct(a.asRow.transposed, gradient).summed(to: b.asColumn.shape)
    return [da.reshaped(a.shape), db.reshaped(b.shape)]
  }

  /// Products of matrices in the last two axes; axes before them are broadcast.
  private func stackedProduct(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    let stack = Shape.broadcast(Shape(a.shape.dimensions.dropLast(2)), Shape(b.shape.dimensions.dropLast(2)))!
    let aMatrix = Array(a.shape.dimensions.suffix(2))
    let bMatrix = Array(b.shape.dimensions.suffix(2))
    let a = a.broadcast(to: Shape(stack.dimensions + aMatrix)).reshaped(Shape([stack.count] + aMatrix))
    let b = b.broadcast(to: Shape(stack.dimensions + bMatrix)).reshaped(Shape([stack.count] + bMatrix))
    let products = (0..<stack.count).flatMap { position in
      matrixProduct(
        a.rows(position..<position + 1).reshaped(Shape(aMatrix)), b.rows(position..<position + 1).reshaped(Shape(bMatrix))
      ).elements
    }
    return Tensor(products, shape: Shape(stack.dimensions + [aMatrix[0], bMatrix[1]]))
  }
}

extension Op.TokenLinear: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    var y = Op.MatMul().twinForward([inputs[0], inputs[1]], setting)[0]
    if let bias = inputs[2, default: nil] { y.add(bias.reshaped([bias.count]), alongAxis: -1) }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    Op.MatMul().twinBackward([inputs[0], inputs[1]], outputs: outputs, gradients: gradients, setting)
      + (inputs.count > 2 ? [gradients[0].summed(to: inputs[2]!.shape)] : [])
  }
}

/// The product of a `[M, K]` and a `[K, N]` matrix.
private func matrixProduct(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
  precondition(a.shape.rank == 2 && b.shape.rank == 2 && a.shape[1] == b.shape[0], "cannot multiply \(a.shape) and \(b.shape)")
  let (rows, inner, columns) = (a.shape[0], a.shape[1], b.shape[1])
  var y = [Double](repeating: 0, count: rows * columns)
  for row in 0..<rows {
    for k in 0..<inner {
      let factor = a.elements[row * inner + k]
      for column in 0..<columns { y[row * columns + column] += factor * b.elements[k * columns + column] }
    }
  }
  return Tensor(y, shape: [rows, columns])
}

extension Tensor where Scalar == Double {
  /// The tensor with its last two axes exchanged.
  fileprivate var transposed: Tensor {
    var order = Array(0..<shape.rank)
    order.swapAt(shape.rank - 2, shape.rank - 1)
    let map = IndexMap(dimensions: order.map { shape[$0] }, strides: order.map { shape.strides[$0] })
    return Tensor(map.sources.map { elements[$0] }, shape: Shape(map.dimensions))
  }

  fileprivate var asRow: Tensor { shape.rank == 1 ? reshaped([1, count]) : self }

  fileprivate var asColumn: Tensor { shape.rank == 1 ? reshaped([count, 1]) : self }
}
