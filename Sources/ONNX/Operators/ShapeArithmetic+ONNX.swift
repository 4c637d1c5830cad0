internal import Networks
internal import Tensors

extension Op.ConstantValue: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    if let value = try node.tensor("value") {
      self.init(value: value)
    } else if let value = try node.float("value_float") {
      self.init(value: .float(Tensor(scalar: value)))
    } else if let values = try node.floats("value_floats") {
      self.init(value: .float(Tensor(values, shape: [values.count])))
    } else if let value = try node.int("value_int") {
      self.init(value: .int64(Tensor(scalar: Int64(value))))
    } else if let values = try node.ints("value_ints") {
      self.init(value: .integers(values))
    } else {
      throw EspalierError(
        "the constant has no value of a supported kind", accepted: "value, value_float, value_floats, value_int, value_ints")
    }
  }

  func write(to node: inout NodeWriter) throws { try node.set("value", value) }
}

extension Op.ConstantOfShape: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [0: .int64] }
  init(reading node: inout NodeReader) throws {
    guard let value = try node.tensor("value") else {
      self.init()
      return
    }
    guard value.shape.count == 1 else {
      throw EspalierError("attribute 'value' has shape \(value.shape)", accepted: "one element")
    }
    self.init(value: value)
  }

  func write(to node: inout NodeWriter) throws { try node.set("value", value) }
}

extension Op.Cast: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [0: .int64] }
  init(reading node: inout NodeReader) throws {
    guard let number = try node.int("to") else { throw EspalierError("attribute 'to' is missing") }
    // These tell of types that are refused.
    if node.opset >= 19 { node.ignore("saturate") }
    if node.opset >= 24 { node.ignore("round_mode") }
    let type = try ElementType(onnx: Int32(clamping: number))
    guard type.isFloat || type == .int64 || type == .int32 || type == .bool else {
      throw EspalierError("a cast to \(type) is not supported", accepted: "float, double, float16, bfloat16, int64, int32, bool")
    }
    self.init(to: type.isFloat ? .float : type == .bool ? .bool : .integer)
  }

  func write(to node: inout NodeWriter) {
    guard target != .bool else { return node.set("to", Int(ElementType.bool.rawValue)) }
    let type = node.resultType
    node.set("to", Int((type.isFloat == toFloat ? type : toFloat ? .float : .int64).rawValue))
  }
}

extension Op.ShapeOf: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [0: .int64] }
  static var outputType: ElementType? { .int64 }
  init(reading node: inout NodeReader) throws {
    self.init()
    guard node.opset >= 15 else { return }
    start = try node.int("start") ?? 0
    end = try node.int("end")
  }

  func write(to node: inout NodeWriter) {
    guard node.opset >= 15 else { return }
    node.set("start", start)
    if let end { node.set("end", end) }
  }

  var opset: Int { start != 0 || end != nil ? 15 : 7 }
}

extension Op.Gather: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws { self.init(axis: try node.int("axis") ?? 0) }
  func write(to node: inout NodeWriter) { node.set("axis", axis) }
}

extension Op.RangeOf: PlainONNXOperator {
  var opset: Int { 11 }
}

extension Op.ScatterND: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws {
    if let reduction = try node.string("reduction"), reduction != "none" {
      throw EspalierError("reduction '\(reduction)' is not supported", accepted: "none")
    }
    self.init()
  }

  func write(to node: inout NodeWriter) {}
  var opset: Int { 11 }
}
