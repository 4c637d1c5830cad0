import Engine
import Networks
import Tensors

/// A term of the loss that depends on a weight, such as a penalty.
public protocol WeightTerm: Sendable {
  /// The name and every setting, on one line, for checkpoints.
  var description: String { get }

  /// Adds the term's gradient at one latent weight to that of the loss (a mean over samples).
  ///
  /// - Parameters:
  ///   - name: the parameter's name; a term leaves alone those that do not concern it.
  ///   - gradient: of the weight's shape.
  /// - Returns: the term's value.
  func add(to gradient: inout Tensor<Float>, of name: String, role: ParameterRole, weight: Tensor<Float>) -> Double
}

/// A term of the loss that depends on a value inside the network.
public protocol TapTerm: Sendable {
  /// The name and every setting, on one line, for checkpoints.
  var description: String { get }

  /// The value's name.
  var value: String { get }

  /// Writes the gradient of the term, summed over the real samples of a shard.
  ///
  /// - Parameters:
  ///   - map: the value, where it lies.
  ///   - gradient: in the same layout, zero at first.
  /// - Returns: the term's value, summed over the real samples; it is divided by the batch's size later.
  func evaluate(_ map: FeatureMap, gradient: FeatureMap) -> Double
}
