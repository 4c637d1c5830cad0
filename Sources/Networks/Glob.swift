import Foundation

/// A pattern of names, as in a shell: `*` stands for any text, `?` for any character, `[ab]` for one of some.
public struct Glob: Hashable, Sendable {
  /// The pattern.
  public let pattern: String

  /// Makes a pattern.
  public init(_ pattern: String) { self.pattern = pattern }

  /// Whether a whole name fits.
  public func matches(_ name: String) -> Bool { fnmatch(pattern, name, 0) == 0 }
}
