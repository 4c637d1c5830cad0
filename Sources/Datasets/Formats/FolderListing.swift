import Foundation
import Images
import Tensors

/// The files of a folder at any depth, through links too, told apart by the ends of their names.
struct FolderListing {
  /// The folders directly in it, by their names in the order of Unicode's numbers, as Python sorts.
  private(set) var folders: [String] = []
  /// Images, by their paths in the folder: folder by folder, each by name, as torchvision's `ImageFolder` lists them.
  private(set) var images: [String] = []
  /// Visible files that are no images that can be read: how many of each kind, by top folder ("" for the folder itself).
  private(set) var others: [String: [String: Int]] = [:]
  /// Hidden folders directly in it.
  private(set) var hidden: [String] = []

  private static let deepest = 64
  private static let mostFiles = 1 << 24

  /// Walks through a folder.
  ///
  /// - Throws: `EspalierError` if it is no folder, a folder cannot be read or contains itself, or an image is no regular file.
  init(_ folder: String) throws {
    try walk(folder, within: "", above: [])
  }

  private mutating func walk(_ folder: String, within path: String, above: [[UInt64]]) throws {
    let absolute = path.isEmpty ? folder : "\(folder)/\(path)"
    guard let directory = opendir(absolute) else {
      throw EspalierError(
        errno == ENOTDIR || errno == ENOENT
          ? "is not a folder" : "cannot be read: \(String(cString: strerror(errno)).lowercased())", file: absolute)
    }
    defer { closedir(directory) }
    var status = stat()
    guard fstat(dirfd(directory), &status) == 0 else { throw EspalierError("cannot be read", file: absolute) }
    let identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    guard !above.contains(identity), above.count < FolderListing.deepest else {
      throw EspalierError(above.contains(identity) ? "is a link to a folder around it" : "lies too deep", file: absolute)
    }

    let top = String(path.prefix { $0 != "/" })
    var inner: [String] = []
    var files: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      guard let name else { throw EspalierError("holds a name that is not UTF-8", file: absolute) }
      guard name != ".", name != ".." else { continue }
      var status = stat()
      let isThere = stat("\(absolute)/\(name)", &status) == 0
      let isFolder = isThere && status.st_mode & S_IFMT == S_IFDIR
      if name.hasPrefix(".") {
        if path.isEmpty && isFolder { hidden.append(name) }
      } else if isFolder {
        inner.append(name)
      } else {
        let kind = (name as NSString).pathExtension.lowercased()
        guard Image.fileExtensions.contains(kind) else {
          others[top, default: [:]][kind.isEmpty ? "without extension" : ".\(kind)", default: 0] += 1
          continue
        }
        guard isThere, status.st_mode & S_IFMT == S_IFREG else {
          throw EspalierError(isThere ? "is not a regular file" : "is a link to nothing", file: "\(absolute)/\(name)")
        }
        files.append(name)
      }
    }
    inner.sort(by: isBefore)
    hidden.sort(by: isBefore)
    if path.isEmpty { folders = inner }
    images += files.sorted(by: isBefore).map { path.isEmpty ? $0 : "\(path)/\($0)" }
    guard images.count <= FolderListing.mostFiles else { throw EspalierError("holds too many images", file: folder) }
    for name in inner { try walk(folder, within: path.isEmpty ? name : "\(path)/\(name)", above: above + [identity]) }
  }

  /// Files that are left out, by kind and number: `3 .tiff, 1 .txt`; nil for none.
  ///
  /// - Parameter top: a folder directly in this one; nil for all.
  func leftOut(in top: String? = nil) -> String? {
    let kinds = top.map { others[$0] ?? [:] } ?? others.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    guard !kinds.isEmpty else { return nil }
    return kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}

/// The order of names in Python: by the numbers of their Unicode scalars.
func isBefore(_ name: String, _ other: String) -> Bool { name.unicodeScalars.lexicographicallyPrecedes(other.unicodeScalars) }

/// A few of many names, for messages: `a, b, c and 12 more`.
func few(_ names: [String], most: Int = 3) -> String {
  let shown = names.prefix(most).joined(separator: ", ")
  return names.count > most ? "\(shown) and \(names.count - most) more" : shown
}
