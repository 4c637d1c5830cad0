internal import Networks
internal import Tensors

extension Reduction where Self: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    // A sum takes its axes as an input since opset 13, the others since 18.
    let isInput = node.opset >= (Self.name == Op.ReduceSum.name ? 13 : 18)
    self.init(
      keepsAxes: try node.flag("keepdims", default: true), emptyMeansNone: isInput ? try node.flag("noop_with_empty_axes") : false
    )
    if !isInput, let axes = try node.ints("axes"), !axes.isEmpty { try node.setInput(1, "axes", .integers(axes)) }
  }

  func write(to node: inout NodeWriter) {
    node.set("keepdims", keepsAxes)
    node.set("noop_with_empty_axes", emptyMeansNone)
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
