internal import Networks
internal import Tensors

extension Reduction where Self: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  /// The oldest operator set in which axes are an input: 13 for a sum, 18 for the others.
  private static var axesInput: Int { Self.name == Op.ReduceSum.name ? 13 : 18 }

  init(reading node: inout NodeReader) throws {
    let isInput = node.opset >= Self.axesInput
    self.init(
      keepsAxes: try node.flag("keepdims", default: true), emptyMeansNone: isInput ? try node.flag("noop_with_empty_axes") : false
    )
    if !isInput, let axes = try node.ints("axes"), !axes.isEmpty { try node.setInput(1, "axes", .integers(axes)) }
  }

  func write(to node: inout NodeWriter) throws {
    node.set("keepdims", keepsAxes)
    guard node.opset < Self.axesInput else {
      node.set("noop_with_empty_axes", emptyMeansNone)
      return
    }
    let axes = try node.lower(1, "axes", before: Self.axesInput)?.integers ?? []
    if axes.isEmpty, emptyMeansNone { try node.require(Self.axesInput, "names no axes and means none") }
    node.set("axes", axes)
  }
}

extension Op.ReduceMean: ONNXOperator {}
extension Op.ReduceSum: ONNXOperator {}
extension Op.ReduceMax: ONNXOperator {}
extension Op.ReduceMin: ONNXOperator {}
extension Op.ReduceProd: ONNXOperator {}
extension Op.ReduceL1: ONNXOperator {}
extension Op.ReduceL2: ONNXOperator {}
extension Op.ReduceSumSquare: ONNXOperator {}
