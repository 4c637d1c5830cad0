import Networks
import Tensors

extension Op.DepthToSpace: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    let (b, c, h, w) = (blockSize, x.shape[1] / blockSize / blockSize, x.shape[2], x.shape[3])
    var y = Tensor<Double>(repeating: 0, shape: [x.shape[0], c, h * b, w * b])
    for n in 0..<x.shape[0] {
      for k in 0..<c {
        for row in 0..<h * b {
          for column in 0..<w * b {
            let offset = row % b * b + column % b
            let channel = mode == .depthColumnRow ? offset * c + k : k * b * b + offset
            y.elements[((n * c + k) * h * b + row) * w * b + column] =
              x.elements[((n * x.shape[1] + channel) * h + row / b) * w + column / b]
          }
        }
      }
    }
    return [y]
  }
}

extension Op.SpaceToDepth: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    let (b, c, h, w) = (blockSize, x.shape[1], x.shape[2] / blockSize, x.shape[3] / blockSize)
    var y = Tensor<Double>(repeating: 0, shape: [x.shape[0], c * b * b, h, w])
    for n in 0..<x.shape[0] {
      for channel in 0..<c * b * b {
        let (offset, k) = mode == .depthColumnRow ? (channel / c, channel % c) : (channel % (b * b), channel / (b * b))
        for row in 0..<h {
          for column in 0..<w {
            y.elements[((n * c * b * b + channel) * h + row) * w + column] =
              x.elements[((n * c + k) * h * b + row * b + offset / b) * w * b + column * b + offset % b]
          }
        }
      }
    }
    return [y]
  }
}
