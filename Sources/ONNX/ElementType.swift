internal import Tensors

/// The types of elements that can be read, under ONNX's numbers.
enum ElementType: Int32, CaseIterable {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, double, uint32, uint64
  case bfloat16 = 16

  /// Whether elements become `Float`; the others become `Int64`.
  var isFloat: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  /// The type of a number in a file.
  ///
  /// - Throws: `EspalierError` naming the type, if it cannot be read.
  init(_ number: Int32) throws {
    guard let type = ElementType(rawValue: number) else {
      let name = Onnx_TensorProto.DataType(rawValue: Int(number)).map { "\($0)" } ?? "number \(number)"
      throw EspalierError(
        "element type \(name) is not supported", accepted: ElementType.allCases.map { "\($0)" }.joined(separator: ", "))
    }
    self = type
  }
}
