/// The part that an operator plays in a network: what rules of relevance and blocks tell apart.
public enum OperatorRole: Hashable, Sendable {
  /// A convolution, transposed or not.
  case convolution
  /// A product of matrices.
  case matrixProduct
  /// `max(x, 0)`.
  case rectifier
  /// Any other function of single numbers that stands between layers.
  case activation
  /// A sum of its inputs.
  case sum
  /// The first of its inputs less the second.
  case difference
  /// A product of its inputs.
  case product
  /// The first of its inputs divided by the second.
  case quotient
  /// 1 / x.
  case reciprocal
  /// Any other function of single numbers, of which activations and normalisations are written.
  case function
  /// A softmax.
  case softmax
  /// A mean over windows or whole axes.
  case average
  /// The greatest element of windows or whole axes.
  case maximum
  /// A sum over whole axes.
  case total
  /// A normalisation by stored statistics.
  case normalization
  /// A normalisation by mean and deviation of the values themselves.
  case layerNormalization
  /// None of these.
  case other

  /// Whether it is an activation, rectifiers among them.
  public var isActivation: Bool { self == .rectifier || self == .activation }

  /// Whether it is one of the four operations of arithmetic, which broadcast.
  public var isArithmetic: Bool { self == .sum || self == .difference || self == .product || self == .quotient }
}

/// How the elements of an operator's outputs come from those of its inputs.
public enum ElementFlow: Hashable, Sendable {
  /// They are those of the first input, in the same shape.
  case copied
  /// They are those of the first input, in the same order, under another shape.
  case reshaped
  /// Each is an element of an input, or a constant, at another position.
  case moved
  /// Each is a function of the inputs' elements at its own, broadcast position.
  case positionwise
  /// None of these.
  case mixed

  /// Whether all elements of the first input come out, in order.
  public var isView: Bool { self == .copied || self == .reshaped }

  /// Whether what comes out at a position depends on what went in there alone.
  public var keepsPositions: Bool { self == .copied || self == .positionwise }
}

/// What a trained parameter is to its layer.
public enum ParameterRole: String, Sendable, Hashable {
  /// The weight of a convolution or linear layer.
  case weight
  /// What a layer adds.
  case bias
  /// The factor γ of a norm.
  case normScale
  /// The summand β of a norm.
  case normBias
  /// The slope of a PRelu.
  case slope
  /// A factor for every channel, added as a gate or named in the seams.
  case gate
}

/// When an operator's output cannot be negative.
public enum SignBehaviour: Hashable, Sendable {
  /// It may always be negative.
  case any
  /// It never is.
  case nonnegative
  /// It is not where the first input is not.
  case ofFirst
  /// It is not where no input of numbers is.
  case ofAll
}
