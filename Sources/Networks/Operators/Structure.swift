import Tensors

extension Op {
  /// Tensors joined along one axis.
  public struct Concat: Operator {
    public static let name = "Concat"
    public static let arity = 1...Int.max
    /// The axis of joining; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int) {
      self.axis = axis
    }
  }

  /// A tensor cut along one axis; the second input lists the lengths, equal parts if it is left out.
  public struct Split: Operator {
    public static let name = "Split"
    public static let arity = 1...2
    /// The axis of cutting; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = 0) {
      self.axis = axis
    }
  }

  /// A box of a tensor; inputs data, starts, ends, axes (all if left out), steps (1 if left out).
  public struct Slice: Operator {
    public static let name = "Slice"
    public static let arity = 3...5

    /// Makes the operator.
    public init() {}
  }

  /// A tensor with a border; inputs data, pads (all begins, then all ends), value (0 if left out), axes (all if left out).
  public struct Pad: Operator {
    public static let name = "Pad"
    public static let arity = 2...4
    /// What the border holds.
    public var mode: PadMode

    /// Makes the operator.
    public init(mode: PadMode = .constant) {
      self.mode = mode
    }
  }

  /// A matrix: the axes before `axis` make the rows, the others the columns.
  public struct Flatten: Operator {
    public static let name = "Flatten"
    public static let arity = 1...1
    /// The first axis of the columns.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = 1) {
      self.axis = axis
    }
  }

  /// The same elements under another shape; the second input is the target, −1 for what is left over, 0 for a copied length.
  public struct Reshape: Operator {
    public static let name = "Reshape"
    public static let arity = 2...2
    /// Whether 0 in the target means an empty axis instead of a copied length.
    public var allowsZero: Bool

    /// Makes the operator.
    public init(allowsZero: Bool = false) {
      self.allowsZero = allowsZero
    }
  }

  /// A tensor without some axes of length 1; the second input lists them, all such if it is left out.
  public struct Squeeze: Operator {
    public static let name = "Squeeze"
    public static let arity = 1...2

    /// Makes the operator.
    public init() {}
  }

  /// A tensor with new axes of length 1; the second input lists their places in the result.
  public struct Unsqueeze: Operator {
    public static let name = "Unsqueeze"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// A tensor with its axes in another order.
  public struct Transpose: Operator {
    public static let name = "Transpose"
    public static let arity = 1...1
    /// For each axis of the result, the axis of the input; reversed if empty.
    public var permutation: [Int]

    /// Makes the operator.
    public init(permutation: [Int] = []) {
      self.permutation = permutation
    }
  }

  /// A feature map at another size; inputs data, region (unused), scales, sizes.
  public struct Resize: Operator {
    public static let name = "Resize"
    public static let arity = 1...4
    /// How values between elements are found.
    public var mode: ResizeMode
    /// How places in the result map to places in the input.
    public var coordinates: ResizeCoordinates
    /// Which neighbour is nearest.
    public var rounding: ResizeRounding

    /// Makes the operator.
    public init(
      mode: ResizeMode = .nearest, coordinates: ResizeCoordinates = .halfPixel, rounding: ResizeRounding = .roundPreferFloor
    ) {
      self.mode = mode
      self.coordinates = coordinates
      self.rounding = rounding
    }
  }

  /// A tensor broadcast to a shape, the second input.
  public struct Expand: Operator {
    public static let name = "Expand"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }

  /// The input itself: dropping happens in training only, and is not part of inference.
  public struct Dropout: Operator {
    public static let name = "Dropout"
    public static let arity = 1...3

    /// Makes the operator.
    public init() {}
  }

  /// The input itself.
  public struct Identity: Operator {
    public static let name = "Identity"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }
}

/// What `Pad` fills a border with.
public enum PadMode: String, Hashable, Sendable {
  case constant, reflect, edge, wrap
}

/// How `Resize` finds values between elements.
public enum ResizeMode: String, Hashable, Sendable {
  case nearest, linear
}

/// How `Resize` maps a place in the result to one in the input.
public enum ResizeCoordinates: String, Hashable, Sendable {
  case halfPixel = "half_pixel"
  case pytorchHalfPixel = "pytorch_half_pixel"
  case alignCorners = "align_corners"
  case asymmetric
}

/// Which neighbour `Resize` takes as the nearest.
public enum ResizeRounding: String, Hashable, Sendable {
  case roundPreferFloor = "round_prefer_floor"
  case roundPreferCeil = "round_prefer_ceil"
  case floor, ceil
}
