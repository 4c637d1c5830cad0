/// How far what a network puts out is from what it should be, judged sample by sample, or position by position, or number by
/// number.
public protocol Loss: Sendable {
  /// The name and every setting, on one line, for checkpoints.
  var description: String { get }

  /// The network whose outputs for the same samples this is also a function of; nil for none.
  var teacher: Teacher? { get }

  /// The loss and its gradient; both are divided by the number of labels only once all shards are in.
  ///
  /// - Parameters:
  ///   - outputs: the scores of all classes of a sample or position; a single number where labels are numbers.
  ///   - label: the class, or the number that is right.
  ///   - teacher: what the teacher puts out in the same place; empty where there is none.
  ///   - gradient: of the loss at each output, written.
  /// - Returns: the loss, and whether the label has the greatest score (the first of equals).
  func evaluate(
    _ outputs: UnsafeBufferPointer<Float>, label: Double, teacher: UnsafeBufferPointer<Double>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) -> (loss: Double, isRight: Bool)
}

extension Loss {
  public var teacher: Teacher? { nil }
}
