/// A rule that moves a parameter against its gradient.
///
/// A conforming type is a value that holds hyper-parameters only. What it remembers of a parameter is handed to it, so that a
/// checkpoint can store it and surgery can cut it like the parameter itself.
public protocol Optimizer: Sendable {
  /// The name and every hyper-parameter, on one line: a checkpoint of another optimiser is refused.
  var description: String { get }

  /// The number of arrays of the parameter's size that are remembered between steps; they start as zeros.
  var stateCount: Int { get }

  /// Moves one parameter.
  ///
  /// - Parameters:
  ///   - weights: the elements, changed in place.
  ///   - gradient: the loss's gradient at them, without decay.
  ///   - state: ``stateCount`` arrays, changed in place.
  ///   - rate: the learning rate of this parameter at this step.
  ///   - decay: the weight decay of this parameter; 0 where it has none.
  ///   - step: the number of this step, from 1.
  func move(
    _ weights: inout [Float], gradient: [Float], state: inout [[Float]], rate: Float, decay: Float, step: Int)
}
