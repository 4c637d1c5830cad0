import Datasets
import Files
import Tensors

/// Where other methods take part in training.
///
/// All are empty unless given.
public struct TrainingSeams {
  /// How single parameters are trained, by the constant's name.
  public var policies: [String: ParameterPolicy]
  /// Constants that are trained beside ``Networks/Graph/trainableRoles``, such as gates.
  public var gates: Set<String>
  /// What judges the outputs, in the place of the task's own loss; nil for that.
  public var loss: (any Loss)?
  /// Terms of the loss over weights.
  public var weightTerms: [any WeightTerm]
  /// Terms of the loss over values inside the network.
  public var tapTerms: [any TapTerm]
  /// Values for which the gradient of a mask over channels is computed for every sample (``Trainer/maskGradients``).
  public var maskSites: [String]
  /// What is called at fixed moments, in this order.
  public var hooks: [any TrainingHook]

  /// Makes seams.
  public init(
    policies: [String: ParameterPolicy] = [:], gates: Set<String> = [], loss: (any Loss)? = nil,
    weightTerms: [any WeightTerm] = [], tapTerms: [any TapTerm] = [], maskSites: [String] = [], hooks: [any TrainingHook] = []
  ) {
    self.policies = policies
    self.gates = gates
    self.loss = loss
    self.weightTerms = weightTerms
    self.tapTerms = tapTerms
    self.maskSites = maskSites
    self.hooks = hooks
  }

  /// All but the hooks in text, for checkpoints.
  var description: String {
    let policies = policies.sorted { $0.key < $1.key }.map { name, policy in
      let decay = policy.decays.map { " decay \($0)" } ?? ""
      let transform = policy.transform.map { " " + $0.description } ?? ""
      return "\(name) rate \(policy.rate)\(decay)\(policy.mask.map { " mask \($0.digest)" } ?? "")\(transform)"
    }
    return
      (policies + gates.sorted().map { "gate \($0)" } + [loss?.description].compactMap { $0 }
      + weightTerms.map(\.description) + tapTerms.map(\.description)
      + maskSites.map { "mask gradients at \($0)" })
      .joined(separator: "; ")
  }
}

extension Tensor<Float> {
  fileprivate var digest: String {
    var hash = SHA256()
    elements.withUnsafeBytes { hash.update($0) }
    return hash.hexadecimal
  }
}
