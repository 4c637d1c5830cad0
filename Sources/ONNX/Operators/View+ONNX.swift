internal import Networks
internal import Tensors

extension Op.Flatten: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(axis: try node.int("axis") ?? 1) }
  func write(to node: inout NodeWriter) { node.set("axis", axis) }
}

extension Op.Reshape: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws { self.init(allowsZero: node.opset >= 14 ? try node.flag("allowzero") : false) }
  func write(to node: inout NodeWriter) { if node.opset >= 14 { node.set("allowzero", allowsZero) } }
  var opset: Int { allowsZero ? 14 : 7 }
}

extension Op.Squeeze: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws {
    self.init()
    if node.opset < 13, let axes = try node.ints("axes") { try node.setInput(1, "axes", .integers(axes)) }
  }

  func write(to node: inout NodeWriter) throws {
    if node.opset < 13, let axes = try node.lower(1, "axes", before: 13)?.integers { node.set("axes", axes) }
  }
}

extension Op.Unsqueeze: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws {
    self.init()
    guard node.opset < 13 else { return }
    guard let axes = try node.ints("axes") else { throw EspalierError("attribute 'axes' is missing") }
    try node.setInput(1, "axes", .integers(axes))
  }

  func write(to node: inout NodeWriter) throws {
    if node.opset < 13, let axes = try node.lower(1, "axes", before: 13)?.integers { node.set("axes", axes) }
  }
}

extension Op.Transpose: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(permutation: try node.ints("perm") ?? []) }
  func write(to node: inout NodeWriter) { node.set("perm", permutation) }
}

extension Op.Expand: PlainONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
}

extension Op.Dropout: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .float] }
  init(reading node: inout NodeReader) throws {
    self.init()
    if node.opset < 12 {
      try node.setInput(1, "ratio", .float(Tensor(scalar: try node.float("ratio") ?? 0.5)))
    } else {
      node.ignore("seed")
      // The third input asks for dropping, which is for training; here a network is read for inference.
      node.inputs.removeSubrange(min(2, node.inputs.count)...)
    }
  }

  func write(to node: inout NodeWriter) throws {
    guard node.opset < 12 else { return }
    if let ratio = try node.lower(1, "ratio", before: 12)?.floats?.elements.first { node.set("ratio", ratio) }
  }
}

extension Op.Identity: PlainONNXOperator {}
extension Op.Tile: PlainONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
}

extension Op.DepthToSpace: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(
      blockSize: try node.blockSize(), mode: node.opset < 11 ? .depthColumnRow : try node.choice("mode", default: .depthColumnRow)
    )
  }

  func write(to node: inout NodeWriter) throws {
    node.set("blocksize", blockSize)
    guard mode != .depthColumnRow else { return }
    node.set("mode", mode.rawValue)
  }

  var opset: Int { mode == .depthColumnRow ? ONNXSupport.opsets.lowerBound : 11 }
}

extension Op.SpaceToDepth: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(
      blockSize: try node.blockSize(),
      mode: node.opset < 28 ? .depthColumnRow : try node.choice("mode", default: .depthColumnRow))
  }

  func write(to node: inout NodeWriter) throws {
    node.set("blocksize", blockSize)
    if mode != .depthColumnRow { node.set("mode", mode.rawValue) }
  }

  var opset: Int { mode == .depthColumnRow ? ONNXSupport.opsets.lowerBound : 28 }
}

extension NodeReader {
  fileprivate mutating func blockSize() throws -> Int {
    guard let size = try int("blocksize") else { throw EspalierError("attribute 'blocksize' is missing") }
    return size
  }
}
