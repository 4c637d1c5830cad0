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
  case selu(alpha: Float, gamma: Float)
  case celu(Float)
  case thresholdedRelu(Float)
  case softplus
  case softsign
  case gelu
  case geluByTanh
  case mish
  case swish(Float)
  case erf
  case exp
  case log
  case squareRoot
  case magnitude
  case negative
  case reciprocal
  case power(Float)

  /// The same function as a convolution's post-operation; to the last bit alike where ``isExactWhenFused``, else within some
  /// units in the last place.
  var postOperation: PostOperation? {
    switch self {
    case .relu: .eltwise(dnnl_eltwise_relu, alpha: 0, beta: 0)
    case .swish(let alpha): .eltwise(dnnl_eltwise_swish, alpha: alpha, beta: 0)
    case .hardSwish: .eltwise(dnnl_eltwise_hardswish, alpha: 0, beta: 0)
    case .leakyRelu(let slope): .eltwise(dnnl_eltwise_relu, alpha: slope, beta: 0)
    // oneDNN demands that the bounds do not cross, and clips the lanes behind the last channel too, which must stay 0.
    case .clip(let low, let high) where low <= high && keepsZero: .eltwise(dnnl_eltwise_clip, alpha: low, beta: high)
    default: nil
    }
  }

  /// Whether oneDNN's post-operation gives the very bits of ``apply(_:to:count:)``.
  var isExactWhenFused: Bool {
    switch self {
    case .swish, .hardSwish: false
    default: true
    }
  }

  /// Whether oneDNN's post-operation keeps NaN, as ``apply(_:to:count:)`` does.
  var keepsNaNWhenFused: Bool {
    switch self {
    case .relu, .clip: false
    default: true
    }
  }

  /// What the function does not exceed in magnitude where its argument does not exceed `bound`, or nil.
  func bound(_ bound: Double) -> Double? {
    switch self {
    case .relu, .hardSwish, .gelu, .geluByTanh, .mish, .thresholdedRelu, .magnitude, .negative: bound
    case .leakyRelu(let slope): max(1, Double(abs(slope))) * bound
    case .clip(let low, let high): min(max(bound, Double(abs(low))), max(Double(abs(low)), Double(abs(high))))
    case .sigmoid, .hardSigmoid, .tanh, .softsign, .erf: 1
    case .elu(let alpha), .celu(let alpha): max(bound, Double(abs(alpha)))
    case .selu(let alpha, let gamma): Double(abs(gamma)) * max(bound, Double(abs(alpha)))
    case .softplus: bound + 1
    case .swish(let alpha): alpha >= 0 ? bound + 1 : nil
    case .exp, .log, .squareRoot, .reciprocal, .power: nil
    }
  }

  /// Whether zero becomes zero, so that padded lanes stay empty.
  var keepsZero: Bool {
    switch self {
    case .sigmoid, .hardSigmoid, .softplus, .exp, .log, .reciprocal: false
    case .clip(let low, let high): low <= 0 && high >= 0
    case .thresholdedRelu, .relu, .leakyRelu, .hardSwish, .tanh, .elu, .selu, .celu, .softsign, .gelu, .geluByTanh, .mish,
      .swish, .erf, .squareRoot, .magnitude, .negative:
      true
    case .power(let exponent): exponent > 0
    }
  }

  /// Whether the derivative is a number wherever the function is, zero among the positions.
  private var isSmoothAtZero: Bool {
    switch self {
    case .log, .squareRoot, .reciprocal: false
    case .power(let exponent): exponent >= 1
    default: true
    }
  }

  /// Writes the function of `count` elements, and NaN where that is one.
  ///
  /// `y` may be `x`.
  func apply(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    switch self {
    case .relu: VectorMath.map(x, to: y, count: count) { $0.replacing(with: 0, where: $0 .< 0) }
    case .leakyRelu(let slope):
      VectorMath.map(x, to: y, count: count) { (slope * $0).replacing(with: $0, where: $0 .> 0) }
    case .clip(let low, let high):
      VectorMath.map(x, to: y, count: count) {
        let above = $0.replacing(with: low, where: $0 .< low)
        return above.replacing(with: high, where: above .> high)
      }
    case .sigmoid: VectorMath.map(x, to: y, count: count) { VectorMath.logistic($0) }
    case .hardSigmoid(let alpha, let beta): VectorMath.map(x, to: y, count: count) { bounded(alpha * $0 + beta) }
    case .hardSwish: VectorMath.map(x, to: y, count: count) { $0 * bounded($0 / 6 + 0.5) }
    case .tanh: VectorMath.map(x, to: y, count: count) { VectorMath.tanh($0) }
    case .elu(let alpha): for i in 0..<count { y[i] = x[i] > 0 ? x[i] : alpha * expm1(x[i]) }
    case .selu(let alpha, let gamma): for i in 0..<count { y[i] = gamma * (x[i] > 0 ? x[i] : alpha * expm1(x[i])) }
    case .celu(let alpha): for i in 0..<count { y[i] = x[i] > 0 ? x[i] : alpha * expm1(x[i] / alpha) }
    case .thresholdedRelu(let alpha): VectorMath.map(x, to: y, count: count) { $0.replacing(with: 0, where: $0 .<= alpha) }
    case .softplus: for i in 0..<count { y[i] = logarithm(ofOnePlusExp: x[i]) }
    case .softsign: for i in 0..<count { y[i] = x[i] / (1 + abs(x[i])) }
    case .gelu: VectorMath.map(x, to: y, count: count) { $0 * VectorMath.normalShare($0) }
    case .geluByTanh: VectorMath.map(x, to: y, count: count) { 0.5 * $0 * (1 + VectorMath.tanh(GELU.inner($0))) }
    case .mish: for i in 0..<count { y[i] = x[i] * Foundation.tanh(logarithm(ofOnePlusExp: x[i])) }
    case .swish(let alpha): VectorMath.map(x, to: y, count: count) { $0 * VectorMath.logistic(alpha * $0) }
    case .erf: for i in 0..<count { y[i] = Foundation.erf(x[i]) }
    case .exp: VectorMath.map(x, to: y, count: count) { VectorMath.exp($0) }
    case .log: for i in 0..<count { y[i] = Foundation.log(x[i]) }
    case .squareRoot: VectorMath.map(x, to: y, count: count) { $0.squareRoot() }
    case .magnitude: for i in 0..<count { y[i] = abs(x[i]) }
    case .negative: VectorMath.map(x, to: y, count: count) { -$0 }
    case .reciprocal: VectorMath.map(x, to: y, count: count) { 1 / $0 }
    case .power(2): VectorMath.map(x, to: y, count: count) { $0 * $0 }
    case .power(3): VectorMath.map(x, to: y, count: count) { $0 * $0 * $0 }
    case .power(let exponent): for i in 0..<count { y[i] = pow(x[i], exponent) }
    }
  }

  /// Whether the derivative is found from the output alone; else from the input.
  var differentiatesFromOutput: Bool {
    switch self {
    case .relu, .clip, .sigmoid, .hardSigmoid, .tanh, .exp: true
    case .leakyRelu(let alpha), .elu(let alpha): alpha >= 0
    default: false
    }
  }

  /// Writes gradient × derivative, given the output (or the input, see ``differentiatesFromOutput``).
  ///
  /// `result` may be `gradient`.
  func backward(
    _ value: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, count: Int
  ) {
    @inline(__always) func sweep(_ function: (_ value: VectorMath.Vector, _ gradient: VectorMath.Vector) -> VectorMath.Vector) {
      VectorMath.map(value, gradient, to: result, count: count, function)
    }
    switch self {
    case .relu: sweep { VectorMath.Vector(repeating: 0).replacing(with: $1, where: $0 .> 0) }
    case .leakyRelu(let slope): sweep { (slope * $1).replacing(with: $1, where: $0 .> 0) }
    case .clip(let low, let high):
      sweep { VectorMath.Vector(repeating: 0).replacing(with: $1, where: ($0 .> low) .& ($0 .< high)) }
    case .sigmoid: sweep { $1 * $0 * (1 - $0) }
    case .hardSigmoid(let alpha, _):
      sweep { VectorMath.Vector(repeating: 0).replacing(with: alpha * $1, where: ($0 .> 0) .& ($0 .< 1)) }
    case .tanh: sweep { $1 * (1 - $0 * $0) }
    case .elu(let alpha) where alpha >= 0: sweep { ($1 * ($0 + alpha)).replacing(with: $1, where: $0 .> 0) }
    case .exp: sweep { $1 * $0 }
    case .gelu:
      sweep { x, g in
        g * (VectorMath.normalShare(x) + x * GELU.density * VectorMath.exp(-0.5 * x * x))
      }
    case .swish(let alpha):
      sweep { x, g in
        let share = VectorMath.logistic(alpha * x)
        return g * (share + alpha * x * share * (1 - share))
      }
    default: for i in 0..<count { result[i] = gradient[i] * derivative(value[i]) }
    }
  }

  /// The derivative of those that are differentiated from the input.
  @inline(__always)
  private func derivative(_ x: Float) -> Float {
    switch self {
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
    case .elu(let alpha): return x > 0 ? 1 : alpha * Foundation.exp(x)
    case .selu(let alpha, let gamma): return gamma * (x > 0 ? 1 : alpha * Foundation.exp(x))
    case .celu(let alpha): return x > 0 ? 1 : Foundation.exp(x / alpha)
    case .thresholdedRelu(let alpha): return x > alpha ? 1 : 0
    case .softplus: return logistic(x)
    case .softsign: return 1 / ((1 + abs(x)) * (1 + abs(x)))
    case .geluByTanh:
      let t = Foundation.tanh(GELU.inner(x))
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU.factor * (1 + 3 * GELU.cubic * x * x)
    case .mish:
      let t = Foundation.tanh(logarithm(ofOnePlusExp: x))
      return t + x * (1 - t * t) * logistic(x)
    case .erf: return 2 * Float(0.5641895835477563) * Foundation.exp(-x * x)
    case .log: return 1 / x
    case .squareRoot: return 0.5 / x.squareRoot()
    case .magnitude: return x > 0 ? 1 : x < 0 ? -1 : 0
    case .negative: return -1
    case .reciprocal: return -1 / (x * x)
    case .power(let exponent): return exponent * pow(x, exponent - 1)
    default: preconditionFailure("\(self) is not differentiated number by number")
    }
  }

  /// Whether the lanes behind the last channel must be emptied after ``apply(_:to:count:)``.
  var fillsPadding: Bool { !keepsZero }

  /// Whether they must be emptied after ``backward(_:_:to:count:)``.
  var spoilsPadding: Bool { !isSmoothAtZero }
}

