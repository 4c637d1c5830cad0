internal import Networks
internal import Tensors

extension Op.GatherND: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws { self.init(batchAxes: node.opset >= 12 ? try node.int("batch_dims") ?? 0 : 0) }
  func write(to node: inout NodeWriter) throws {
    if batchAxes != 0 { try node.require(12, "has batch axes") }
    if node.opset >= 12 { node.set("batch_dims", batchAxes) }
  }
  var opset: Int { batchAxes == 0 ? 11 : 12 }
}

extension Op.OneHot: ONNXOperator {
  // Of the values alone is the result's type.
  static var inputTypes: [Int: ElementType] { [0: .int64, 1: .int64] }
  init(reading node: inout NodeReader) throws { self.init(axis: try node.int("axis") ?? -1) }
  func write(to node: inout NodeWriter) { node.set("axis", axis) }
  var opset: Int { 9 }
}

extension Op.EyeLike: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    let type = try node.int("dtype").map { try ElementType(onnx: Int32(clamping: $0)) }
    self.init(offset: try node.int("k") ?? 0, target: type.map { $0.isFloat ? .float : $0 == .bool ? .bool : .integer })
  }
  func write(to node: inout NodeWriter) {
    node.set("k", offset)
    guard let target else { return }
    let type = node.resultType
    let same = type.isFloat == (target == .float) && (type == .bool) == (target == .bool)
    node.set("dtype", Int((same ? type : target == .float ? .float : target == .bool ? .bool : .int64).rawValue))
  }
  var opset: Int { 9 }
}

extension Op.CumSum: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .int64] }
  init(reading node: inout NodeReader) throws {
    self.init(isExclusive: try node.flag("exclusive"), isReversed: try node.flag("reverse"))
  }
  func write(to node: inout NodeWriter) {
    if isExclusive { node.set("exclusive", true) }
    if isReversed { node.set("reverse", true) }
  }
  var opset: Int { 11 }
}

extension Op.NonZero: PlainONNXOperator {
  static var outputType: ElementType? { .int64 }
  var opset: Int { 9 }
}

extension Op.GridSample: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    let word = try node.string("mode") ?? (node.opset < 20 ? "bilinear" : "linear")
    // Operator set 20 gave the modes other names.
    guard let mode = Mode(rawValue: word == "bilinear" ? "linear" : word) else {
      throw EspalierError("attribute 'mode' is '\(word)'", accepted: "linear (bilinear), nearest")
    }
    self.init(
      mode: mode, padding: try node.choice("padding_mode", default: .zeros), alignsCorners: try node.flag("align_corners"))
  }
  func write(to node: inout NodeWriter) {
    node.set("mode", mode == .linear && node.opset < 20 ? "bilinear" : mode.rawValue)
    node.set("padding_mode", padding.rawValue)
    node.set("align_corners", alignsCorners)
  }
  var opset: Int { 16 }
}
