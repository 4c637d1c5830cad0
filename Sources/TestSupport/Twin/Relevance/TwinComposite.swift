import Networks
import Tensors

/// Which rule each kind of node gets: the nine composites of Zennit, or one rule everywhere.
public enum TwinComposite: Sendable {
  case epsilonGammaBox(low: [Double], high: [Double])
  case epsilonPlus
  case epsilonPlusFlat
  case epsilonAlpha2Beta1
  case epsilonAlpha2Beta1Flat
  case deconvNet
  case guidedBackprop
  case betaSmooth
  case excitationBackprop
  /// One rule at every layer with weights, sum and average pool; the plain gradient elsewhere.
  case uniform(TwinRule)
  /// One rule at every layer with weights; sums and average pools as in ``epsilonPlus``, activations passed.
  case linear(TwinRule)
  /// One rule at the first layer with weights, ``epsilonPlus`` elsewhere.
  case first(TwinRule)

  /// The composites by Zennit's names.
  ///
  /// - Parameters:
  ///   - low: the input's lower bounds, one number or one a channel.
  ///   - high: the upper bounds.
  public static func named(low: [Double], high: [Double]) -> [String: TwinComposite] {
    [
      "epsilon_gamma_box": .epsilonGammaBox(low: low, high: high), "epsilon_plus": .epsilonPlus,
      "epsilon_plus_flat": .epsilonPlusFlat, "epsilon_alpha2_beta1": .epsilonAlpha2Beta1,
      "epsilon_alpha2_beta1_flat": .epsilonAlpha2Beta1Flat, "deconvnet": .deconvNet, "guided_backprop": .guidedBackprop,
      "beta_smooth": .betaSmooth, "excitation_backprop": .excitationBackprop,
    ]
  }

  /// The rule of a layer with weights, or nil for the plain gradient.
  ///
  /// - Parameters:
  ///   - isConvolution: whether it is a convolution, transposed or not.
  ///   - isFirstLayer: whether no layer with weights comes before it in execution order.
  ///   - isFirstConvolution: whether no convolution does.
  func rule(isConvolution: Bool, isFirstLayer: Bool, isFirstConvolution: Bool) -> TwinRule? {
    let alpha2Beta1 = TwinRule(.alphaBeta(alpha: 2, beta: 1))
    switch self {
    case .epsilonGammaBox(let low, let high):
      if isFirstConvolution { return TwinRule(.zBox(low: low, high: high)) }
      return TwinRule(isConvolution ? .gamma(0.25) : .epsilon)
    case .epsilonPlus: return TwinRule(isConvolution ? .zPlus : .epsilon)
    case .epsilonPlusFlat: return TwinRule(isFirstLayer ? .flat : isConvolution ? .zPlus : .epsilon)
    case .epsilonAlpha2Beta1: return isConvolution ? alpha2Beta1 : TwinRule(.epsilon)
    case .epsilonAlpha2Beta1Flat: return isFirstLayer ? TwinRule(.flat) : isConvolution ? alpha2Beta1 : TwinRule(.epsilon)
    case .excitationBackprop: return TwinRule(.zPlus)
    case .uniform(let rule), .linear(let rule): return rule
    case .first(let rule): return isFirstLayer ? rule : TwinRule(isConvolution ? .zPlus : .epsilon)
    case .deconvNet, .guidedBackprop, .betaSmooth: return nil
    }
  }

  /// The rule of a node without weights, or nil for the plain gradient.
  ///
  /// - Parameters:
  ///   - addsBranches: whether it adds values that depend on the graph's inputs.
  ///   - averagesSpace: whether it is an average over positions.
  func rule(of node: Node, addsBranches: Bool, averagesSpace: Bool) -> TwinRule? {
    switch self {
    case .deconvNet: return node.op is Op.Relu ? TwinRule(.reluDeconvNet) : nil
    case .guidedBackprop: return node.op is Op.Relu ? TwinRule(.reluGuidedBackprop) : nil
    case .betaSmooth: return node.op is Op.Relu ? TwinRule(.reluBetaSmooth(10)) : nil
    default: break
    }
    if case .uniform(let rule) = self { return addsBranches || averagesSpace ? rule : nil }
    if addsBranches || averagesSpace { return TwinRule(.norm) }
    if case .excitationBackprop = self { return nil }
    switch node.op {
    case is Op.Relu, is Op.LeakyRelu, is Op.PRelu, is Op.Clip, is Op.Sigmoid, is Op.HardSigmoid, is Op.HardSwish, is Op.Tanh,
      is Op.Elu, is Op.Selu, is Op.Celu, is Op.ThresholdedRelu, is Op.Softplus, is Op.Softsign, is Op.Gelu, is Op.Mish,
      is Op.Swish,
      is Op.BatchNormalization:
      return TwinRule(.pass)
    default: return nil
    }
  }
}
