import Networks
import Tensors

/// Which rule each kind of node gets: the nine composites of Zennit, the two of LXT, or one rule everywhere.
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
  /// AttnLRP, Achtibat et al., ICML 2024; a γ of 0 is the epsilon rule.
  case attnLRP(convGamma: Double = 0, linGamma: Double = 0)
  /// CP-LRP, Ali et al., ICML 2022: the same with a constant attention.
  case cpLRP
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
    case .attnLRP(let convGamma, let linGamma):
      let gamma = isConvolution ? convGamma : linGamma
      return TwinRule(gamma == 0 ? .epsilon : .gamma(gamma))
    case .cpLRP: return TwinRule(.epsilon)
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
    if case .attnLRP = self { return transformerRule(of: node) ?? (node.op is Op.Softmax ? TwinRule(.taylor) : nil) }
    if case .cpLRP = self { return transformerRule(of: node) ?? (node.op is Op.Softmax ? TwinRule(.stop) : nil) }
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

  /// What AttnLRP and CP-LRP have in common: sums and means in proportion, products in equal parts, functions of one number and
  /// factors passed; nil elsewhere.
  private func transformerRule(of node: Node) -> TwinRule? {
    switch node.op {
    case is Op.Add, is Op.Sum, is Op.Sub, is Op.ReduceSum, is Op.ReduceMean, is Op.AveragePool, is Op.GlobalAveragePool,
      is Op.BatchNormalization:
      TwinRule(.norm)
    case is Op.MatMul, is Op.Gemm: TwinRule(.uniformEpsilon)
    case is Op.Mul: TwinRule(.uniform)
    case is Op.LayerNormalization: TwinRule(.layerNorm)
    case is Op.Div, is Op.Relu, is Op.LeakyRelu, is Op.PRelu, is Op.Clip, is Op.Sigmoid,
      is Op.HardSigmoid, is Op.HardSwish, is Op.Tanh, is Op.Elu, is Op.Selu, is Op.Celu, is Op.ThresholdedRelu, is Op.Softplus,
      is Op.Softsign, is Op.Gelu, is Op.Mish, is Op.Swish, is Op.Exp, is Op.Log, is Op.Sqrt, is Op.Pow, is Op.Neg, is Op.Abs,
      is Op.Reciprocal, is Op.Erf:
      TwinRule(.pass)
    default: nil
    }
  }
}
