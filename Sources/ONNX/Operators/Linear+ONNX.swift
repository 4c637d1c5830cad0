internal import Networks
internal import Tensors

extension Op.Conv: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    try node.checkKernelShape()
    self.init(group: try node.group(), window: try node.window(dilated: true))
  }

  func write(to node: inout NodeWriter) {
    node.set("group", group)
    node.set(window)
  }
}

extension Op.ConvTranspose: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    try node.checkKernelShape()
    self.init(
      group: try node.group(), window: try node.window(dilated: true),
      outputPadding: try node.ints("output_padding", in: NodeReader.paddings),
      outputShape: try node.ints("output_shape", in: NodeReader.lengths))
  }

  func write(to node: inout NodeWriter) {
    node.set("group", group)
    node.set(window)
    node.set("output_padding", outputPadding)
    node.set("output_shape", outputShape)
  }
}

extension Op.Gemm: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(
      alpha: try node.float("alpha") ?? 1, beta: try node.float("beta") ?? 1, transposeA: try node.flag("transA"),
      transposeB: try node.flag("transB"))
  }

  func write(to node: inout NodeWriter) {
    node.set("alpha", alpha)
    node.set("beta", beta)
    node.set("transA", transposeA)
    node.set("transB", transposeB)
  }
}

extension Op.MatMul: PlainONNXOperator {}

extension NodeReader {
  fileprivate mutating func group() throws -> Int {
    let group = try int("group") ?? 1
    guard NodeReader.lengths.contains(group) else { throw EspalierError("attribute 'group' is \(group)", accepted: "1 or more") }
    return group
  }

  /// Reads `kernel_shape`, which repeats what the weights' shape says.
  fileprivate mutating func checkKernelShape() throws {
    guard let kernel = try ints("kernel_shape"), let weights = constant(1) else { return }
    guard kernel == Array(weights.shape.dimensions.dropFirst(2)) else {
      throw EspalierError("kernel_shape \(kernel) does not fit weights of shape \(weights.shape)")
    }
  }
}

extension Op.Einsum: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    guard let equation = try node.string("equation") else { throw EspalierError("attribute 'equation' is missing") }
    try self.init(equation)
  }

  func write(to node: inout NodeWriter) { node.set("equation", equation) }

  var opset: Int { 12 }
}
