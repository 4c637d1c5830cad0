internal import Networks
internal import Tensors

extension Op.MaxPool: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    // The order of the indices, an output that is refused.
    if node.opset >= 8 { node.ignore("storage_order") }
    self.init(kernel: try node.kernel(), window: try node.poolingWindow(dilated: node.opset >= 10))
  }

  func write(to node: inout NodeWriter) {
    node.set("kernel_shape", kernel)
    var window = window
    if node.opset < 10 { window.dilations = [] }
    node.set(window)
    if node.opset >= 10 { node.set("ceil_mode", window.ceilMode) }
  }

  var opset: Int { window.ceilMode || window.dilations.contains { $0 != 1 } ? 10 : 7 }
}

extension Op.AveragePool: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(
      kernel: try node.kernel(), window: try node.poolingWindow(dilated: node.opset >= 19),
      countsPadding: try node.flag("count_include_pad"))
  }

  func write(to node: inout NodeWriter) {
    node.set("kernel_shape", kernel)
    var window = window
    if node.opset < 19 { window.dilations = [] }
    node.set(window)
    if node.opset >= 10 { node.set("ceil_mode", window.ceilMode) }
    node.set("count_include_pad", countsPadding)
  }

  var opset: Int { window.dilations.contains { $0 != 1 } ? 19 : window.ceilMode ? 10 : 7 }
}

extension Op.GlobalAveragePool: PlainONNXOperator {}
extension Op.GlobalMaxPool: PlainONNXOperator {}

extension NodeReader {
  fileprivate mutating func kernel() throws -> [Int] {
    let kernel = try ints("kernel_shape", in: NodeReader.lengths)
    guard !kernel.isEmpty else { throw EspalierError("attribute 'kernel_shape' is missing") }
    return kernel
  }

  fileprivate mutating func poolingWindow(dilated: Bool) throws -> Window {
    var window = try window(dilated: dilated)
    if opset >= 10 { window.ceilMode = try flag("ceil_mode") }
    return window
  }
}
