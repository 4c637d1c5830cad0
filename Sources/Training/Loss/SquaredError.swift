/// `(y − label)²`, whose mean over all numbers is the mean squared error.
struct SquaredError: Loss {
  var description: String { "squared error" }

  func evaluate(
    _ outputs: UnsafeBufferPointer<Float>, label: Double, teacher: UnsafeBufferPointer<Double>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) -> (loss: Double, isRight: Bool) {
    let error = Double(outputs[0]) - label
    gradient[0] = Float(2 * error)
    return (error * error, false)
  }
}
