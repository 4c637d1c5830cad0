import Images
import Tensors

/// The concepts of data whose classes are the concepts: one a class, in one category `class`.
struct ClassVocabulary: Sendable {
  let vocabulary: ConceptVocabulary

  init(_ dataset: Subset) throws {
    var most = -1
    for index in 0..<dataset.count { most = max(most, try dataset.labels(index).max() ?? -1) }
    guard most >= 0 else {
      throw EspalierError(
        "the images have no labels, which are the names of the concepts", location: "--concepts", accepted: "labelled images")
    }
    let names = dataset.classNames ?? []
    vocabulary = ConceptVocabulary(
      categories: ["class"],
      concepts: (0...max(most, names.count - 1)).map { Concept(name: $0 < names.count ? names[$0] : "\($0)", category: 0) })
  }

  func masks(_ mask: BitMask, labels: [Int]) -> ConceptMasks {
    let entries = mask.count > 0 ? labels.prefix(1).map { ConceptMasks.Entry(concept: $0, mask: mask) } : []
    return ConceptMasks(height: mask.height, width: mask.width, entries: Array(entries), vocabulary: vocabulary)
  }
}

/// Pixels above a raw value are the concept of the image's class: for images of single things on black.
public struct ForegroundConcepts: ConceptSource {
  public var vocabulary: ConceptVocabulary { classes.vocabulary }
  private let classes: ClassVocabulary
  private let dataset: Subset
  private let preprocessing: Preprocessing
  private let threshold: UInt8

  /// Opens the masks of labelled images.
  ///
  /// - Throws: `EspalierError` if they have no labels, or the first is no image.
  public init(_ dataset: Subset, preprocessing: Preprocessing, threshold: UInt8) throws {
    classes = try ClassVocabulary(dataset)
    self.dataset = dataset
    self.preprocessing = preprocessing
    self.threshold = threshold
    _ = try masks(0)
  }

  public func masks(_ index: Int) throws -> ConceptMasks {
    let sample = try dataset.sample(index)
    guard case .image(let image) = sample.content else {
      throw EspalierError("is a tensor, without raw values", location: sample.name, accepted: "images for --concepts foreground")
    }
    let grey = try naming(location: sample.name) { try preprocessing.fitted(image).grey }
    return classes.masks(BitMask(grey, above: threshold), labels: sample.labels)
  }

  public func digest() throws -> String { "foreground:\(threshold) of \(try dataset.digest())" }
}

/// Opaque pixels are the concept of the image's class: for PNG cut-outs.
///
/// A mask file beside an image counts like its alpha.
public struct AlphaConcepts: ConceptSource {
  public var vocabulary: ConceptVocabulary { classes.vocabulary }
  private let classes: ClassVocabulary
  private let dataset: Subset
  private let preprocessing: Preprocessing

  /// Opens the masks of labelled images.
  ///
  /// - Throws: `EspalierError` if they have no labels, or the first no transparency.
  public init(_ dataset: Subset, preprocessing: Preprocessing) throws {
    classes = try ClassVocabulary(dataset)
    self.dataset = dataset
    self.preprocessing = preprocessing
    _ = try masks(0)
  }

  public func masks(_ index: Int) throws -> ConceptMasks {
    let sample = try dataset.sample(index)
    guard case .image = sample.content, let mask = sample.mask else {
      throw EspalierError(
        "has no transparency", location: sample.name, accepted: "PNG cut-outs with an alpha channel, or a csv with masks")
    }
    let size = try naming(location: sample.name) { try preprocessing.fitted(mask.grey, interpolation: .nearest) }
    let empty = BitMask(height: size.height, width: size.width)
    return classes.masks(try preprocessing.fittedMask(mask) ?? empty, labels: sample.labels)
  }

  public func digest() throws -> String { "alpha of \(try dataset.digest())" }
}
