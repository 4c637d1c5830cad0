internal import CHDF5
import Tensors

/// What one element of a dataset or attribute is in the file.
public enum HDF5ElementType: String, Hashable, Sendable, CaseIterable {
  /// IEEE half precision; read and written as `Float`.
  case float16
  case float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  /// Text, of fixed or variable length.
  case string
  /// Anything else: compound, reference, …
  case other

  /// Whether elements can be read as numbers.
  public var isNumeric: Bool { self != .string && self != .other }

  /// Bytes of one element; 0 where that is not fixed.
  public var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .float16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    case .string, .other: 0
    }
  }
}

/// A Swift number that HDF5 can read into and write from.
///
/// Numbers are converted between the file's type and this one.
public protocol HDF5Scalar: Sendable, BitwiseCopyable {
  /// The type in the file that holds it exactly.
  static var elementType: HDF5ElementType { get }
}

extension Float16: HDF5Scalar {
  /// `float16`.
  public static var elementType: HDF5ElementType { .float16 }
}
extension Float: HDF5Scalar {
  /// `float32`.
  public static var elementType: HDF5ElementType { .float32 }
}
extension Double: HDF5Scalar {
  /// `float64`.
  public static var elementType: HDF5ElementType { .float64 }
}
extension Int: HDF5Scalar {
  /// `int64`.
  public static var elementType: HDF5ElementType { .int64 }
}
extension Int64: HDF5Scalar {
  /// `int64`.
  public static var elementType: HDF5ElementType { .int64 }
}
extension UInt8: HDF5Scalar {
  /// `uint8`.
  public static var elementType: HDF5ElementType { .uint8 }
}
extension UInt16: HDF5Scalar {
  /// `uint16`.
  public static var elementType: HDF5ElementType { .uint16 }
}
extension UInt32: HDF5Scalar {
  /// `uint32`.
  public static var elementType: HDF5ElementType { .uint32 }
}

extension HDF5ElementType {
  /// A type identifier of the library's for numbers.
  ///
  /// Runs under the library's lock.
  func makeType() throws -> HDF5Handle {
    let standard: hid_t =
      switch self {
      case .float16: shim_H5T_IEEE_F32LE()
      case .float32: shim_H5T_NATIVE_FLOAT()
      case .float64: shim_H5T_NATIVE_DOUBLE()
      case .int8: shim_H5T_NATIVE_INT8()
      case .int16: shim_H5T_NATIVE_INT16()
      case .int32: shim_H5T_NATIVE_INT32()
      case .int64: shim_H5T_NATIVE_INT64()
      case .uint8: shim_H5T_NATIVE_UINT8()
      case .uint16: shim_H5T_NATIVE_UINT16()
      case .uint32: shim_H5T_NATIVE_UINT32()
      case .uint64: shim_H5T_NATIVE_UINT64()
      case .string, .other: throw EspalierError("\(rawValue) is not a type of numbers")
      }
    let type = try HDF5Handle(H5Tcopy(standard), "cannot make type \(rawValue)")
    if self == .float16 {
      // Sign in bit 15, five bits of exponent from bit 10, ten of mantissa: the type that h5py knows as float16.
      try HDF5Library.check(H5Tset_fields(type.id, 15, 10, 5, 0, 10), "cannot make type float16")
      try HDF5Library.check(H5Tset_size(type.id, 2), "cannot make type float16")
      try HDF5Library.check(H5Tset_ebias(type.id, 15), "cannot make type float16")
    }
    return type
  }

  /// What a type of the file's is.
  ///
  /// Runs under the library's lock.
  init(of type: HDF5Handle) {
    let size = H5Tget_size(type.id)
    switch H5Tget_class(type.id) {
    case H5T_STRING: self = .string
    case H5T_FLOAT where !HDF5ElementType.hasItsBits(type): self = .other
    case H5T_FLOAT: self = [2: .float16, 4: .float32, 8: .float64][size] ?? .other
    case H5T_INTEGER, H5T_ENUM:
      let signed: [Int: HDF5ElementType] = [1: .int8, 2: .int16, 4: .int32, 8: .int64]
      let unsigned: [Int: HDF5ElementType] = [1: .uint8, 2: .uint16, 4: .uint32, 8: .uint64]
      // An enumeration (h5py's booleans) is read as the numbers behind its names.
      self = (H5Tget_sign(type.id) == H5T_SGN_NONE ? unsigned : signed)[size] ?? .other
    default: self = .other
    }
  }

  /// Whether the parts of a floating-point number lie within it; the library converts whatever they claim.
  private static func hasItsBits(_ type: HDF5Handle) -> Bool {
    var (sign, exponent, exponentSize, mantissa, mantissaSize) = (0, 0, 0, 0, 0)
    guard H5Tget_fields(type.id, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize) >= 0 else { return false }
    let bits = 8 * H5Tget_size(type.id)
    let offset = Int(H5Tget_offset(type.id))
    return offset >= 0 && offset + H5Tget_precision(type.id) <= bits
      && [sign + 1, exponent + exponentSize, mantissa + mantissaSize].allSatisfy { offset + $0 <= bits }
  }
}
