import Networks
import Tensors

/// How the engine computes one node: its forward steps, and the steps that carry gradients back through it.
///
/// A conforming type lives as long as its plan is built and remembers between the two what backward needs.
protocol Kernel: AnyObject {
  /// Appends the steps that compute the node's outputs.
  func forward(_ builder: PlanBuilder) throws

  /// Appends the steps of the vector-Jacobian product.
  ///
  /// - Parameters:
  ///   - gradients: one slot an output, in the value's layout; nil where nothing flows back.
  ///   - wanted: for each input, whether its gradient is of use.
  /// - Returns: one slot an input, in any layout; nil where none is wanted or there is none.
  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?]

  /// What no element of an output exceeds in magnitude, and no sum on the way to it; nil where that is not known.
  ///
  /// - Parameter inputs: the same of every input.
  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double?
}

extension Kernel {
  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { nil }
}

/// A node with what is known of its inputs and outputs.
struct NodeContext {
  let node: Node
  let inputs: [Fact?]
  let outputs: [Fact]

  init(_ node: Node, _ builder: PlanBuilder) throws {
    self.node = node
    inputs = node.inputs.map { $0.flatMap { builder.facts[$0] } }
    outputs = try node.outputs.filter { !$0.isEmpty }.map { Fact(try builder.shape(of: $0)) }
    for shape in (inputs.compactMap { $0 } + outputs).map(\.shape) where shape.count > Int32.max {
      throw EspalierError("a value of shape \(shape) is too large", accepted: "2^31 elements; a smaller batch")
    }
  }

  /// The name of an input that must be there.
  func input(_ position: Int) throws -> String {
    guard position < node.inputs.count, let name = node.inputs[position] else {
      throw EspalierError("input \(position) is left out")
    }
    return name
  }

  /// The name of an input, or nil where it is left out.
  func optionalInput(_ position: Int) -> String? { position < node.inputs.count ? node.inputs[position] : nil }

  /// The shape of an input.
  func shape(_ position: Int) throws -> Shape {
    guard position < inputs.count, let fact = inputs[position] else { throw EspalierError("input \(position) is left out") }
    return fact.shape
  }

  /// The integers of an input that is known ahead, or nil where it is left out.
  func integers(_ position: Int) throws -> [Int]? {
    guard position < inputs.count, let fact = inputs[position] else { return nil }
    guard let integers = fact.value?.integers else {
      throw EspalierError("input \(position) depends on the network's input", accepted: "a constant")
    }
    return integers
  }

  /// The number in an input that is known ahead, or nil where it is left out.
  func number(_ position: Int) throws -> Float? {
    guard position < inputs.count, let fact = inputs[position] else { return nil }
    guard let number = fact.value?.floats?.elements.first else {
      throw EspalierError("input \(position) depends on the network's input", accepted: "a constant")
    }
    return number
  }

  /// A weight's name and value, where an input is one.
  func parameter(_ position: Int, _ builder: PlanBuilder) -> (name: String, tensor: Tensor<Float>)? {
    guard let name = optionalInput(position), let tensor = builder.parameters[name] else { return nil }
    return (name, tensor)
  }
}

