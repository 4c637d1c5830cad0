import COneDNN
import Networks
import Tensors

/// Pooling by oneDNN, in the layout of its input.
final class PoolingKernel: Kernel {
  enum Kind {
    case largest
    case mean(countsPadding: Bool)

    var code: Int32 {
      switch self {
      case .largest: 0
      case .mean(countsPadding: true): 1
      case .mean(countsPadding: false): 2
      }
    }
  }

  private let kind: Kind
  private let label: String
  private let input: String
  private let output: String
  private let source: Shape
  private let target: Shape
  private let placement: Window.Placement
  private var forward: Primitive?
  private var workspace: Slot?

  init(_ kind: Kind, kernel: [Int], window: Window, _ context: NodeContext) throws {
    self.kind = kind
    (source, target) = (try context.shape(0), context.outputs[0].shape)
    placement = try window.placement(input: Array(source.dimensions.dropFirst(2)), kernel: kernel)
    (label, input, output) = (context.node.label, try context.input(0), context.node.outputs[0])
  }

  /// Pooling over whole feature maps.
  convenience init(_ kind: Kind, _ context: NodeContext) throws {
    try self.init(kind, kernel: Array(context.shape(0).dimensions.dropFirst(2)), window: Window(), context)
  }

  /// The mean of windows; where `ceilMode` lets windows hang over counted padding, or there is dilation, oneDNN's divisor is not
  /// ONNX's and the windows are written out.
  static func average(_ op: Op.AveragePool, _ context: NodeContext) throws -> any Kernel {
    let placement = try op.window.placement(input: Array(context.shape(0).dimensions.dropFirst(2)), kernel: op.kernel)
    let isPlain = placement.dilations.allSatisfy { $0 == 1 } && !(op.countsPadding && op.window.ceilMode)
    return isPlain
      ? try PoolingKernel(.mean(countsPadding: op.countsPadding), kernel: op.kernel, window: op.window, context)
      : try LinearMapKernel(averagePool: op, placement, context)
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { inputs[0] }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: input)
    if case .largest = kind, !builder.isTraining { try builder.guardSums(of: [input]) { $0[0] } }
    let layout = Layout(shape: target, block: builder.layout(slot).block)
    let primitive = try primitive(builder.isKeepingAll ? .training : .inference, layout: builder.layout(slot).block, hint: nil)
    let result = builder.allocate(layout, name: output)
    var writes = [(DNNL_ARG_DST, result)]
    if case .largest = kind, builder.isKeepingAll {
      workspace = builder.allocate(primitive.layout(of: DNNL_ARG_WORKSPACE), name: label)
      writes.append((DNNL_ARG_WORKSPACE, workspace!))
    }
    builder.addPrimitive(label, primitive, reads: [(DNNL_ARG_SRC, slot)], writes: writes)
    if case .largest = kind, !builder.isTraining { keepNaN(builder, from: slot, to: result) }
    builder.define(output, result)
    forward = primitive
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let layout = try builder.layout(builder.slot(of: input))
    let primitive = try primitive(.backwardData, layout: layout.block, hint: forward)
    let result = builder.allocate(layout, name: input)
    var reads = [(DNNL_ARG_DIFF_DST, try builder.reorder(gradient, to: primitive.layout(of: DNNL_ARG_DIFF_DST)))]
    if let workspace { reads.append((DNNL_ARG_WORKSPACE, workspace)) }
    builder.addPrimitive(label, primitive, reads: reads, writes: [(DNNL_ARG_DIFF_SRC, result)])
    return [result]
  }

  /// Appends, for values beyond bounds, what puts NaN where a window holds one.
  private func keepNaN(_ builder: PlanBuilder, from slot: Slot, to result: Slot) {
    let (before, after, placement) = (builder.layout(slot), builder.layout(result), placement)
    builder.addStepBeyondBounds(label, reads: [slot, result], writes: [result]) { program in
      let (x, y) = (program.pointer(slot), program.pointer(result))
      let (source, target) = (Shape(placement.input), Shape(placement.output))
      for output in 0..<target.count {
        let windows = placement.kernel.indices.map { axis in
          let start = output / target.strides[axis] % target[axis] * placement.strides[axis] - placement.begin[axis]
          return (0..<placement.kernel[axis]).map { start + $0 * placement.dilations[axis] }.filter { 0..<source[axis] ~= $0 }
        }
        let inputs = zip(windows, source.strides).reduce([0]) { sums, axis in
          sums.flatMap { sum in axis.0.map { sum + $0 * axis.1 } }
        }
        for map in 0..<before.samples * before.blocks {
          for lane in 0..<before.block
          where inputs.contains(where: { x[(map * before.area + $0) * before.block + lane].isNaN }) {
            y[(map * after.area + output) * after.block + lane] = .nan
          }
        }
      }
    }
  }

  private func primitive(_ direction: Direction, layout block: Int, hint: Primitive?) throws -> Primitive {
    var src = try Layout(shape: source, block: block).descriptor()
    var dst = try Layout(shape: target, block: block).descriptor()
    let after = placement.input.indices.map { axis in
      (placement.output[axis] - 1) * placement.strides[axis] + placement.extent(axis) - placement.input[axis]
        - placement.begin[axis]
    }
    return try Primitive("pooling") { descriptor, attributes in
      withDimensions(placement.strides) { strides in
        withDimensions(placement.kernel) { kernel in
          withDimensions(placement.dilations.map { $0 - 1 }) { dilates in
            withDimensions(placement.begin) { before in
              withDimensions(after.map { max($0, 0) }) { after in
                espalier_pooling(
                  &descriptor, Library.engine, direction.code, kind.code, &src, &dst, strides, kernel, dilates, before, after,
                  attributes,
                  hint?.descriptor)
              }
            }
          }
        }
      }
    }
  }
}
