import Scheduling

/// What a command that computed a part of the images has written.
public struct PartReport: Sendable {
  /// What a part is of.
  public enum Kind: Sendable {
    /// The command's result.
    case result
    /// The first of two passes: thresholds, which all parts of the second need.
    case thresholds
  }

  /// Which part.
  public var part: DataPart
  /// What it is of.
  public var kind: Kind
  /// The number of its images.
  public var images: Int

  init(_ part: DataPart, kind: Kind, images: Int) {
    self.part = part
    self.kind = kind
    self.images = images
  }
}
