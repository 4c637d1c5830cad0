internal import Networks
internal import Tensors

extension Op.Slice: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init()
    guard node.opset < 10 else { return }
    guard let starts = try node.ints("starts"), let ends = try node.ints("ends") else {
      throw EspalierError("attribute 'starts' or 'ends' is missing")
    }
    try node.setInput(1, "starts", .integers(starts))
    try node.setInput(2, "ends", .integers(ends))
    if let axes = try node.ints("axes") { try node.setInput(3, "axes", .integers(axes)) }
  }

  func write(to node: inout NodeWriter) {}
}

extension Op.Pad: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(mode: try node.choice("mode", default: .constant))
    guard node.opset < 11 else { return }
    guard let pads = try node.ints("pads") else { throw EspalierError("attribute 'pads' is missing") }
    try node.setInput(1, "pads", .integers(pads))
    if let value = try node.float("value"), value != 0 { try node.setInput(2, "value", .float(Tensor(scalar: value))) }
  }

  func write(to node: inout NodeWriter) { node.set("mode", mode.rawValue) }

  var opset: Int { mode == .wrap ? 19 : 18 }
}
