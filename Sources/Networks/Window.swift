import Tensors

/// How much a sliding window sees beyond the edges of a feature map.
public enum Padding: Hashable, Sendable {
  /// So many elements before and after, per spatial axis.
  case explicit(begin: [Int], end: [Int])
  /// As many as keep `output = ⌈input ÷ stride⌉`, the odd one after.
  case sameUpper
  /// The same, the odd one before.
  case sameLower
  /// None.
  case valid
}

/// The attributes of a window that slides over the spatial axes of `[N, C, …]`: one number an axis, or none for the default.
public struct Window: Hashable, Sendable {
  /// The distance between neighbouring windows; empty means 1.
  public var strides: [Int]
  /// The distance between a window's own elements; empty means 1.
  public var dilations: [Int]
  /// What surrounds the feature map.
  public var padding: Padding
  /// Whether a last, partly filled window counts.
  public var ceilMode: Bool

  /// Makes a window.
  public init(
    strides: [Int] = [], dilations: [Int] = [], padding: Padding = .explicit(begin: [], end: []), ceilMode: Bool = false
  ) {
    self.strides = strides
    self.dilations = dilations
    self.padding = padding
    self.ceilMode = ceilMode
  }

  /// Where a window lies over a feature map of a known size: every number written out, one a spatial axis.
  public struct Placement: Hashable, Sendable {
    /// The input's size.
    public var input: [Int]
    /// The window's size, without dilation.
    public var kernel: [Int]
    /// The distance between neighbouring windows.
    public var strides: [Int]
    /// The distance between a window's own elements.
    public var dilations: [Int]
    /// The padding before.
    public var begin: [Int]
    /// The padding after, as declared; with `ceilMode` the last window may reach further.
    public var end: [Int]
    /// The output's size.
    public var output: [Int]
  }
}
