import Images
import Tensors

/// Images with their labels, read one at a time, from any thread.
public protocol Dataset: Sendable {
  /// The number of samples.
  var count: Int { get }
  /// The name of each class; nil if the data has none.
  var classNames: [String]? { get }
  /// What the data is, for logs: where it lies and what a sample looks like.
  var description: String { get }

  /// Whether all samples are known to have one size.
  var isOfOneSize: Bool { get }

  /// The labels that are right for a sample; empty if it has none.
  ///
  /// - Throws: `EspalierError` if they cannot be read.
  func labels(_ index: Int) throws -> [Int]

  /// What a person should know of how the data were read, a line each: what was left out, what was taken for what.
  var notes: [String] { get }

  /// A sample's name for messages.
  func name(_ index: Int) -> String

  /// A sample, decoded now.
  ///
  /// - Throws: `EspalierError` naming the file and the sample if it is damaged.
  func sample(_ index: Int) throws -> Sample

  /// The class of each of a sample's pixels; nil where the data do not say so.
  ///
  /// - Throws: `EspalierError` naming the file and the sample if it is damaged.
  func pixelLabels(_ index: Int) throws -> PixelLabels?

  /// The numbers that are right for a sample; nil where the data do not say so.
  ///
  /// - Throws: `EspalierError` if they cannot be read.
  func values(_ index: Int) throws -> [Float]?

  /// The class whose relevance is to be computed of a sample, where the data say so beside the label; nil where they do not.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  func target(_ index: Int) throws -> Int?

  /// A digest (SHA-256, hexadecimal) of what the data holds, for provenance.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  func digest() throws -> String

  /// What ``digest()`` is of, line by line, where samples are files of their own: the lines of some of them, so that several
  /// machines can read some each; nil for other data.
  ///
  /// - Throws: `EspalierError` if a file cannot be read.
  func digestLines(_ samples: Range<Int>) throws -> [String]?

  /// A digest of the samples' names and labels alone, where ``digestLines(_:)`` has lines; nil for other data.
  var listDigest: String? { get }
}

extension Dataset {
  public var notes: [String] { [] }
  public func name(_ index: Int) -> String { "image \(index)" }
  public var isOfOneSize: Bool { false }

  public func digestLines(_ samples: Range<Int>) throws -> [String]? { nil }
  public var listDigest: String? { nil }
  public func target(_ index: Int) throws -> Int? { nil }
  public func pixelLabels(_ index: Int) throws -> PixelLabels? { nil }
  public func values(_ index: Int) throws -> [Float]? { nil }
}

/// One sample of a data set.
public struct Sample: Sendable {
  /// What a network is to see.
  public enum Content: Sendable {
    /// An image, still to be preprocessed.
    case image(Image)
    /// A tensor [C, H, W] that is taken as it is.
    case tensor(Tensor<Float>)
  }

  /// What the network is to see.
  public var content: Content
  /// The labels that are right; empty if unknown.
  public var labels: [Int]
  /// The object's mask as an image of the sample's size, where there is one.
  public var mask: Image?
  /// A name for reports: the image's path, or its position in a file.
  public var name: String

  /// Makes a sample.
  public init(content: Content, labels: [Int], mask: Image? = nil, name: String) {
    self.content = content
    self.labels = labels
    self.mask = mask
    self.name = name
  }
}
