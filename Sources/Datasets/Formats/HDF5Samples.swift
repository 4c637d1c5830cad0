import Files
import Storage
import Tensors

/// An HDF5 file with `data` [N, C, H, W] and optionally `label`: [N] integers, or [N, K] with a non-zero entry for each label
/// that is right.
///
/// Samples are taken as they are; other datasets in the file are ignored.
public struct HDF5Samples: Dataset {
  public let count: Int
  public let classNames: [String]?
  private let file: String
  private let data: HDF5Dataset
  private let shape: Shape
  private let labels: [[Int]]?

  /// Opens a file and reads its labels.
  ///
  /// - Throws: `EspalierError` if the file or `data` is missing, or the shapes do not fit.
  public init(_ path: String, classNames: [String]? = nil) throws {
    let file = try HDF5File.open(path)
    data = try file.dataset("data")
    shape = try data.shape()
    guard shape.rank == 4, data.elementType.isNumeric else {
      throw EspalierError(
        "holds \(data.elementType.rawValue) of shape \(shape)", file: path, place: "/data", accepted: "numbers N×C×H×W")
    }
    labels = file.exists("label") ? try HDF5Samples.labels(file.dataset("label"), of: path) : nil
    if let labels, labels.count != shape[0] {
      throw EspalierError("holds \(labels.count) labels, but data \(shape[0]) samples", file: path, place: "/label")
    }
    count = shape[0]
    self.file = path
    self.classNames = classNames
  }

  private static func labels(_ dataset: HDF5Dataset, of path: String) throws -> [[Int]] {
    let rank = try dataset.shape().rank
    if rank == 1 && [.float16, .float32, .float64].contains(dataset.elementType) {
      throw EspalierError("holds \(dataset.elementType.rawValue)", file: path, place: "/label", accepted: "integers, or N×K")
    }
    let table: Tensor<Int> = try dataset.read()
    switch table.shape.rank {
    case 1: return table.elements.map { [$0] }
    case 2:
      return (0..<table.shape[0]).map { row in (0..<table.shape[1]).filter { table[row, $0] != 0 } }
    default: throw EspalierError("has shape \(table.shape)", file: path, place: "/label", accepted: "N, or N×K")
    }
  }

  public var description: String {
    "\(count) samples of \(shape.dimensions.dropFirst().map(String.init).joined(separator: "×")) from \(file)"
  }

  public func labels(_ index: Int) -> [Int] { labels?[index] ?? [] }

  public func sample(_ index: Int) throws -> Sample {
    let row: Tensor<Float> = try data.read(rows: index..<index + 1)
    guard row.elements.allSatisfy(\.isFinite) else {
      throw EspalierError("row \(index) holds NaN or infinity", file: file, place: "/data", accepted: "finite numbers")
    }
    return Sample(
      content: .tensor(row.reshaped(Shape(Array(shape.dimensions.dropFirst())))), labels: labels(index), name: "row \(index)")
  }

  public func digest() throws -> String { try SHA256.hexadecimal(ofFile: file) }
}
