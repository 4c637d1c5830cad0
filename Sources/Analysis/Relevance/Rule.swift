import Engine
import Tensors

/// An LRP rule: how relevance at a layer's output becomes relevance at its input.
///
/// Rules are data. A rule says which changed copies of input, weights and bias make up each denominator; the pass
/// (``RelevancePlan``) turns that into products and transposed products of the layer, so that every rule works on every
/// convolution and linear layer alike. Conforming types are small values, one a file, listed in ``RuleCatalog``.
public protocol Rule: Hashable, Sendable {
  /// The rule's name in composites and files.
  static var name: String { get }

  /// Its parameters with their defaults, as in `gamma=0.25`; empty if it has none.
  static var parameters: String { get }

  /// Takes the parameters out of a list.
  ///
  /// - Throws: `EspalierError` naming a parameter that is missing or out of range.
  init(_ parameters: inout ParameterList) throws

  /// What the rule does.
  var behaviour: RuleBehaviour { get }
}

extension Rule {
  public static var parameters: String { "" }
}

/// What a rule does with the relevance that arrives.
public enum RuleBehaviour: Hashable, Sendable {
  /// Splits it in proportion to what the inputs contributed to the output: `R_in = Σ coefficient · Σ sign · x · Wᵀ(R / z)`.
  case decomposition([RulePart])
  /// Splits it in equal parts among the operands that depend on the network's input, and each in proportion to what its elements
  /// contributed: `R_in = x · fᵀ(R / st(n z))` for each of n.
  case sharedDecomposition(Stabilizer)
  /// The same for a layer norm, the deviation by which it divides being held constant.
  case constantDeviation(Stabilizer)
  /// At a softmax s of x: `R_in = x (R − s ΣR)`.
  case taylor
  /// Hands it on unchanged, to the first input that has the output's shape.
  case pass
  /// Gives every input that depends on the network's input an equal share.
  case equalShares
  /// Hands nothing on.
  case stop
  /// Treats it as a gradient.
  case gradient
  /// Treats it as a gradient through an activation, changed on the way.
  case activation(ActivationRule)
}

/// How an activation's gradient is changed.
public enum ActivationRule: Hashable, Sendable {
  /// `max(R, 0)`, whatever the activation did.
  case positiveRelevance
  /// The gradient where the relevance is positive, 0 elsewhere.
  case positiveGradient
  /// `sigmoid(β · x) · R`.
  case smooth(beta: Float)
}

/// One denominator `z` of a rule, and what it divides.
public struct RulePart: Hashable, Sendable {
  /// A changed copy of the layer's input.
  public enum Input: Hashable, Sendable {
    /// The input x.
    case asIs
    /// `max(x, 0)`.
    case positive
    /// `min(x, 0)`.
    case negative
    /// The same number everywhere.
    case constant(Float)
    /// The same number everywhere in a channel: one for each.
    case channels([Float])
    /// 1 where x is at least a threshold, −1 elsewhere.
    case sign(threshold: Float)
  }

  /// One product of a changed input with changed weights.
  public struct Term: Hashable, Sendable {
    /// The input.
    public var input: Input
    /// The weights.
    public var weights: ParameterForm
    /// The bias that is added, none if nil.
    public var bias: ParameterForm?
    /// Whether the product counts negative.
    public var isSubtracted: Bool
    /// What the transposed product is multiplied by; the input of the product itself if nil.
    public var weighing: Input?

    /// Makes a term.
    public init(
      _ input: Input, _ weights: ParameterForm, bias: ParameterForm? = nil, isSubtracted: Bool = false, weighing: Input? = nil
    ) {
      self.input = input
      self.weights = weights
      self.bias = bias
      self.isSubtracted = isSubtracted
      self.weighing = weighing
    }
  }

  /// Which outputs the part stands for.
  public enum Gate: Hashable, Sendable {
    /// All.
    case all
    /// Those where the unchanged layer's output is positive.
    case positiveOutput
    /// Those where it is negative.
    case negativeOutput
  }

  /// The products that add up to z.
  public var terms: [Term]
  /// What keeps z from zero.
  public var stabilizer: Stabilizer
  /// The share of this part in the result; may be negative.
  public var coefficient: Float
  /// Which outputs it stands for.
  public var gate: Gate

  /// Makes a part.
  public init(_ terms: [Term], stabilizer: Stabilizer, coefficient: Float = 1, gate: Gate = .all) {
    self.terms = terms
    self.stabilizer = stabilizer
    self.coefficient = coefficient
    self.gate = gate
  }

  /// Whether z is a sum of numbers of one sign, and no part of a difference: rounding errors stay small beside it.
  var addsOnly: Bool {
    coefficient > 0
      && terms.allSatisfy { term in
        guard !term.isSubtracted, case .signed(let positive, let negative) = term.weights else { return !term.isSubtracted }
        return positive == 0 || negative == 0
      }
  }

  /// Whether z is the layer's own output, which needs no further product.
  var isPlainOutput: Bool { terms == [Term(.asIs, .asIs, bias: .asIs, weighing: terms.first?.weighing)] }
}
