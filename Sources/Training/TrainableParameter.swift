import Datasets
import Networks
import Tensors

/// How one parameter is trained, where that differs from the rest.
public struct ParameterPolicy: Sendable {
  /// The factor of the learning rate; 0 freezes the parameter.
  public var rate: Float
  /// Whether weight decay applies; nil for the settings' rule.
  public var decays: Bool?
  /// 1 where an element is trained and 0 where it stays as it is, of the parameter's shape; nil trains all.
  public var mask: Tensor<Float>?
  /// What makes the weight that is used out of the one that is trained.
  public var transform: (any WeightTransform)?

  /// Makes a policy.
  public init(rate: Float = 1, decays: Bool? = nil, mask: Tensor<Float>? = nil, transform: (any WeightTransform)? = nil) {
    self.rate = rate
    self.decays = decays
    self.mask = mask
    self.transform = transform
  }

  /// A parameter that is not trained.
  public static let frozen = ParameterPolicy(rate: 0)
}

/// What is made of a latent weight before it is used: quantisation, binarisation, re-parametrisation.
public protocol WeightTransform: Sendable {
  /// The name and every setting, on one line, for checkpoints.
  var description: String { get }

  /// The effective weight, of the same shape.
  func effective(_ latent: Tensor<Float>) -> Tensor<Float>

  /// The gradient at the latent weight from that at the effective one.
  func backward(_ gradient: Tensor<Float>, latent: Tensor<Float>) -> Tensor<Float>
}

extension WeightTransform {
  /// The straight-through estimator: the gradient as it is.
  ///
  /// Source: Bengio, Léonard, Courville, "Estimating or propagating gradients through stochastic neurons", 2013.
  public func backward(_ gradient: Tensor<Float>, latent: Tensor<Float>) -> Tensor<Float> { gradient }
}

extension Graph {
  /// The constants that training changes, with their roles: weights and biases of convolutions and linear layers (a constant
  /// added right behind one among them), factors and summands of batch norms, slopes.
  public var trainableRoles: [String: ParameterRole] {
    var roles: [String: ParameterRole] = [:]
    for node in nodes {
      for position in trainedPositions(of: node) {
        if let name = node.inputs[position], roles[name] == nil { roles[name] = node.op.trainable[position] }
      }
    }
    return roles
  }

  /// The graph that is trained in the position of this one: constants folded and what does nothing in training dropped,
  /// written-out activations recognised, batch norms and every weight as they are, and the logits as only result.
  ///
  /// - Parameters:
  ///   - output: the output that is trained; nil for the first.
  ///   - task: what labels are; for regression a final softmax or sigmoid stays.
  /// - Throws: `EspalierError` if shapes cannot be inferred, or there is no such output.
  func preparedForTraining(output: String? = nil, task: LearningTask = .classification) throws -> (Graph, OutputForm) {
    let scores = try classScores(output: output, keepsHead: task == .regression)
    return (
      try ActivationRecognition().canonize(NoOpRemoval(keepsDropout: true).canonize(ConstantFolding().canonize(scores.graph))),
      scores.form
    )
  }
}
