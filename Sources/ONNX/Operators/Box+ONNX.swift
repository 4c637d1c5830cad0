internal import Networks
internal import Tensors

extension Op.Slice: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64, 2: .int64, 3: .int64, 4: .int64] }
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

  func write(to node: inout NodeWriter) throws {
    guard node.opset < 10 else { return }
    if let steps = try node.lower(4, "steps", before: 10)?.integers, steps.contains(where: { $0 != 1 }) {
      try node.require(10, "takes steps")
    }
    for (position, role) in [(3, "axes"), (2, "ends"), (1, "starts")] {
      if let values = try node.lower(position, role, before: 10)?.integers { node.set(role, values) }
    }
  }
}

extension Op.Pad: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64, 3: .int64] }
  init(reading node: inout NodeReader) throws {
    self.init(mode: try node.choice("mode", default: .constant))
    guard node.opset < 11 else { return }
    guard let pads = try node.ints("pads") else { throw EspalierError("attribute 'pads' is missing") }
    try node.setInput(1, "pads", .integers(pads))
    if let value = try node.float("value"), value != 0 { try node.setInput(2, "value", .float(Tensor(scalar: value))) }
  }

  func write(to node: inout NodeWriter) throws {
    node.set("mode", mode.rawValue)
    if node.inputs.count > 3 { try node.require(18, "names axes") }
    guard node.opset < 11 else { return }
    if let value = try node.lower(2, "value", before: 11)?.floats?.elements.first { node.set("value", value) }
    if let pads = try node.lower(1, "pads", before: 11)?.integers { node.set("pads", pads) }
  }

  var opset: Int { mode == .wrap ? 19 : 7 }
}
