import Files
import Foundation
import Images
import Tensors

/// Masks in a folder of folders, each a PNG with the image's size and path (`NAME/cats/7.png` for `cats/7.jpg`).
///
/// A folder without a file `names.txt` is a concept of category `concept`: its files are masks, read as ``MaskKind`` tells, and a
/// image without file there does not show it. A folder with one is a category: its files are maps whose pixels tell their concept
/// by a value, up to 65535 in files of 16 bits, or by a colour. A palette of colours is read by its indices where all lines are
/// values, otherwise by its colours. A line of `names.txt` is a value and a name, such as `3 sky` or `#87CEEB sky`; 0 and the
/// void (255, 65535 of 16 bits, VOC's colour #E0E0C0) that no line names are no concept.
///
/// Masks change their geometry like the image, by nearest neighbour.
public struct FolderConcepts: ConceptSource {
  /// A folder's meaning.
  private enum Kind: Sendable {
    case concept(Int)
    case category([Int: Int])
  }

  public let vocabulary: ConceptVocabulary
  private let folder: String
  private let kinds: [(name: String, kind: Kind)]
  private let dataset: Subset
  private let preprocessing: Preprocessing

  /// Opens a folder.
  ///
  /// - Throws: `EspalierError` if there is none, it has no folders, or a `names.txt` is damaged.
  public init(_ folder: String, for dataset: Subset, preprocessing: Preprocessing) throws {
    var categories: [String] = []
    var concepts: [Concept] = []
    var kinds: [(String, Kind)] = []
    let names = try FolderConcepts.folders(in: folder)
    guard !names.isEmpty else {
      throw EspalierError("holds no concepts", file: folder, accepted: "a folder of masks for each concept or category")
    }
    for name in names {
      let list = "\(folder)/\(name)/names.txt"
      if FileManager.default.fileExists(atPath: list) {
        var positions: [Int: Int] = [:]
        let category = categories.count
        categories.append(name)
        for (value, concept) in try FolderConcepts.names(ofFile: list) {
          positions[value] = concepts.count
          concepts.append(Concept(name: concept, category: category))
        }
        kinds.append((name, .category(positions)))
      } else {
        kinds.append((name, .concept(concepts.count)))
        concepts.append(Concept(name: name, category: -1))
      }
    }
    if concepts.contains(where: { $0.category < 0 }) {
      for index in concepts.indices where concepts[index].category < 0 { concepts[index].category = categories.count }
      categories.append("concept")
    }
    vocabulary = ConceptVocabulary(categories: categories, concepts: concepts)
    self.folder = folder
    self.kinds = kinds
    self.dataset = dataset
    self.preprocessing = preprocessing
  }

  public func masks(_ index: Int) throws -> ConceptMasks {
    let sample = try dataset.sample(index)
    let stem = ((sample.name.hasPrefix("/") ? Path.name(of: sample.name) : sample.name) as NSString)
      .deletingPathExtension
    var canvas: ConceptCanvas?
    for (name, kind) in kinds {
      let path = "\(folder)/\(name)/\(stem).png"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      try naming(file: path) {
        switch kind {
        case .concept(let concept):
          let object = try StoredImage.read(path).objectMask(nil, asks: "a names.txt with the values as")
          let (mask, geometry) = try checked(object, sample)
          let size = try geometry.fitted(mask.grey, interpolation: .nearest)
          var gathered = canvas ?? ConceptCanvas(height: size.height, width: size.width)
          if let bits = try geometry.fittedMask(mask) { try gathered.add(bits, to: concept) }
          canvas = gathered
        case .category(let positions):
          let labels = try LabelMap(path, prefersIndices: positions.keys.allSatisfy(LabelMap.isValue))
          let (mask, geometry) = try checked(labels.image, sample)
          let map = try geometry.fitted(mask, interpolation: .nearest)
          var gathered = canvas ?? ConceptCanvas(height: map.height, width: map.width)
          try gathered.add(map) { red, green, blue in
            let key = labels.key(red, green, blue)
            if let position = positions[key] { return position }
            guard labels.isNothing(key) else {
              throw EspalierError(
                "image \(sample.name) has \(LabelMap.text(key)), an unknown concept", accepted: "those in names.txt")
            }
            return nil
          }
          canvas = gathered
        }
      }
    }
    guard let canvas else {
      throw EspalierError(
        "holds no mask for image \(sample.name)", file: folder, accepted: "\(stem).png in one folder or more")
    }
    return canvas.masks(of: vocabulary)
  }

  public func digest() throws -> String {
    var hash = SHA256()
    for (name, _) in kinds {
      let paths = FileManager.default.enumerator(atPath: "\(folder)/\(name)")?.compactMap { $0 as? String } ?? []
      for path in paths.sorted() where path.hasSuffix(".png") || path == "names.txt" {
        hash.update(line: "\(name)/\(path) \(try SHA256.hexadecimal(ofFile: "\(folder)/\(name)/\(path)"))")
      }
    }
    return hash.hexadecimal
  }

  /// The mask and how its geometry changes, if it has the image's size.
  private func checked(_ mask: Image, _ sample: Sample) throws -> (Image, Preprocessing) {
    let size: (height: Int, width: Int)
    var geometry = preprocessing
    switch sample.content {
    case .image(let image): size = (image.height, image.width)
    case .tensor(let tensor):
      guard tensor.shape.rank == 3 else { throw EspalierError("\(sample.name) has shape \(tensor.shape)", accepted: "C×H×W") }
      size = (tensor.shape[1], tensor.shape[2])
      geometry = Preprocessing()
    }
    geometry.channels = 3
    guard mask.height == size.height, mask.width == size.width else {
      throw EspalierError(
        "is a mask of \(mask.width)×\(mask.height) pixels for image \(sample.name)", accepted: "\(size.width)×\(size.height)")
    }
    return (mask, geometry)
  }

  private static func folders(in folder: String) throws -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw EspalierError("is not a folder", file: folder)
    }
    return names.filter { name in
      var isFolder: ObjCBool = false
      return !name.hasPrefix(".") && FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
        && isFolder.boolValue
    }.sorted()
  }

  /// The keys (``LabelMap``) and names in a file, in its order.
  private static func names(ofFile path: String) throws -> [(Int, String)] {
    try naming(file: path) {
      var names: [(Int, String)] = []
      var seen: Set<Int> = []
      let lines = try RegularFile.text(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      for (number, line) in lines.enumerated() {
        let line = line.trimmingCharacters(in: .whitespaces)
        if line.isEmpty { continue }
        let parts = line.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        let value =
          parts[0].hasPrefix("#") && parts[0].count == 7
          ? Int(parts[0].dropFirst(), radix: 16) : UInt16(parts[0]).map { LabelMap.key(ofValue: Int($0)) }
        guard parts.count == 2, let value, value >= 0 else {
          throw EspalierError(
            "is “\(line)”", location: "line \(number + 1)", accepted: "a value from 0 to 65535 or #RRGGBB, a space, a name")
        }
        guard seen.insert(value).inserted else { throw EspalierError("names \(parts[0]) again", location: "line \(number + 1)") }
        names.append((value, parts[1].trimmingCharacters(in: .whitespaces)))
      }
      guard !names.isEmpty else { throw EspalierError("names no concepts") }
      return names
    }
  }
}
