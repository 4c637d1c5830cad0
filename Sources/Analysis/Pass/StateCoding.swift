import Foundation
import Tensors

/// Collects the state of accumulators as bytes, little-endian.
public struct StateEncoder: Sendable {
  /// What was appended.
  public private(set) var bytes = Data()

  /// Makes an empty encoder.
  public init() {}

  /// Appends an integer.
  public mutating func append(_ value: Int) { append([Int64(value)]) }

  /// Appends numbers behind their count.
  public mutating func append<Number: BitwiseCopyable>(_ values: [Number]) {
    withUnsafeBytes(of: Int64(values.count).littleEndian) { bytes.append(contentsOf: $0) }
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }
}

/// Reads the state of accumulators back.
public struct StateDecoder: Sendable {
  private let bytes: Data
  private var place: Int

  /// Reads from the start.
  public init(_ bytes: Data) {
    self.bytes = bytes
    place = bytes.startIndex
  }

  /// Whether all has been read.
  public var isAtEnd: Bool { place == bytes.endIndex }

  /// Reads an integer.
  ///
  /// - Throws: `EspalierError` if there is none.
  public mutating func integer() throws -> Int { Int(try array(of: Int64.self, count: 1)[0]) }

  /// Reads numbers.
  ///
  /// - Parameter count: how many there must be; nil for any number.
  /// - Throws: `EspalierError` if there are not as many.
  public mutating func array<Number: BitwiseCopyable>(of type: Number.Type, count: Int? = nil) throws -> [Number] {
    let header = try take(8).withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    guard header >= 0, count.map({ $0 == header }) ?? true, header <= (bytes.endIndex - place) / max(MemoryLayout<Number>.size, 1)
    else { throw StateDecoder.damage }
    let part = try take(Int(header) * MemoryLayout<Number>.stride)
    return [Number](unsafeUninitializedCapacity: Int(header)) { buffer, initialized in
      part.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = Int(header)
    }
  }

  private mutating func take(_ count: Int) throws -> Data {
    guard count <= bytes.endIndex - place else { throw StateDecoder.damage }
    defer { place += count }
    return bytes[place..<place + count]
  }

  private static let damage = EspalierError("the saved state of a pass is damaged", accepted: "a state of the same pass")
}
