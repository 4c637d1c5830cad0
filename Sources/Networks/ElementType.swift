/// The types of elements that a file may hold, under ONNX's numbers.
///
/// A network is computed in float32 and int64, whatever its file holds.
public enum ElementType: Int32, CaseIterable, Hashable, Sendable {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, double, uint32, uint64
  case bfloat16 = 16

  /// Whether elements become `Float`; the others become `Int64`.
  public var isFloat: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  /// The bytes of an element.
  public var size: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64: 8
    }
  }

  /// The greatest share by which storing a number in the type changes it, for types of floating-point numbers narrower than
  /// float32; 0 for others.
  public var rounding: Double {
    switch self {
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    default: 0
    }
  }
}
