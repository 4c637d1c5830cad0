import Files
import Foundation
import Images
import Tensors

/// Masks in a tree as of Broden, the data set of Network Dissection (Bau et al., CVPR 2017).
///
/// `index.csv` has a line per image: `image` (its path in `images/`), its size `ih`, `iw`, the size of its masks `sh`, `sw`,
/// and a column per category, with files in `images/` and numbers of labels that hold for the whole image, joined by `;`.
/// A file's pixel has label red + 256 · green (grey: its value, of 8 or 16 bits); 0 is none. `label.csv` has a line per label:
/// `number`, `name` and `category`, which may be several with a frequency each, `part(120);object(7)`: the most frequent is the
/// label's. (The original takes the category of most coverage, from files `c_*.csv`, which are not read.)
///
/// Where the network sees the whole image, masks are taken as they are, as by the original; otherwise they are brought to
/// the image's size and change their geometry like it, both by nearest neighbour. Images are found by their path, with or
/// without `images/` before it.
public struct BrodenConcepts: ConceptSource {
  /// An image's line.
  private struct Row: Sendable {
    var line: Int
    var image: (height: Int, width: Int)
    var mask: (height: Int, width: Int)
    /// Files and labels, as they stand in the columns of categories.
    var annotations: [String]
  }

  public let vocabulary: ConceptVocabulary
  private let folder: String
  private let rows: [String: Row]
  private let positions: [Int: Int]
  private let dataset: Subset
  private let preprocessing: Preprocessing

  /// Opens a tree.
  ///
  /// - Throws: `EspalierError` naming file and line if something is missing or damaged.
  public init(_ folder: String, for dataset: Subset, preprocessing: Preprocessing) throws {
    let (categories, rows) = try BrodenConcepts.index("\(folder)/index.csv")
    var concepts: [Concept] = []
    var positions: [Int: Int] = [:]
    try naming(file: "\(folder)/label.csv") {
      for (number, concept) in try BrodenConcepts.labels("\(folder)/label.csv", categories) {
        guard positions.updateValue(concepts.count, forKey: number) == nil else {
          throw EspalierError("names label \(number) again")
        }
        concepts.append(concept)
      }
    }
    guard !concepts.isEmpty else { throw EspalierError("names no labels", file: "\(folder)/label.csv") }
    vocabulary = ConceptVocabulary(categories: categories, concepts: concepts)
    self.folder = folder
    self.rows = rows
    self.positions = positions
    self.dataset = dataset
    self.preprocessing = preprocessing
  }

  public func masks(_ index: Int) throws -> ConceptMasks {
    let sample = try dataset.sample(index)
    guard case .image(let image) = sample.content else {
      throw EspalierError("is a tensor", location: sample.name, accepted: "images for --concepts broden")
    }
    guard let row = row(of: sample.name) else {
      throw EspalierError("has no line for image \(sample.name)", file: "\(folder)/index.csv")
    }
    return try naming(location: "image \(sample.name)") {
      guard image.height == row.image.height, image.width == row.image.width else {
        throw EspalierError(
          "has \(image.width)×\(image.height) pixels", file: "\(folder)/index.csv",
          accepted: "\(row.image.width)×\(row.image.height), as line \(row.line) says")
      }
      var canvas = ConceptCanvas(height: row.mask.height, width: row.mask.width)
      if !seesWholeImage {
        let size = try preprocessing.fitted(image, interpolation: .nearest)
        canvas = ConceptCanvas(height: size.height, width: size.width)
      }
      for annotation in row.annotations {
        if let number = Int(annotation) {
          if let position = try naming(file: "\(folder)/index.csv", { try position(of: number) }) {
            try canvas.addAll(to: position)
          }
          continue
        }
        let path = "\(folder)/images/\(annotation)"
        try naming(file: path) {
          let labels = try LabelMap(path, prefersIndices: false)
          let map = labels.image
          guard map.height == row.mask.height, map.width == row.mask.width else {
            throw EspalierError(
              "is a mask of \(map.width)×\(map.height) pixels",
              accepted: "\(row.mask.width)×\(row.mask.height), as index.csv says")
          }
          let isGrey = map.channels == 1
          try canvas.add(fitted(map, row)) { red, green, _ in try position(of: Int(red) + (isGrey ? 0 : 256 * Int(green))) }
        }
      }
      return canvas.masks(of: vocabulary)
    }
  }

  /// A digest of both lists and the masks they name; one that is absent counts as such.
  public func digest() throws -> String {
    var hash = SHA256()
    for name in ["index.csv", "label.csv"] { hash.update(line: try SHA256.hexadecimal(ofFile: "\(folder)/\(name)")) }
    for annotation in rows.values.flatMap(\.annotations).filter({ Int($0) == nil }).sorted() {
      let path = "\(folder)/images/\(annotation)"
      let exists = FileManager.default.fileExists(atPath: path)
      hash.update(line: "\(annotation) \(exists ? try SHA256.hexadecimal(ofFile: path) : "absent")")
    }
    return hash.hexadecimal
  }

