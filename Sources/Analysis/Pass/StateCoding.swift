import Foundation
import Tensors

/// Collects the state of accumulators as bytes, little-endian, or hands them on piece by piece.
public struct StateEncoder: Sendable {
  /// What was appended and not handed on.
  public private(set) var bytes = Data()
  private let sink: (@Sendable (Data) throws -> Void)?
  private var failure: (any Error)?

  private static let piece = 1 << 20

  /// Makes an empty encoder that keeps all bytes.
  public init() { sink = nil }

  /// Makes an encoder that hands bytes on, about a mebibyte at a time.
  ///
  /// - Parameter sink: stores the next bytes; ``finish()`` throws what it throws.
  public init(sink: @escaping @Sendable (Data) throws -> Void) { self.sink = sink }

  /// Appends an integer.
  public mutating func append(_ value: Int) { append([Int64(value)]) }

  /// Appends numbers behind their count.
  public mutating func append<Number: BitwiseCopyable>(_ values: [Number]) {
    withUnsafeBytes(of: Int64(values.count).littleEndian) { bytes.append(contentsOf: $0) }
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    if sink != nil, bytes.count >= StateEncoder.piece { handOn() }
  }

  /// Hands on what is left.
  ///
  /// - Throws: what the sink has thrown.
  public mutating func finish() throws {
    if sink != nil { handOn() }
    if let failure { throw failure }
  }

  private mutating func handOn() {
    defer { bytes.removeAll(keepingCapacity: true) }
    guard let sink, failure == nil else { return }
    do { try sink(bytes) } catch { failure = error }
  }
}

/// Reads the state of accumulators back.
public struct StateDecoder: Sendable {
  private let bytes: Data
  private var position: Int

  /// Reads from the start.
  public init(_ bytes: Data) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Whether all has been read.
  public var isAtEnd: Bool { position == bytes.endIndex }

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
    guard header >= 0, count.map({ $0 == header }) ?? true,
      header <= (bytes.endIndex - position) / max(MemoryLayout<Number>.size, 1)
    else { throw StateDecoder.damage }
    let part = try take(Int(header) * MemoryLayout<Number>.stride)
    return [Number](unsafeUninitializedCapacity: Int(header)) { buffer, initialized in
      part.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = Int(header)
    }
  }

  private mutating func take(_ count: Int) throws -> Data {
    guard count <= bytes.endIndex - position else { throw StateDecoder.damage }
    defer { position += count }
    return bytes[position..<position + count]
  }

  private static let damage = EspalierError("the saved state of a pass is damaged", accepted: "a state of the same pass")
}
