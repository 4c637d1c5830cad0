import Networks
import Tensors
import Testing

/// Compares gradients with central differences of `Σ weights · f(x)`, and records an issue where they differ.
///
/// - Parameters:
///   - x: where; no kink of the function may lie within `step` of it.
///   - gradient: what is to be checked, of x's shape.
///   - step: how far each element is moved to both sides.
///   - tolerance: the relative part counts from the largest magnitude of the gradient.
///   - function: a scalar function of x.
public func gradientCheck(
  at x: Tensor<Double>, gradient: Tensor<Double>, step: Double = 1e-5,
  tolerance: Tolerance = Tolerance(absolute: 1e-8, relative: 1e-7), _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation, of function: (Tensor<Double>) -> Double
) {
  let differences = x.elements.indices.map { position in
    var moved = x
    moved.elements[position] = x.elements[position] + step
    let above = function(moved)
    moved.elements[position] = x.elements[position] - step
    return (above - function(moved)) / (2 * step)
  }
  expectClose(
    gradient, Tensor(differences, shape: x.shape), tolerance, scaled: true, label.isEmpty ? "gradient" : label,
    sourceLocation: sourceLocation)
}

extension Twin {
  /// Checks ``backward(values:outputGradients:)`` by central differences, for the inputs and parameters named.
  ///
  /// The graph's outputs are weighted with normal random numbers, so that no cancellation hides a fault.
  public func checkGradients(
    inputs: [String: Tensor<Double>], of names: [String], seed: UInt64 = 1, _ label: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let values = forward(inputs)
    var random = Philox(seed: seed, stream: Philox.stream(named: "gradient check"))
    let weights = Dictionary(
      uniqueKeysWithValues: graph.outputs.map { ($0, values[$0]!.map { _ in random.normal() }) })
    let gradients = backward(values: values, outputGradients: weights)
    for name in names {
      let x = values[name]!
      gradientCheck(
        at: x, gradient: gradients[name] ?? Tensor(repeating: 0, shape: x.shape), "\(label) ∂/∂\(name)",
        sourceLocation: sourceLocation
      ) { moved in
        var twin = self
        var inputs = inputs
        if inputs[name] == nil { twin.parameters[name] = moved } else { inputs[name] = moved }
        let values = twin.forward(inputs)
        return weights.reduce(0) { $0 + ($1.value * values[$1.key]!).elements.reduce(0, +) }
      }
    }
  }
}
