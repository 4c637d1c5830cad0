import Tensors

/// One chain of a study: on one network, with a value for every factor, under one seed.
struct StudyJob: Sendable {
  /// A step with its settings.
  struct Step: Hashable, Sendable {
    var name: String
    var settings: [String: String]
  }

  /// The network.
  var network: String
  /// What is compared, such as a method: all that is chosen but budget and seed.
  var arm: String
  /// The control that it is; nil for none.
  var control: Study.Control?
  /// The values of the factors, in their order.
  var factors: [Factor]
  /// What the last pruning keeps, as its step says; nil where none prunes.
  var budget: String?
  var seed: UInt64
  /// None for the network as it is.
  var steps: [Step]

  /// A factor with its value.
  struct Factor: Hashable, Sendable {
    var name: String, value: String
  }

  /// What errors and progress call it.
  var title: String {
    [network, arm, budget, "seed \(seed)"].compactMap { $0 }.joined(separator: ", ")
  }
}
