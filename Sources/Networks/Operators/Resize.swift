import Tensors

extension Op {
  /// A feature map at another size; inputs data, region (unused), scales, sizes.
  ///
  /// Sizes and scales are no two words for one thing: 8 columns out of 6 are exact, by 1.3333334 they are not, and the nearest of
  /// two columns is another one.
  public struct Resize: Operator {
    public static let name = "Resize"
    public static let arity = 1...4
    /// How values between elements are found.
    public var mode: ResizeMode
    /// How positions in the result map to positions in the input.
    public var coordinates: ResizeCoordinates
    /// Which neighbour is nearest.
    public var rounding: ResizeRounding
    /// The axes that scales or sizes are given for; all if empty.
    public var axes: [Int]
    /// The parameter of the cubic, which is its slope where its second piece begins.
    public var cubicCoefficient: Float
    /// Whether a cubic is of the elements that are there alone, rather than of repeated ones at the edge.
    public var excludesOutside: Bool

    /// Makes the operator.
    public init(
      mode: ResizeMode = .nearest, coordinates: ResizeCoordinates = .halfPixel, rounding: ResizeRounding = .roundPreferFloor,
      axes: [Int] = [], cubicCoefficient: Float = -0.75, excludesOutside: Bool = false
    ) {
      self.mode = mode
      self.coordinates = coordinates
      self.rounding = rounding
      self.axes = axes
      self.cubicCoefficient = cubicCoefficient
      self.excludesOutside = excludesOutside
    }
  }
}

/// How `Resize` finds values between elements.
public enum ResizeMode: String, CaseIterable, Hashable, Sendable {
  case nearest, linear, cubic
}

/// How `Resize` maps a position in the result to one in the input.
public enum ResizeCoordinates: String, CaseIterable, Hashable, Sendable {
  case halfPixel = "half_pixel"
  case pytorchHalfPixel = "pytorch_half_pixel"
  case alignCorners = "align_corners"
  case asymmetric
}

/// Which neighbour `Resize` takes as the nearest.
public enum ResizeRounding: String, CaseIterable, Hashable, Sendable {
  case roundPreferFloor = "round_prefer_floor"
  case roundPreferCeil = "round_prefer_ceil"
  case floor, ceil
}
