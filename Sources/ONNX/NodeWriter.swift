internal import Foundation
internal import Networks

/// A node on its way to a file: gathers the attributes of an operator.
struct NodeWriter {
  /// How many values the node reads.
  let inputCount: Int
  /// How many values it defines.
  let outputCount: Int
  /// The attributes so far.
  private(set) var attributes: [Onnx_AttributeProto] = []

  /// Starts without attributes.
  init(inputCount: Int, outputCount: Int) {
    self.inputCount = inputCount
    self.outputCount = outputCount
  }

  private mutating func add(
    _ name: String, _ type: Onnx_AttributeProto.AttributeType, _ fill: (inout Onnx_AttributeProto) -> Void
  ) {
    var attribute = Onnx_AttributeProto()
    attribute.name = name
    attribute.type = type
    fill(&attribute)
    attributes.append(attribute)
  }

  /// Sets a whole number.
  mutating func set(_ name: String, _ value: Int) { add(name, .int) { $0.i = Int64(value) } }

  /// Sets zero or one.
  mutating func set(_ name: String, _ value: Bool) { set(name, value ? 1 : 0) }

  /// Sets whole numbers; nothing for none, which means the default.
  mutating func set(_ name: String, _ values: [Int]) {
    if !values.isEmpty { add(name, .ints) { $0.ints = values.map(Int64.init) } }
  }

  /// Sets a number.
  mutating func set(_ name: String, _ value: Float) { add(name, .float) { $0.f = value } }

  /// Sets a word.
  mutating func set(_ name: String, _ value: String) { add(name, .string) { $0.s = Data(value.utf8) } }

  /// Sets a tensor.
  mutating func set(_ name: String, _ value: Constant) {
    add(name, .tensor) { attribute in
      attribute.t = value.header
      attribute.t.rawData = value.withRawBytes { Data($0) }
    }
  }
}

extension Constant {
  /// The tensor's type and shape, without its data.
  var header: Onnx_TensorProto {
    var tensor = Onnx_TensorProto()
    tensor.dims = shape.dimensions.map(Int64.init)
    switch self {
    case .float: tensor.dataType = ElementType.float.rawValue
    case .int64: tensor.dataType = ElementType.int64.rawValue
    }
    return tensor
  }

  /// The elements as they lie in memory: little-endian, as in the file.
  func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch self {
    case .float(let tensor): try tensor.elements.withUnsafeBytes(body)
    case .int64(let tensor): try tensor.elements.withUnsafeBytes(body)
    }
  }
}
