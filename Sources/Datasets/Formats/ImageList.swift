import Files
import Foundation
import Images
import Tensors

/// Image files with labels and masks, decoded as they are asked for: what folders and CSV files name.
///
/// An image without a mask of its own has its alpha channel for one, if anything is transparent.
public struct ImageList: Dataset {
  /// An image's files and labels.
  struct Entry: Sendable {
    var path: String
    var labels: [Int]
    var mask: String?
    var maskKind: MaskKind?
    var target: Int?
    var values: [Float]?

    /// What is said of it.
    var line: String {
      "\(path) \(labels)\(maskKind.map { " \($0.rawValue)" } ?? "")" + (target.map { " target \($0)" } ?? "")
        + (values.map { " values \($0)" } ?? "")
    }
  }

  public let classNames: [String]?
  public let description: String
  public let notes: [String]
  private let folder: String
  private var entries: [Entry]

  /// Makes a list of images whose paths are relative to a folder.
  init(_ entries: [Entry], in folder: String, classNames: [String]?, description: String, notes: [String] = []) {
    self.entries = entries
    self.folder = folder
    self.classNames = classNames
    self.description = description
    self.notes = notes
  }

  /// Makes a list of one image.
  ///
  /// - Throws: `EspalierError` if there is no such file.
  init(image path: String, classes: ClassMap?) throws {
    guard FileManager.default.fileExists(atPath: path) else { throw EspalierError("there is no such image", file: path) }
    let labels = try classes?.labels(ofImage: path) ?? []
    self.init(
      [Entry(path: path, labels: labels)], in: ".", classNames: classes?.names, description: "the image \(path)")
  }

  public var count: Int { entries.count }

  public func labels(_ index: Int) -> [Int] { entries[index].labels }

  public func name(_ index: Int) -> String { entries[index].path }
  public func target(_ index: Int) -> Int? { entries[index].target }

  public func values(_ index: Int) -> [Float]? { entries[index].values }

  /// The list with a folder of index masks: a PNG for each image, of its path and name.
  func withMasks(in masks: String) -> ImageList {
    var list = self
    let folder = URL(fileURLWithPath: masks).path
    for position in list.entries.indices {
      let path = list.entries[position].path
      list.entries[position].mask = "\(folder)/\((path as NSString).deletingPathExtension).png"
      list.entries[position].maskKind = .index
    }
    return list
  }

  public func pixelLabels(_ index: Int) throws -> PixelLabels? {
    guard let path = entries[index].mask, entries[index].maskKind ?? .index == .index else { return nil }
    return try naming(file: absolute(path)) { .image(try StoredImage.read(absolute(path)).pixelLabels()) }
  }

  public func sample(_ index: Int) throws -> Sample {
    let entry = entries[index]
    let image = try Image.read(absolute(entry.path))
    let mask = try entry.mask.map { path in
      try naming(file: absolute(path)) {
        try StoredImage.read(absolute(path)).objectMask(entry.maskKind, asks: "a column mask-kind with")
      }
    }
    if let mask, mask.width != image.width || mask.height != image.height {
      throw EspalierError(
        "is a mask of \(mask.width)×\(mask.height) pixels for an image of \(image.width)×\(image.height), \(entry.path)",
        file: entry.mask)
    }
    return Sample(content: .image(image), labels: entry.labels, mask: mask ?? image.alphaMask, name: entry.path)
  }

  public func digest() throws -> String {
    var hash = SHA256()
    for entry in entries { for line in try lines(entry) { hash.update(line: line) } }
    return hash.hexadecimal
  }

  public func digestLines(_ samples: Range<Int>) throws -> [String]? { try entries[samples].flatMap(lines) }

  public var listDigest: String? {
    var hash = SHA256()
    for entry in entries { hash.update(line: entry.line) }
    return hash.hexadecimal
  }

  private func lines(_ entry: Entry) throws -> [String] {
    try [entry.line] + [entry.path, entry.mask].compactMap { $0 }.map { try SHA256.hexadecimal(ofFile: absolute($0)) }
  }

  private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : folder + "/" + path }
}
