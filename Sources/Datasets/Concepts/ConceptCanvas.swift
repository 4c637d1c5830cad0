import Images
import Tensors

/// The masks of one image while they are gathered, all of one size; what several files say of a concept is united.
struct ConceptCanvas {
  let height: Int
  let width: Int
  private var masks: [Int: BitMask] = [:]

  /// The bytes that the masks of one image may take.
  static let mostBytes = 1 << 28

  /// Makes a canvas without masks.
  init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Adds pixels to a concept.
  ///
  /// - Throws: `EspalierError` if the mask has another size, or the masks together do not fit in memory.
  mutating func add(_ mask: BitMask, to concept: Int) throws {
    guard mask.height == height, mask.width == width else {
      throw EspalierError(
        "is a mask of \(mask.width)×\(mask.height) pixels", accepted: "\(width)×\(height), as the image's others")
    }
    try makeRoom(for: concept)
    for word in mask.words.indices { masks[concept]?.words[word] |= mask.words[word] }
  }

  /// Adds all pixels to a concept.
  ///
  /// - Throws: `EspalierError` if the masks together do not fit in memory.
  mutating func addAll(to concept: Int) throws {
    try makeRoom(for: concept)
    for row in 0..<height {
      for column in 0..<width { masks[concept]?[row, column] = true }
    }
  }

  /// Adds the pixels of a map of labels.
  ///
  /// - Parameters:
  ///   - map: an image of three channels.
  ///   - concept: the concept of a pixel's red, green and blue; nil for none.
  /// - Throws: `EspalierError` if the map has another size or the masks do not fit in memory, and what `concept` throws.
  /// - Precondition: the map has three channels.
  mutating func add(_ map: Image, _ concept: (UInt8, UInt8, UInt8) throws -> Int?) throws {
    precondition(map.channels == 3, "a map of \(map.channels) channels")
    guard map.height == height, map.width == width else {
      throw EspalierError(
        "is a map of \(map.width)×\(map.height) pixels", accepted: "\(width)×\(height), as the image's others")
    }
    let pixels = map.pixels.elements
    var last: (color: (UInt8, UInt8, UInt8), concept: Int?)?
    for row in 0..<height {
      for column in 0..<width {
        let pixel = 3 * (row * width + column)
        let color = (pixels[pixel], pixels[pixel + 1], pixels[pixel + 2])
        // Labels come in runs: only where one ends is the next looked up.
        if last == nil || last!.color != color {
          last = (color, try concept(color.0, color.1, color.2))
          if let found = last?.concept { try makeRoom(for: found) }
        }
        if let found = last?.concept { masks[found]?[row, column] = true }
      }
    }
  }

  /// What was gathered, without concepts that no pixel has.
  func masks(of vocabulary: ConceptVocabulary) -> ConceptMasks {
    let entries = masks.filter { $0.value.count > 0 }.map { ConceptMasks.Entry(concept: $0.key, mask: $0.value) }
    return ConceptMasks(height: height, width: width, entries: entries, vocabulary: vocabulary)
  }

  private mutating func makeRoom(for concept: Int) throws {
    guard masks[concept] == nil else { return }
    guard (masks.count + 1) * 8 * height * BitMask.wordsPerRow(width: width) <= ConceptCanvas.mostBytes else {
      throw EspalierError(
        "\(masks.count + 1) masks of \(width)×\(height) pixels do not fit in memory",
        accepted: "at most \(ConceptCanvas.mostBytes >> 20) MiB an image")
    }
    masks[concept] = BitMask(height: height, width: width)
  }
}
