/// A library that a target stands on, with the version that is loaded; each is an extension in the target that owns the library.
public struct LibraryVersion: Hashable, Sendable, CustomStringConvertible {
  /// The library's name.
  public var name: String
  /// The version, as the library tells it when it runs.
  public var version: String

  /// Makes one.
  public init(_ name: String, _ version: String) {
    self.name = name
    self.version = version
  }

  public var description: String { "\(name) \(version)" }
}
