import Files
import Storage
import Tensors

/// Masks in an HDF5 file: `concepts` uint8 [N, concepts, H, W], where pixels other than 0 belong, with the texts `concept_names`
/// and `concept_categories`, one a concept each; without the latter all are of one category `concept`.
///
/// Masks are taken as they are, and read image by image. Row n belongs to image n of the data set.
public struct HDF5Concepts: ConceptSource {
  public let vocabulary: ConceptVocabulary
  private let path: String
  private let masks: HDF5Dataset
  private let shape: Shape
  private let positions: [Int]

  /// The bytes of one image's masks that are still read.
  static let mostBytes = 1 << 28

  /// Opens a file.
  ///
  /// - Throws: `EspalierError` if something is missing or does not fit.
  public init(_ path: String, for dataset: Subset) throws {
    let file = try HDF5File.open(path)
    masks = try file.dataset("concepts")
    shape = try masks.shape()
    self.path = path
    guard shape.rank == 4, masks.elementType.isNumeric else {
      throw EspalierError(
        "holds \(masks.elementType.rawValue) of shape \(shape)", file: path, location: "/concepts",
        accepted: "uint8 N×concepts×H×W")
    }
    let (count, height, width) = (shape[1], shape[2], shape[3])
    guard count > 0, height > 0, width > 0 else {
      throw EspalierError("has shape \(shape): no masks", file: path, location: "/concepts", accepted: "N×concepts×H×W")
    }
    let (area, isTooWide) = height.multipliedReportingOverflow(by: width)
    let (bytes, isTooMany) = area.multipliedReportingOverflow(by: count)
    guard !isTooWide, !isTooMany, bytes <= HDF5Concepts.mostBytes else {
      throw EspalierError(
        "has shape \(shape): the masks of one image do not fit in memory", file: path, location: "/concepts",
        accepted: "at most \(HDF5Concepts.mostBytes >> 20) MiB an image")
    }
    func texts(_ name: String) throws -> [String]? {
      guard file.exists(name) else { return nil }
      let texts = try file.dataset(name).readTexts()
      guard texts.count == count else {
        throw EspalierError(
          "holds \(texts.count) texts for \(count) concepts", file: path, location: "/\(name)", accepted: "one a concept")
      }
      return texts
    }
    let names = try texts("concept_names") ?? (0..<count).map { "\($0)" }
    let ofConcepts = try texts("concept_categories") ?? [String](repeating: "concept", count: count)
    var categories: [String] = []
    for category in ofConcepts where !categories.contains(category) { categories.append(category) }
    vocabulary = ConceptVocabulary(
      categories: categories,
      concepts: zip(names, ofConcepts).map { Concept(name: $0, category: categories.firstIndex(of: $1)!) })
    positions = dataset.indices
    if let beyond = positions.first(where: { $0 >= shape[0] }) {
      throw EspalierError(
        "holds masks for \(shape[0]) images, none for image \(beyond)", file: path, location: "/concepts",
        accepted: "a row for every image of --data")
    }
  }

  public func masks(_ index: Int) throws -> ConceptMasks {
    let row: Tensor<UInt8> = try masks.read(rows: positions[index]..<positions[index] + 1)
    let (height, width) = (shape[2], shape[3])
    var entries: [ConceptMasks.Entry] = []
    for concept in 0..<shape[1] {
      var mask = BitMask(height: height, width: width)
      let start = concept * height * width
      var isEmpty = true
      for position in 0..<height * width where row.elements[start + position] != 0 {
        mask[position / width, position % width] = true
        isEmpty = false
      }
      if !isEmpty { entries.append(ConceptMasks.Entry(concept: concept, mask: mask)) }
    }
    return ConceptMasks(height: height, width: width, entries: entries, vocabulary: vocabulary)
  }

  public func digest() throws -> String { try SHA256.hexadecimal(ofFile: path) }
}
