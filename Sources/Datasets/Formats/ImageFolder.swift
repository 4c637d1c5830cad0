import Foundation
import Tensors

/// A folder of PNG and JPEG pictures: one sub-folder per class, or pictures alone without labels.
public enum ImageFolder {
  /// Lists the pictures of a folder, sorted by path.
  ///
  /// Without a map of classes the sub-folders are the classes, in the order of their names. With one, a picture's labels are
  /// those of its path, or else of the folder nearest to it that the map knows; pictures that it does not know are left out.
  ///
  /// - Throws: `EspalierError` if there is no such folder or no picture in it.
  public static func open(_ folder: String, classes: ClassMap? = nil) throws -> PictureList {
    let paths = try pictures(in: folder)
    guard !paths.isEmpty else { throw EspalierError("holds no PNG or JPEG pictures", file: folder) }
    let folders = Set(paths.compactMap { $0.contains("/") ? String($0.prefix { $0 != "/" }) : nil }).sorted()
    var entries: [PictureList.Entry] = []
    for path in paths {
      if let classes {
        if let labels = classes.labels(ofPicture: path) { entries.append(.init(path: path, labels: labels)) }
      } else if path.contains("/") {
        entries.append(.init(path: path, labels: folders.firstIndex(of: String(path.prefix { $0 != "/" })).map { [$0] } ?? []))
      } else if folders.isEmpty {
        entries.append(.init(path: path, labels: []))
      }
    }
    guard !entries.isEmpty else {
      throw EspalierError(
        "holds no picture of a known class", file: folder,
        accepted: "the names in the class file, such as \(classes?.someNames ?? "none")")
    }
    let selection = entries.count == paths.count ? "" : " of \(paths.count)"
    return PictureList(
      entries, in: folder, classNames: classes?.names ?? (folders.isEmpty ? nil : folders),
      description: "\(entries.count)\(selection) pictures from \(folder)")
  }

  /// The pictures at any depth, by their paths in the folder.
  private static func pictures(in folder: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
      let walk = FileManager.default.enumerator(atPath: folder)
    else { throw EspalierError("is not a folder", file: folder) }
    return walk.compactMap { $0 as? String }.filter { path in
      ["png", "jpg", "jpeg"].contains((path as NSString).pathExtension.lowercased())
        && !(path as NSString).lastPathComponent.hasPrefix(".")
    }.sorted()
  }
}
