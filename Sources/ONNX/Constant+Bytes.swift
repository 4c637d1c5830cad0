internal import Foundation
internal import Networks
internal import Tensors

extension Constant {
  /// A type if the elements can have it, else the one that they are computed in.
  func type(near wish: ElementType?) -> ElementType {
    let own: ElementType = floats == nil ? .int64 : .float
    guard let wish, wish.isFloat == own.isFloat else { return own }
    return wish
  }

  /// The tensor's type and shape, without its data.
  func header(_ type: ElementType) -> Onnx_TensorProto {
    var tensor = Onnx_TensorProto()
    tensor.dims = shape.dimensions.map(Int64.init)
    tensor.dataType = type.rawValue
    return tensor
  }

  /// The elements in a type, little-endian, as in a file.
  ///
  /// - Throws: `EspalierError` if a number is beyond the type.
  func bytes(as type: ElementType) throws -> Data {
    switch self {
    case .float(let tensor):
      switch type {
      case .float16:
        return try tensor.elements.packed(type) { value in
          let half = Float16(value)
          return half.isFinite || !value.isFinite ? half.bitPattern : nil
        }
      case .bfloat16:
        return try tensor.elements.packed(type) { value in
          let brain = value.brainBits
          return value.isFinite && brain & 0x7FFF == 0x7F80 ? nil : brain
        }
      case .double: return try tensor.elements.packed(type) { Double($0) }
      default: return tensor.elements.withUnsafeBytes { Data($0) }
      }
    case .int64(let tensor):
      switch type {
      case .int32: return try tensor.elements.packed(type) { Int32(exactly: $0) }
      case .int16: return try tensor.elements.packed(type) { Int16(exactly: $0) }
      case .int8: return try tensor.elements.packed(type) { Int8(exactly: $0) }
      case .uint64: return try tensor.elements.packed(type) { UInt64(exactly: $0) }
      case .uint32: return try tensor.elements.packed(type) { UInt32(exactly: $0) }
      case .uint16: return try tensor.elements.packed(type) { UInt16(exactly: $0) }
      case .uint8, .bool: return try tensor.elements.packed(type) { UInt8(exactly: $0) }
      default: return tensor.elements.withUnsafeBytes { Data($0) }
      }
    }
  }

  /// The elements as they lie in memory.
  func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch self {
    case .float(let tensor): try tensor.elements.withUnsafeBytes(body)
    case .int64(let tensor): try tensor.elements.withUnsafeBytes(body)
    }
  }
}

extension Array {
  /// The elements in another form, one after the other.
  fileprivate func packed<Stored: BitwiseCopyable>(_ type: ElementType, _ convert: (Element) -> Stored?) throws -> Data {
    var data = Data(capacity: count * MemoryLayout<Stored>.size)
    for element in self {
      guard let stored = convert(element) else { throw EspalierError("\(element) is beyond what \(type) holds") }
      Swift.withUnsafeBytes(of: stored) { data.append(contentsOf: $0) }
    }
    return data
  }
}

extension Float {
  /// The nearest bfloat16's bit pattern, ties to even.
  fileprivate var brainBits: UInt16 {
    if isNaN { return UInt16(bitPattern >> 16) | 0x40 }
    return UInt16((bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)) >> 16)
  }
}
