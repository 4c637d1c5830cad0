import COneDNN
import Foundation
import Networks
import Tensors

/// A function of one number, applied to every element, and its derivative.
enum Pointwise: Hashable, Sendable {
  case relu
  case leakyRelu(Float)
  case clip(low: Float, high: Float)
  case sigmoid
  case hardSigmoid(alpha: Float, beta: Float)
  case hardSwish
  case tanh
  case elu(Float)

  /// The same function as a convolution's post-operation, where oneDNN computes it to the last bit alike.
  var postOperation: PostOperation? {
    switch self {
    case .relu: .eltwise(dnnl_eltwise_relu, alpha: 0, beta: 0)
    case .leakyRelu(let slope): .eltwise(dnnl_eltwise_relu, alpha: slope, beta: 0)
    case .clip(let low, let high): .eltwise(dnnl_eltwise_clip, alpha: low, beta: high)
    default: nil
    }
  }

  /// Whether zero becomes zero, so that padded lanes stay empty.
  var keepsZero: Bool {
    switch self {
    case .sigmoid, .hardSigmoid: false
    case .clip(let low, let high): low <= 0 && high >= 0
    default: true
    }
  }

  /// Writes the function of `count` elements.
  func apply(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    switch self {
    case .relu: for i in 0..<count { y[i] = x[i] > 0 ? x[i] : 0 }  // NaN becomes 0, as in oneDNN
    case .leakyRelu(let slope): for i in 0..<count { y[i] = x[i] > 0 ? x[i] : slope * x[i] }
    case .clip(let low, let high):
      for i in 0..<count {
        let above = x[i] < low ? low : x[i]
        y[i] = above > high ? high : above
      }
    case .sigmoid: for i in 0..<count { y[i] = 1 / (1 + exp(-x[i])) }
    case .hardSigmoid(let alpha, let beta): for i in 0..<count { y[i] = max(0, min(1, alpha * x[i] + beta)) }
    case .hardSwish: for i in 0..<count { y[i] = x[i] * max(0, min(1, x[i] / 6 + 0.5)) }
    case .tanh: for i in 0..<count { y[i] = Foundation.tanh(x[i]) }
    case .elu(let alpha): for i in 0..<count { y[i] = x[i] > 0 ? x[i] : alpha * expm1(x[i]) }
    }
  }

  /// Whether the derivative is found from the output alone; else from the input.
  var differentiatesFromOutput: Bool {
    switch self {
    case .hardSwish: false
    case .leakyRelu(let alpha), .elu(let alpha): alpha >= 0
    default: true
    }
  }

  /// Writes gradient × derivative, given the output (or the input, see ``differentiatesFromOutput``).
  func backward(
    _ value: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch self {
    case .relu: for i in 0..<count { result[i] = value[i] > 0 ? gradient[i] : 0 }
    case .leakyRelu(let slope): for i in 0..<count { result[i] = value[i] > 0 ? gradient[i] : slope * gradient[i] }
    case .clip(let low, let high): for i in 0..<count { result[i] = value[i] > low && value[i] < high ? gradient[i] : 0 }
    case .sigmoid: for i in 0..<count { result[i] = gradient[i] * value[i] * (1 - value[i]) }
    case .hardSigmoid(let alpha, _): for i in 0..<count { result[i] = value[i] > 0 && value[i] < 1 ? alpha * gradient[i] : 0 }
    case .hardSwish:
      for i in 0..<count {
        let x = value[i]
        result[i] = gradient[i] * (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5)
      }
    case .tanh: for i in 0..<count { result[i] = gradient[i] * (1 - value[i] * value[i]) }
    case .elu(let alpha) where alpha >= 0:
      for i in 0..<count { result[i] = value[i] > 0 ? gradient[i] : gradient[i] * (value[i] + alpha) }
    case .elu(let alpha): for i in 0..<count { result[i] = value[i] > 0 ? gradient[i] : gradient[i] * alpha * exp(value[i]) }
    }
  }
}

/// An operator that applies a function to every element.
protocol PointwiseOperator: Operator {
  /// The function.
  func pointwise(_ context: NodeContext) throws -> Pointwise
}

extension Op.Relu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .relu }
}
extension Op.LeakyRelu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .leakyRelu(alpha) }
}
extension Op.Sigmoid: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .sigmoid }
}
extension Op.HardSigmoid: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .hardSigmoid(alpha: alpha, beta: beta) }
}
extension Op.HardSwish: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .hardSwish }
}
extension Op.Tanh: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .tanh }
}
extension Op.Elu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .elu(alpha) }
}
extension Op.Clip: PointwiseOperator {
  func pointwise(_ context: NodeContext) throws -> Pointwise {
    .clip(low: try context.number(1) ?? -.infinity, high: try context.number(2) ?? .infinity)
  }
}

extension PlanBuilder {
  /// Whether each element of a node's output depends on one element of its input alone, at the same place.
  public func isElementwise(_ node: Node) -> Bool {
    switch kernels[node.id] {
    case is PointwiseKernel, is BatchNormalizationKernel: true
    case is ArithmeticKernel: node.inputs.filter { $0.map(isComputed) ?? false }.count == 1
    default: false
    }
  }
}

/// Applies a pointwise function in whatever layout its input has.
final class PointwiseKernel: Kernel {
  let function: Pointwise
  private let context: NodeContext

  init(_ function: Pointwise, _ context: NodeContext) {
    self.function = function
    self.context = context
  }

  func forward(_ builder: PlanBuilder) throws {
    let function = function
    let slot = try builder.slot(of: context.input(0))
    let layout = builder.layout(slot)
    let result = builder.allocate(layout, name: context.node.outputs[0])
    builder.addStep(context.node.label, reads: [slot], writes: [result]) { program in
      function.apply(program.pointer(slot), to: program.pointer(result), count: layout.floatCount)
      if !function.keepsZero { program.featureMap(result).clearPadding() }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let function = function
    let value = try builder.slot(of: function.differentiatesFromOutput ? context.node.outputs[0] : context.input(0))
    let layout = builder.layout(value)
    let incoming = try builder.reorder(gradient, to: layout)
    let result = builder.allocate(layout, name: context.node.label)
    builder.addStep(context.node.label, reads: [value, incoming], writes: [result]) { program in
      function.backward(program.pointer(value), program.pointer(incoming), to: program.pointer(result), count: layout.floatCount)
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}

extension FeatureMap {
  /// Sets the lanes behind the last channel to zero, which convolutions rely on.
  public func clearPadding() {
    guard layout.isPadded else { return }
    let used = layout.channels % layout.block
    for sample in 0..<layout.samples {
      let last = base + sample * layout.sampleStride + (layout.blocks - 1) * layout.area * layout.block
      for place in 0..<layout.area {
        for lane in used..<layout.block { last[place * layout.block + lane] = 0 }
      }
    }
  }
}
