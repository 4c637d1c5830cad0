internal import Foundation
internal import Networks
internal import Tensors

/// Turns the tensors of one file into constants.
struct TensorReader {
  private let external: ExternalData
  private let allowsNaN: Bool

  /// Makes a reader.
  ///
  /// - Parameters:
  ///   - file: beside which data outside it are looked for.
  ///   - allowsNaN: whether elements may be NaN.
  ///   - opened: told the path of every file with data that is opened.
  init(of file: String, allowsNaN: Bool, opened: @escaping (String) -> Void = { _ in }) {
    external = ExternalData(of: file, opened: opened)
    self.allowsNaN = allowsNaN
  }

  /// The tensor as a constant.
  ///
  /// - Throws: `EspalierError` if its type is none of numbers, or its data do not fill its shape.
  func constant(_ tensor: Onnx_TensorProto) throws -> Constant {
    guard !tensor.hasSegment else { throw EspalierError("the tensor is stored in segments", accepted: "whole tensors") }
    switch try ElementType(onnx: tensor.dataType) {
    case .float: return try floats(tensor, typed: tensor.floatData) { (stored: Float) in stored }
    case .double: return try floats(tensor, typed: tensor.doubleData.map(Float.init)) { (stored: Double) in Float(stored) }
    case .float16: return try floats(tensor, typed: tensor.halves.map(Float.init(half:)), Float.init(half:))
    case .bfloat16: return try floats(tensor, typed: tensor.halves.map(Float.init(brain:)), Float.init(brain:))
    case .int64: return try integers(tensor, Int64.self, typed: tensor.int64Data)
    case .int32: return try integers(tensor, Int32.self, typed: tensor.int32Data)
    case .int16: return try integers(tensor, Int16.self, typed: tensor.int32Data)
    case .int8: return try integers(tensor, Int8.self, typed: tensor.int32Data)
    case .uint16: return try integers(tensor, UInt16.self, typed: tensor.int32Data)
    case .uint8, .bool: return try integers(tensor, UInt8.self, typed: tensor.int32Data)
    case .uint32: return try integers(tensor, UInt32.self, typed: tensor.uint64Data)
    case .uint64: return try integers(tensor, UInt64.self, typed: tensor.uint64Data)
    }
  }

  private func floats<Stored: BitwiseCopyable>(
    _ tensor: Onnx_TensorProto, typed: [Float], _ convert: (Stored) -> Float
  ) throws -> Constant {
    let result = try elements(tensor, typed: typed, convert)
    guard allowsNaN || !result.elements.contains(where: \.isNaN) else {
      throw EspalierError("the data hold NaN", accepted: "numbers")
    }
    return .float(result)
  }

  private func integers<Stored: FixedWidthInteger & BitwiseCopyable, Typed: FixedWidthInteger>(
    _ tensor: Onnx_TensorProto, _: Stored.Type, typed: [Typed]
  ) throws -> Constant {
    // Whole numbers beyond Int64 saturate: as ends of slices they mean "to the end".
    .int64(try elements(tensor, typed: typed.map { Int64(clamping: $0) }) { (stored: Stored) in Int64(clamping: stored) })
  }

  /// The elements from wherever the tensor holds them, checked against its shape before anything of its size is made.
  private func elements<Stored: BitwiseCopyable, Element>(
    _ tensor: Onnx_TensorProto, typed: [Element], _ convert: (Stored) -> Element
  ) throws -> Tensor<Element> {
    let shape = try Shape(validating: tensor.dims.map(Int.init))
    let size = shape.count * MemoryLayout<Stored>.size
    let bytes: Data
    if tensor.dataLocation == .external {
      bytes = try external.bytes(of: tensor.externalData, size: size)
    } else if tensor.hasRawData {
      bytes = tensor.rawData
    } else {
      return try Tensor(validating: typed, shape: shape)
    }
    guard bytes.count == size else {
      throw EspalierError("\(bytes.count) bytes of data do not fill shape \(shape)", accepted: "\(size) bytes")
    }
    return Tensor(bytes.elements(count: shape.count, convert), shape: shape)
  }
}

extension Onnx_TensorProto {
  /// The bit patterns of 16-bit numbers that are stored as integers.
  fileprivate var halves: [UInt16] { int32Data.map { UInt16(truncatingIfNeeded: $0) } }
}

extension Float {
  /// The number whose IEEE half-precision bit pattern is given.
  fileprivate init(half bits: UInt16) { self = Float(Float16(bitPattern: bits)) }

  /// The number whose bfloat16 bit pattern is given.
  fileprivate init(brain bits: UInt16) { self = Float(bitPattern: UInt32(bits) << 16) }
}

extension Data {
  /// Little-endian elements, converted one by one.
  fileprivate func elements<Stored: BitwiseCopyable, Element>(count: Int, _ convert: (Stored) -> Element) -> [Element] {
    withUnsafeBytes { bytes in
      [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        if Stored.self == Element.self {
          UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        } else {
          for i in 0..<count {
            let stored = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Stored>.size, as: Stored.self)
            buffer.initializeElement(at: i, to: convert(stored))
          }
        }
        initialized = count
      }
    }
  }
}
