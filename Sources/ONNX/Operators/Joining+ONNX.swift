internal import Networks
internal import Tensors

extension Op.Concat: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    guard let axis = try node.int("axis") else { throw EspalierError("attribute 'axis' is missing") }
    self.init(axis: axis)
  }

  func write(to node: inout NodeWriter) { node.set("axis", axis) }
}

extension Op.Split: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  static var outputLimit: Int { .max }

  init(reading node: inout NodeReader) throws {
    self.init(axis: try node.int("axis") ?? 0)
    if node.opset < 13, let lengths = try node.ints("split") { try node.setInput(1, "split", .integers(lengths)) }
    if node.opset >= 18, let count = try node.int("num_outputs"), count != node.outputs.count {
      throw EspalierError("num_outputs is \(count), but the node has \(node.outputs.count) outputs")
    }
  }

  func write(to node: inout NodeWriter) throws {
    node.set("axis", axis)
    if node.opset < 13, let lengths = try node.lower(1, "lengths", before: 13)?.integers { node.set("split", lengths) }
    if node.opset >= 18, node.inputs.count < 2 { node.set("num_outputs", node.outputs.count) }
  }
}