/// The constants of the GELU and of its approximation by tanh.
private enum GELU {
  /// √(2 / π).
  static let factor = Float(0.7978845608028654)
  static let cubic = Float(0.044715)
  /// 1 / √(2π).
  static let density = Float(0.3989422804014327)

  static func inner(_ x: Float) -> Float { factor * (x + cubic * x * x * x) }

  @inline(__always)
  static func inner(_ x: VectorMath.Vector) -> VectorMath.Vector { factor * (x + cubic * x * x * x) }
}

@inline(__always)
private func logistic(_ x: Float) -> Float { 1 / (1 + Foundation.exp(-x)) }

@inline(__always)
private func logarithm(ofOnePlusExp x: Float) -> Float { x.isNaN ? x : max(x, 0) + log1p(Foundation.exp(-abs(x))) }

/// The numbers between 0 and 1 that are nearest; NaN stays.
@inline(__always)
private func bounded(_ x: VectorMath.Vector) -> VectorMath.Vector {
  let above = x.replacing(with: 0, where: x .< 0)
  return above.replacing(with: 1, where: above .> 1)
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
extension Op.Selu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .selu(alpha: alpha, gamma: gamma) }
}
extension Op.Celu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .celu(alpha) }
}
extension Op.ThresholdedRelu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .thresholdedRelu(alpha) }
}
extension Op.Softplus: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .softplus }
}
extension Op.Softsign: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .softsign }
}
extension Op.Gelu: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { approximatesByTanh ? .geluByTanh : .gelu }
}
extension Op.Mish: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .mish }
}
extension Op.Swish: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .swish(alpha) }
}
extension Op.Erf: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .erf }
}
extension Op.Exp: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .exp }
}
extension Op.Log: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .log }
}
extension Op.Sqrt: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .squareRoot }
}
extension Op.Abs: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .magnitude }
}
extension Op.Neg: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .negative }
}
extension Op.Reciprocal: PointwiseOperator {
  func pointwise(_ context: NodeContext) -> Pointwise { .reciprocal }
}
extension Op.Pow: PointwiseOperator {
  func pointwise(_ context: NodeContext) throws -> Pointwise {
    guard let fact = context.inputs[1], fact.shape.count == 1, context.outputs[0].shape == context.inputs[0]?.shape,
      let exponent = fact.value?.floats?.elements.first ?? fact.value?.integers?.first.map(Float.init)
    else { throw EspalierError("its exponent is not one number known before the network is run", accepted: "one constant") }
    return .power(exponent)
  }
}
extension Op.Clip: PointwiseOperator {
  func pointwise(_ context: NodeContext) throws -> Pointwise {
    .clip(low: try context.number(1) ?? -.infinity, high: try context.number(2) ?? .infinity)
  }
}

extension PlanBuilder {
  /// Whether each element of a node's output depends on one element of its input alone, at the same position.
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

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { inputs[0].flatMap(function.bound) }

  func forward(_ builder: PlanBuilder) throws {
    let function = function
    let slot = try builder.slot(of: context.input(0))
    let layout = builder.layout(slot)
    let result = builder.allocate(layout, name: context.node.outputs[0])
    builder.addStep(context.node.label, reads: [slot], writes: [result], isInPlace: true) { program in
      function.apply(program.pointer(slot), to: program.pointer(result), count: layout.floatCount)
      if function.fillsPadding { program.featureMap(result).clearPadding() }
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
    builder.addStep(context.node.label, reads: [value, incoming], writes: [result], isInPlace: true) { program in
      function.backward(program.pointer(value), program.pointer(incoming), to: program.pointer(result), count: layout.floatCount)
      if function.spoilsPadding { program.featureMap(result).clearPadding() }
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
      for position in 0..<layout.area {
        for lane in used..<layout.block { last[position * layout.block + lane] = 0 }
      }
    }
  }
}