/// Which kernel computes which operator.
package enum KernelCatalog {
  /// Makes the kernel of a node.
  ///
  /// - Throws: `EspalierError` naming the operator, if the engine does not run it with these inputs.
  static func kernel(for context: NodeContext, _ builder: PlanBuilder) throws -> any Kernel {
    switch context.node.op {
    case let op as Op.Conv: try ConvolutionKernel(op, context, builder)
    case let op as Op.ConvTranspose: try ConvolutionKernel(op, context, builder)
    case let op as Op.Gemm: try linearKernel(op, context, builder)
    case is Op.MatMul: try linearKernel(nil, context, builder)
    case is Op.TokenLinear:
      if let kernel = try InnerProductKernel(Op.Gemm(), context, builder, isOfTokens: true) {
        kernel
      } else {
        throw refusal(context)
      }
    case let op as Op.BatchNormalization: try BatchNormalizationKernel(op, context, builder)
    case let op as Op.LayerNormalization: try LayerNormalizationKernel(op, context, builder)
    case let op as Op.LRN: ResponseNormalizationKernel(op, context)
    case let op as any PointwiseOperator: PointwiseKernel(try op.pointwise(context), context)
    case is Op.PRelu: try ArithmeticKernel(.slope, context)
    case let op as Op.Softmax: try SoftmaxKernel(axis: op.axis, isLogarithmic: false, context)
    case let op as Op.LogSoftmax: try SoftmaxKernel(axis: op.axis, isLogarithmic: true, context)
    case let op as Op.MaxPool: try PoolingKernel(.largest, kernel: op.kernel, window: op.window, context)
    case let op as Op.AveragePool:
      try PoolingKernel.average(op, context)
    case is Op.GlobalAveragePool: try PoolingKernel(.mean(countsPadding: false), context)
    case is Op.GlobalMaxPool: try PoolingKernel(.largest, context)
    case let op as Op.ReduceMean: try LinearMapKernel(mean: op, context)
    case let op as Op.Resize where op.mode == .nearest: try MoveKernel(resize: op, context)
    case let op as Op.Resize: try LinearMapKernel(resize: op, context)
    case let op as Op.CumSum: try LinearMapKernel(cumulative: op, context)
    case let op as Op.GridSample: try GridSampleKernel(op, context)
    case let op as Op.Pad: try MoveKernel(pad: op, context)
    case is Op.Add, is Op.Sum: try SumKernel(context)
    case is Op.Sub: try ArithmeticKernel(.subtract, context)
    case is Op.Mul: try ArithmeticKernel(.multiply, context)
    case is Op.Div: try ArithmeticKernel(.divide, context)
    case is Op.Min where context.node.inputs.count == 2: try ArithmeticKernel(.least, context)
    case is Op.Max where context.node.inputs.count == 2: try ArithmeticKernel(.greatest, context)
    case is Op.Min where context.node.inputs.count == 1, is Op.Max where context.node.inputs.count == 1: ViewKernel(context)
    case let op as Op.ReduceSum: try LinearMapKernel(sum: op, context)
    case is Op.Dropout where builder.isTraining: try DropoutKernel(context)
    case is Op.Flatten, is Op.Reshape, is Op.Squeeze, is Op.Unsqueeze, is Op.Identity, is Op.Dropout: ViewKernel(context)
    case let op as Op.Cast:
      if op.toFloat { ViewKernel(context) } else { throw refusal(context) }
    case let op as Op.Concat: try ConcatKernel(op, context)
    case let op as Op.Split: try MoveKernel(split: op, context)
    case let op as Op.Slice: try MoveKernel(slice: op, context)
    case let op as Op.Transpose: try MoveKernel(transpose: op, context)
    case is Op.Expand: try MoveKernel(expand: context)
    case let op as Op.Gather: try MoveKernel(gather: op, context)
    case let op as Op.GatherND: try MoveKernel(gatherND: op, context)
    default: throw refusal(context)
    }
  }

  /// Operators that are never run: when a graph is canonised, their results are computed, or others take their place.
  package static let neverRun: Set<String> = [
    Op.ConstantValue.name, Op.ConstantOfShape.name, Op.ShapeOf.name, Op.ReduceMax.name, Op.ReduceMin.name, Op.ReduceProd.name,
    Op.ReduceL1.name, Op.ReduceL2.name, Op.ReduceSumSquare.name, Op.Equal.name, Op.Greater.name, Op.GreaterOrEqual.name,
    Op.Less.name, Op.LessOrEqual.name, Op.Not.name, Op.And.name, Op.Or.name, Op.Where.name, Op.Mod.name, Op.RangeOf.name,
    Op.ScatterND.name, Op.Ceil.name, Op.Floor.name, Op.Round.name, Op.Sign.name, Op.Sin.name, Op.Cos.name,
    Op.InstanceNormalization.name, Op.Einsum.name, Op.Tile.name, Op.DepthToSpace.name, Op.SpaceToDepth.name,
    Op.OneHot.name, Op.EyeLike.name, Op.NonZero.name,
  ]

  private static func refusal(_ context: NodeContext) -> EspalierError {
    EspalierError(
      "\(context.node.op.name) cannot be run on values that depend on the network's input", accepted: "constants, folded ahead")
  }

  private static func linearKernel(_ gemm: Op.Gemm?, _ context: NodeContext, _ builder: PlanBuilder) throws -> any Kernel {
    if let kernel = try InnerProductKernel(gemm ?? Op.Gemm(), context, builder) { return kernel }
    return try MatrixProductKernel(gemm, context)
  }
}
