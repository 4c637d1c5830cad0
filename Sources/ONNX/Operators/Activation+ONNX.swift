internal import Networks
internal import Tensors

extension Op.Relu: PlainONNXOperator {}

extension Op.LeakyRelu: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(alpha: try node.float("alpha") ?? 0.01) }
  func write(to node: inout NodeWriter) { node.set("alpha", alpha) }
}

extension Op.PRelu: PlainONNXOperator {}

extension Op.Clip: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init()
    guard node.opset < 11 else { return }
    if let low = try node.float("min") { try node.setInput(1, "min", .float(Tensor(scalar: low))) }
    if let high = try node.float("max") { try node.setInput(2, "max", .float(Tensor(scalar: high))) }
  }

  func write(to node: inout NodeWriter) throws {
    guard node.opset < 11 else { return }
    if let high = try node.lower(2, "max", before: 11)?.floats?.elements.first { node.set("max", high) }
    if let low = try node.lower(1, "min", before: 11)?.floats?.elements.first { node.set("min", low) }
  }
}

extension Op.Sigmoid: PlainONNXOperator {}

extension Op.HardSigmoid: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(alpha: try node.float("alpha") ?? 0.2, beta: try node.float("beta") ?? 0.5)
  }

  func write(to node: inout NodeWriter) {
    node.set("alpha", alpha)
    node.set("beta", beta)
  }
}

extension Op.HardSwish: PlainONNXOperator {
  var opset: Int { 14 }
}

extension Op.Tanh: PlainONNXOperator {}

extension Op.Elu: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(alpha: try node.float("alpha") ?? 1) }
  func write(to node: inout NodeWriter) { node.set("alpha", alpha) }
}

extension Op.Selu: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init()
    if let alpha = try node.float("alpha") { self.alpha = alpha }
    if let gamma = try node.float("gamma") { self.gamma = gamma }
  }

  func write(to node: inout NodeWriter) {
    node.set("alpha", alpha)
    node.set("gamma", gamma)
  }
}

extension Op.Celu: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    self.init(alpha: try node.float("alpha") ?? 1)
    guard alpha != 0 else { throw EspalierError("attribute 'alpha' is 0", accepted: "another number") }
  }

  func write(to node: inout NodeWriter) { node.set("alpha", alpha) }
}

extension Op.ThresholdedRelu: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(alpha: try node.float("alpha") ?? 1) }
  func write(to node: inout NodeWriter) { node.set("alpha", alpha) }
}

extension Op.Softplus: PlainONNXOperator {}
extension Op.Softsign: PlainONNXOperator {}

extension Op.Gelu: ONNXOperator {
  private enum Approximation: String, CaseIterable { case none, tanh }

  init(reading node: inout NodeReader) throws {
    self.init(approximatesByTanh: try node.choice("approximate", default: Approximation.none) == .tanh)
  }

  func write(to node: inout NodeWriter) {
    node.set("approximate", (approximatesByTanh ? Approximation.tanh : .none).rawValue)
  }

  var opset: Int { 20 }
}

extension Op.Mish: PlainONNXOperator {}

extension Op.Swish: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(alpha: try node.float("alpha") ?? 1) }
  func write(to node: inout NodeWriter) { node.set("alpha", alpha) }
  var opset: Int { 24 }
}

extension Op.Softmax: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(axis: try node.softmaxAxis()) }
  func write(to node: inout NodeWriter) { node.set("axis", axis) }
}

extension Op.LogSoftmax: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(axis: try node.softmaxAxis()) }
  func write(to node: inout NodeWriter) { node.set("axis", axis) }
}

extension NodeReader {
  /// The axis as the file says it; what it means before opset 13 is settled once shapes are known
  /// (``Graph/withCurrentSoftmax(_:)``).
  fileprivate mutating func softmaxAxis() throws -> Int { try int("axis") ?? (opset < 13 ? 1 : -1) }
}
