import Networks
import Tensors

/// A parameter while it is trained: the latent weight, its gradient, and what the optimiser remembers of it.
final class TrainedParameter: @unchecked Sendable {
  // One worker at a time works on a parameter.
  let name: String
  let role: ParameterRole
  let policy: ParameterPolicy
  let decay: Float
  /// The weight that is moved.
  var latent: Tensor<Float>
  /// The gradient of the mean loss, first at the effective weight, then at the latent one.
  var gradient: Tensor<Float>
  /// What the optimiser remembers.
  var state: [[Float]]

  init(name: String, role: ParameterRole, policy: ParameterPolicy, latent: Tensor<Float>, settings: TrainingSettings) throws {
    if let mask = policy.mask, mask.shape != latent.shape {
      throw EspalierError("its mask has shape \(mask.shape)", location: "parameter '\(name)'", accepted: "\(latent.shape)")
    }
    self.name = name
    self.role = role
    self.policy = policy
    self.latent = latent
    decay = policy.decays ?? (role == .weight || settings.decaysAll) ? settings.weightDecay : 0
    gradient = Tensor(repeating: 0, shape: latent.shape)
    state = [[Float]](repeating: gradient.elements, count: settings.optimizer.stateCount)
  }

  /// The weight that the network computes with.
  var effective: Tensor<Float> { policy.transform?.effective(latent) ?? latent }

  /// Takes the optimiser's step; elements that the mask holds stay as they are.
  func move(_ optimizer: any Optimizer, rate: Double, step: Int) {
    let before = policy.mask == nil ? nil : latent.elements
    optimizer.move(
      &latent.elements, gradient: gradient.elements, state: &state, rate: Float(rate) * policy.rate, decay: decay, step: step)
    guard let before, let mask = policy.mask else { return }
    for i in before.indices where mask.elements[i] == 0 { latent.elements[i] = before[i] }
  }
}