  private func row(of name: String) -> Row? {
    if let row = rows[name] { return row }
    if name.hasPrefix("images/") { return rows[String(name.dropFirst("images/".count))] }
    return name.range(of: "/images/", options: .backwards).flatMap { rows[String(name[$0.upperBound...])] }
  }

  private func position(of number: Int) throws -> Int? {
    if number == 0 { return nil }
    guard let position = positions[number] else {
      throw EspalierError("label \(number) is unknown", accepted: "the numbers in label.csv")
    }
    return position
  }

  private var seesWholeImage: Bool { preprocessing.cropShare == nil && preprocessing.crop == nil }

  /// A mask as the network would see it.
  private func fitted(_ mask: Image, _ row: Row) throws -> Image {
    if seesWholeImage { return mask.rgb }
    var geometry = preprocessing
    geometry.channels = 3
    return try geometry.fitted(
      mask.resized(width: row.image.width, height: row.image.height, method: .nearest), interpolation: .nearest)
  }

  private static func index(_ path: String) throws -> ([String], [String: Row]) {
    try naming(file: path) {
      let (names, lines) = try table(path, ["image", "ih", "iw", "sh", "sw"])
      let fixed: Set<String> = ["image", "split", "ih", "iw", "sh", "sw"]
      let columns = names.indices.filter { !fixed.contains(names[$0]) }
      guard !columns.isEmpty else { throw EspalierError("has no column of a category", accepted: "such as object or color") }
      var rows: [String: Row] = [:]
      for (line, cells) in lines {
        try naming(location: "line \(line)") {
          func size(_ vertical: String, _ horizontal: String) throws -> (Int, Int) {
            let texts = [vertical, horizontal].map { cells[names.firstIndex(of: $0)!] }
            guard let height = Int(texts[0]), let width = Int(texts[1]), height > 0, width > 0,
              case let (area, overflow) = height.multipliedReportingOverflow(by: width), !overflow,
              area <= Image.largestPixelCount
            else {
              throw EspalierError(
                "has \(vertical) \(texts[0]) and \(horizontal) \(texts[1])", accepted: "1 to \(Image.largestPixelCount) pixels")
            }
            return (height, width)
          }
          let image = cells[names.firstIndex(of: "image")!]
          let annotations = columns.flatMap { cells[$0].split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) } }
          let row = Row(
            line: line, image: try size("ih", "iw"), mask: try size("sh", "sw"), annotations: annotations.filter { !$0.isEmpty }
          )
          guard rows.updateValue(row, forKey: image) == nil else { throw EspalierError("names image \(image) again") }
        }
      }
      guard !rows.isEmpty else { throw EspalierError("names no images") }
      return (columns.map { names[$0] }, rows)
    }
  }

  private static func labels(_ path: String, _ categories: [String]) throws -> [(Int, Concept)] {
    let (names, lines) = try table(path, ["number", "name", "category"])
    return try lines.compactMap { line, cells in
      try naming(location: "line \(line)") {
        func cell(_ name: String) -> String { cells[names.firstIndex(of: name)!].trimmingCharacters(in: .whitespaces) }
        guard let number = Int(cell("number")), 0...65_535 ~= number else {
          throw EspalierError("has number \(cell("number"))", accepted: "0 to 65535")
        }
        if number == 0 { return nil }
        var best: (name: String, frequency: Double)?
        for part in cell("category").split(separator: ";") {
          let halves = part.split(separator: "(", maxSplits: 1)
          guard let first = halves.first else { continue }
          let frequency = halves.count == 2 ? Double(halves[1].filter { $0 != ")" }) ?? 0 : 0
          if best == nil || frequency > best!.frequency { best = (first.trimmingCharacters(in: .whitespaces), frequency) }
        }
        guard let best, let category = categories.firstIndex(of: best.name) else {
          throw EspalierError(
            "has unknown category \(cell("category"))", accepted: "a column of index.csv: \(categories.joined(separator: ", "))")
        }
        return (number, Concept(name: cell("name"), category: category))
      }
    }
  }

  /// The names of the columns, among them the required ones, and the lines of a file.
  private static func table(_ path: String, _ required: [String]) throws -> ([String], [(line: Int, cells: [String])]) {
    let rows = try CSV.parse(RegularFile.text(path))
    guard let header = rows.first else {
      throw EspalierError("is empty", accepted: "columns \(required.joined(separator: ", "))")
    }
    let names = header.cells.map { $0.trimmingCharacters(in: .whitespaces) }
    if let missing = required.first(where: { !names.contains($0) }) {
      throw EspalierError("has no column \(missing)", accepted: "columns \(required.joined(separator: ", "))")
    }
    for row in rows.dropFirst() where row.cells.count != names.count {
      throw EspalierError(
        "has \(row.cells.count) cells", location: "line \(row.line)", accepted: "\(names.count), as the first line")
    }
    return (names, Array(rows.dropFirst()))
  }
}
