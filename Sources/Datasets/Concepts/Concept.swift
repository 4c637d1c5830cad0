/// Something that pixels can be part of: an object, a colour, a class.
public struct Concept: Hashable, Sendable {
  /// Its name.
  public var name: String
  /// The position of its category among ``ConceptVocabulary/categories``.
  public var category: Int

  /// Makes a concept.
  public init(name: String, category: Int) {
    self.name = name
    self.category = category
  }
}

/// All concepts of an annotated data set.
public struct ConceptVocabulary: Hashable, Sendable {
  /// The names of the categories.
  public var categories: [String]
  /// The concepts.
  public var concepts: [Concept]

  /// Makes a vocabulary.
  ///
  /// - Precondition: every concept's category exists.
  public init(categories: [String], concepts: [Concept]) {
    precondition(concepts.allSatisfy { categories.indices.contains($0.category) }, "a concept without category")
    self.categories = categories
    self.concepts = concepts
  }
}

/// Which pixels of one image belong to which concept.
public struct ConceptMasks: Hashable, Sendable {
  /// The pixels of one concept.
  public struct Entry: Hashable, Sendable {
    /// The concept's position in the vocabulary.
    public var concept: Int
    /// Its pixels, at least one.
    public var mask: BitMask

    /// Makes an entry.
    public init(concept: Int, mask: BitMask) {
      self.concept = concept
      self.mask = mask
    }
  }

  /// The number of rows and columns of every mask.
  public var height: Int, width: Int
  /// The concepts that the image shows, by rising position in the vocabulary; one without pixels has no entry.
  public var entries: [Entry]
  /// The categories that the image is annotated for, rising: those of its entries.
  public var categories: [Int]

  /// Makes the masks of an image, with the categories of its entries.
  ///
  /// - Precondition: every mask has the size.
  public init(height: Int, width: Int, entries: [Entry], vocabulary: ConceptVocabulary) {
    precondition(entries.allSatisfy { $0.mask.height == height && $0.mask.width == width }, "masks of several sizes")
    self.height = height
    self.width = width
    self.entries = entries.sorted { $0.concept < $1.concept }
    categories = Set(entries.map { vocabulary.concepts[$0.concept].category }).sorted()
  }
}

/// Where the masks of a data set's images come from.
public protocol ConceptSource: Sendable {
  /// The concepts.
  var vocabulary: ConceptVocabulary { get }

  /// The masks of an image, read now, on the calling thread.
  ///
  /// - Parameter index: the image's position in the data set that the source was opened for.
  /// - Throws: `EspalierError` naming the image if its masks are missing, damaged or of a wrong size.
  func masks(_ index: Int) throws -> ConceptMasks

  /// A digest (SHA-256, hexadecimal) of what the masks are, for provenance.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  func digest() throws -> String
}
