extension Op {
  /// The sum over some axes; the second input lists them, all if it is left out.
  public struct ReduceSum: Reduction {
    public static let name = "ReduceSum"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }

  /// The greatest over some axes.
  public struct ReduceMax: Reduction {
    public static let name = "ReduceMax"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }

  /// The least over some axes.
  public struct ReduceMin: Reduction {
    public static let name = "ReduceMin"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }

  /// The product over some axes.
  public struct ReduceProd: Reduction {
    public static let name = "ReduceProd"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }

  /// The sum of magnitudes over some axes.
  public struct ReduceL1: Reduction {
    public static let name = "ReduceL1"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }

  /// The root of the sum of squares over some axes.
  public struct ReduceL2: Reduction {
    public static let name = "ReduceL2"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }

  /// The sum of squares over some axes.
  public struct ReduceSumSquare: Reduction {
    public static let name = "ReduceSumSquare"
    public static let arity = 1...2
    public var keepsAxes: Bool
    public var emptyMeansNone: Bool

    public init(keepsAxes: Bool = true, emptyMeansNone: Bool = false) {
      self.keepsAxes = keepsAxes
      self.emptyMeansNone = emptyMeansNone
    }
  }
}

/// An operator that makes one number of all that lie along some axes; the second input lists these, all if it is left out.
public protocol Reduction: Operator {
  /// Whether reduced axes stay with length 1.
  var keepsAxes: Bool { get }
  /// Whether an empty list of axes reduces nothing (`noop_with_empty_axes`).
  var emptyMeansNone: Bool { get }

  /// Makes the operator.
  init(keepsAxes: Bool, emptyMeansNone: Bool)

  /// What stands for a term that is not there.
  var missingTerm: MissingTerm { get }

  /// The number that stands for others.
  func reduce(_ values: [Double]) -> Double
}
