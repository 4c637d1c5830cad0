import Networks
import Tensors

extension Op.Tile: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let (x, repeats) = (inputs[0]!, inputs[1]!.elements.map { Int($0) })
    let shape = Shape(zip(x.shape.dimensions, repeats).map { $0 * $1 })
    let elements = (0..<shape.count).map { element in
      x.elements[(0..<shape.rank).reduce(0) { $0 + element / shape.strides[$1] % shape[$1] % x.shape[$1] * x.shape.strides[$1] }]
    }
    return [Tensor(elements, shape: shape)]
  }
}
