/// Parts of paths.
package enum Path {
  /// The folder that a path names something in: all before the last slash, `/` where nothing is before it, and nothing without
  /// one.
  ///
  /// Foundation's `deletingLastPathComponent` of `NSString` traps for a path of one character.
  package static func folder(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard let slash = trimmed.lastIndex(of: "/") else { return "" }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// The last part of a path: what stands behind the last slash, which a path may end with.
  package static func name(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    return trimmed.lastIndex(of: "/").map { String(trimmed[trimmed.index(after: $0)...]) } ?? trimmed
  }
}
