import Foundation
import Images
import Tensors

/// A folder of images: one sub-folder per class, or images alone without labels.
///
/// Class numbers come from the folders, whatever lies in them, as in torchvision's `ImageFolder`: sub-folders in the order of
/// their names, links to folders among them, hidden ones not. Where all names are numbers, they are the class numbers.
public enum ImageFolder {
  /// The images of a folder, through links too; none if it cannot be read.
  package static func files(in folder: String) -> [String] {
    ((try? FolderListing(folder))?.images ?? []).map { "\(folder)/\($0)" }
  }

  /// Lists the images of a folder.
  ///
  /// With a map of classes, an image's labels are those of its path, or else of the folder nearest to it that the map knows;
  /// images that it does not know are left out, and said, or have no label where the map knows none of a folder without
  /// sub-folders.
  ///
  /// - Throws: `EspalierError` if there is no such folder, no image in it or in a folder of a class.
  public static func open(_ folder: String, classes: ClassMap? = nil) throws -> ImageList {
    let listing = try FolderListing(folder)
    guard !listing.images.isEmpty else {
      let found = listing.leftOut().map { ", only \($0)" } ?? ""
      throw EspalierError("holds no images\(found)", file: folder, accepted: formats)
    }
    var notes: [String] = []
    if !listing.hidden.isEmpty { notes.append("\(folder): hidden folders are left out: \(few(listing.hidden))") }
    if let kinds = listing.leftOut() { notes.append("\(folder): files that are not read: \(kinds) (read are \(formats))") }
    if let classes { return try known(listing, in: folder, classes, notes) }

    let top = listing.images.filter { !$0.contains("/") }
    if listing.folders.isEmpty || top.count == listing.images.count {
      if !listing.folders.isEmpty {
        notes.append("\(folder): images without labels; folders without images are no classes: \(few(listing.folders))")
      }
      return ImageList(
        top.map { .init(path: $0, labels: []) }, in: folder, classNames: nil,
        description: "\(top.count) images from \(folder)", notes: notes)
    }
    if !top.isEmpty {
      notes.append("\(folder): images beside the folders of classes are left out: \(top.count), such as \(top[0])")
    }
    let numbers = try numbers(of: listing.folders, in: folder)
    let entries = listing.images.compactMap { path -> ImageList.Entry? in
      path.contains("/")
        ? numbers[Array(path.utf8.prefix { $0 != UInt8(ascii: "/") })].map { .init(path: path, labels: [$0]) } : nil
    }
    let filled = Set(entries.flatMap(\.labels))
    let empty = listing.folders.filter { numbers[Array($0.utf8)].map { !filled.contains($0) } ?? false }
    let areNumbers = listing.folders.allSatisfy { numbers[Array($0.utf8)] == Int($0) }
    if let first = empty.first {
      guard areNumbers else {
        let found = listing.leftOut(in: first).map { ", only \($0)" } ?? ""
        let others = empty.count > 1 ? "; nor do \(few(Array(empty.dropFirst())))" : ""
        throw EspalierError(
          "the class folder holds no images\(found)\(others)", file: "\(folder)/\(first)",
          accepted: "\(formats) in every class folder, or --classes FILE that numbers the folders")
      }
      notes.append("\(folder): class folders without images: \(few(empty))")
    }
    if areNumbers && listing.folders.enumerated().contains(where: { numbers[Array($1.utf8)] != $0 }) {
      notes.append(
        "\(folder): all folders are named by numbers, which are their class numbers, not their positions in the order of names")
    }
    let most = numbers.values.max() ?? 0
    var names = (0...most).map { "class \($0)" }
    for name in listing.folders { if let number = numbers[Array(name.utf8)] { names[number] = name } }
    return ImageList(
      entries, in: folder, classNames: names, description: "\(entries.count) images from \(folder)", notes: notes)
  }

  /// What files hold images, for messages.
  static let formats = "PNG, JPEG, WebP or BMP files"

  private static func known(_ listing: FolderListing, in folder: String, _ classes: ClassMap, _ notes: [String]) throws
    -> ImageList
  {
    var notes = notes
    let images = listing.images
    var entries: [ImageList.Entry] = []
    var strangers: [String: Int] = [:]
    for path in images {
      if let labels = try classes.labels(ofImage: path) {
        entries.append(.init(path: path, labels: labels))
      } else {
        strangers[path.contains("/") ? String(path.prefix { $0 != "/" }) : path, default: 0] += 1
      }
    }
    if entries.isEmpty && !images.contains(where: { $0.contains("/") }) {
      notes.append("\(folder): the class file names none of the images, which have no labels")
      entries = images.map { .init(path: $0, labels: []) }
    } else if !strangers.isEmpty && !entries.isEmpty {
      let names = strangers.keys.sorted(by: isBefore)
      let count = strangers.values.reduce(0, +)
      notes.append("\(folder): the class file does not name \(few(names)): left out, \(count) of \(images.count) images")
    }
    guard !entries.isEmpty else {
      throw EspalierError(
        "holds no image of a known class; its folders are \(few(listing.folders))", file: folder,
        accepted: "the names in the class file, such as \(classes.someNames)")
    }
    let selection = entries.count == images.count ? "" : " of \(images.count)"
    return ImageList(
      entries, in: folder, classNames: classes.names, description: "\(entries.count)\(selection) images from \(folder)",
      notes: notes)
  }

  /// The class numbers of folders, by the bytes of their names: to Swift, texts that differ in bytes alone may be equal.
  private static func numbers(of folders: [String], in folder: String) throws -> [[UInt8]: Int] {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard folders.allSatisfy({ $0.utf8.allSatisfy { digits.contains($0) } }) else {
      return Dictionary(uniqueKeysWithValues: folders.enumerated().map { (Array($1.utf8), $0) })
    }
    var named: [Int: String] = [:]
    for name in folders {
      guard let number = Int(name), number < ClassMap.largestLabel else {
        throw EspalierError(
          "the folder's name is too large for a class number", file: "\(folder)/\(name)",
          accepted: "0 to \(ClassMap.largestLabel - 1), or --classes FILE that numbers the folders")
      }
      if let other = named[number] {
        throw EspalierError(
          "the folders \(other) and \(name) have one class number", file: folder, accepted: "one folder a class")
      }
      named[number] = name
    }
    return Dictionary(uniqueKeysWithValues: named.map { (Array($1.utf8), $0) })
  }
}
