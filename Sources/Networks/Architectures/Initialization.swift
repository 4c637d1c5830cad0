import Tensors

/// The distribution of a layer's first weights.
///
/// Fan-in is the number of inputs that one output sees, fan-out is output channels times the kernel's area, of all groups together.
enum Initialization: Hashable {
  /// Normal, deviation √(2 / fan-out).
  ///
  /// Source: K. He et al., "Delving deep into rectifiers", ICCV 2015; as torchvision has it for VGG, ResNet and MobileNet.
  case heFanOut
  /// Normal, deviation √(2 / fan-in).
  case heFanIn
  /// Uniform in ±√(3 / fan-in).
  ///
  /// Source: Caffe's `xavier` filler, after X. Glorot, Y. Bengio, AISTATS 2010, who average fan-in and fan-out.
  case xavier
  /// Normal with this deviation.
  case normal(Double)
  /// Uniform in ±1 / √fan-in, as PyTorch initialises by default, biases included.
  case torch

  /// Draws weights.
  func draw(_ shape: Shape, fanIn: Int, fanOut: Int, from random: inout Philox) -> Tensor<Float> {
    func normal(_ deviation: Double) -> Tensor<Float> {
      Tensor((0..<shape.count).map { _ in Float(deviation * random.normal()) }, shape: shape)
    }
    func uniform(_ bound: Double) -> Tensor<Float> {
      Tensor((0..<shape.count).map { _ in Float(bound * (2 * random.uniform() - 1)) }, shape: shape)
    }
    return switch self {
    case .heFanOut: normal((2 / Double(fanOut)).squareRoot())
    case .heFanIn: normal((2 / Double(fanIn)).squareRoot())
    case .xavier: uniform((3 / Double(fanIn)).squareRoot())
    case .normal(let deviation): normal(deviation)
    case .torch: uniform(1 / Double(fanIn).squareRoot())
    }
  }
}
