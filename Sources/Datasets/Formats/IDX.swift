import Files
import Foundation
import Images
import Synchronization
import Tensors

/// The pair of IDX files that MNIST and its kin come as: images [N, H, W] or [N, H, W, C] and labels [N], unsigned bytes, plain
/// or gzip.
///
/// Held in memory.
public struct IDXDataset: Dataset {
  public let classNames: [String]?
  private let pixels: Tensor<UInt8>
  private let labels: [UInt8]
  private let paths: (images: String, labels: String)
  private let memory = Memory()

  /// The digest once it is known, shared by all copies.
  private final class Memory: Sendable {
    private let digest = Mutex<String?>(nil)

    func withLock(_ body: (inout sending String?) -> String) -> String { digest.withLock { body(&$0) } }
  }

  /// Reads both files.
  ///
  /// - Throws: `EspalierError` naming the file if it is missing, damaged, of another type, or of another length than its
  ///   header says; if the files have different numbers of samples.
  public init(images: String, labels: String, classNames: [String]? = nil) throws {
    // Both headers are compared before the elements are unpacked.
    let shape = try IDXDataset.shape(images)
    guard shape.rank == 3 || shape.rank == 4 && [1, 3].contains(shape[3]), shape.dimensions.dropFirst().allSatisfy({ $0 > 0 })
    else {
      throw EspalierError("holds shape \(shape)", file: images, accepted: "images, N×H×W or N×H×W×C with 1 or 3 channels")
    }
    let labelShape = try IDXDataset.shape(labels)
    guard labelShape.rank == 1 else { throw EspalierError("holds shape \(labelShape)", file: labels, accepted: "labels, N") }
    guard labelShape.count == shape[0] else {
      throw EspalierError("holds \(labelShape.count) labels, but \(images) \(shape[0]) images", file: labels)
    }
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard shape.count <= memory / 2 else {
      throw EspalierError(
        "holds \(shape.count) bytes of images", file: images, accepted: "at most half the machine's memory, \(memory / 2)")
    }
    self.labels = try IDXDataset.read(labels).elements
    pixels = try IDXDataset.read(images)
    self.classNames = classNames
    paths = (images, labels)
  }

  public var count: Int { labels.count }
  public var isOfOneSize: Bool { true }

  public var description: String {
    "\(count) images of \(pixels.shape.dimensions.dropFirst().map(String.init).joined(separator: "×")) from \(paths.images)"
  }

  public func labels(_ index: Int) -> [Int] { [Int(labels[index])] }

  public func sample(_ index: Int) -> Sample {
    let stored = pixels.rows(index..<index + 1)
    let shape = stored.shape
    let image = Image(pixels: stored.reshaped([shape[1], shape[2], shape.rank == 4 ? shape[3] : 1]))
    return Sample(content: .image(image), labels: labels(index), name: "image \(index)")
  }

  public func digest() -> String {
    memory.withLock { known in
      if let known { return known }
      let digest = computedDigest()
      known = digest
      return digest
    }
  }

  private func computedDigest() -> String {
    var hash = SHA256()
    hash.update(line: "idx \(pixels.shape)")
    hash.update(pixels.elements)
    hash.update(labels)
    return hash.hexadecimal
  }

  /// The unsigned bytes of one IDX file.
  ///
  /// The format: two zero bytes, a type (8 for unsigned bytes), the number of axes, their lengths as big-endian 32-bit
  /// numbers, the elements.
  static func read(_ path: String) throws -> Tensor<UInt8> {
    try naming(file: path) {
      let reader = try GzipReader(path)
      let shape = try header(reader)
      let elements = try reader.read(upTo: shape.count)
      guard elements.count == shape.count else {
        throw EspalierError("ends after \(elements.count) elements of shape \(shape)")
      }
      try reader.expectEnd()
      return Tensor(elements, shape: shape)
    }
  }

  /// The shape that a file's header tells.
  private static func shape(_ path: String) throws -> Shape {
    try naming(file: path) { try header(GzipReader(path)) }
  }

  private static func header(_ reader: borrowing GzipReader) throws -> Shape {
    let magic = try reader.read(upTo: 4)
    guard magic.count == 4, magic[0] == 0, magic[1] == 0 else { throw EspalierError("is not an IDX file") }
    guard magic[2] == 8, 1...4 ~= magic[3] else {
      throw EspalierError("has type \(magic[2]) and \(magic[3]) axes", accepted: "type 8, unsigned bytes, with 1 to 4 axes")
    }
    let lengths = try reader.read(upTo: 4 * Int(magic[3]))
    guard lengths.count == 4 * Int(magic[3]) else { throw EspalierError("ends within its header") }
    let shape = try Shape(
      validating: stride(from: 0, to: lengths.count, by: 4).map { start in
        lengths[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      })
    guard shape.count <= reader.largestSize else { throw EspalierError("claims shape \(shape), more than it can hold") }
    return shape
  }
}
