import Foundation

/// What labels say, and what another network says of the same samples: `(1 − w) · CE + w · T² · KL(softmax(t / T) ‖ softmax(z / T))`
/// with the logits z of the network and t of its teacher.
///
/// T² keeps the gradients of both terms in proportion when T changes. A single logit z stands for the logits 0 and z of two classes,
/// as in ``SoftmaxCrossEntropy``. The paper has the cross-entropy with the softened answers in place of the divergence; they differ
/// by the entropy of the teacher's answers, which has no gradient.
///
/// Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015, section 2.
public struct Distillation: Loss {
  /// The temperature where none is said: among those that the paper tries (1 to 20).
  public static let usualTemperature = 4.0
  /// The weight of the teacher where none is said: the paper finds a "considerably lower weight" on the labels best.
  public static let usualWeight = 0.9

  public let teacher: Teacher?
  /// T, above 0.
  public let temperature: Double
  /// w, the teacher's share, 0 … 1.
  public let weight: Double
  private let labels: SoftmaxCrossEntropy

  /// Makes a loss.
  ///
  /// - Parameter labelSmoothing: the share of a label that is spread over all classes.
  public init(
    from teacher: Teacher, temperature: Double = usualTemperature, weight: Double = usualWeight, labelSmoothing: Double = 0
  ) {
    precondition(temperature > 0 && temperature.isFinite && 0...1 ~= weight, "temperature \(temperature), weight \(weight)")
    self.teacher = teacher
    self.temperature = temperature
    self.weight = weight
    labels = SoftmaxCrossEntropy(smoothing: labelSmoothing)
  }

  public var description: String {
    "distillation at temperature \(temperature), weight \(weight), from \(teacher?.digest ?? ""); \(labels.description)"
  }

  public func evaluate(
    _ outputs: UnsafeBufferPointer<Float>, label: Double, teacher: UnsafeBufferPointer<Double>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) -> (loss: Double, isRight: Bool) {
    let (t, z) = (logShares(teacher.map { $0 / temperature }), logShares(outputs.map { Double($0) / temperature }))
    let own = labels.evaluate(outputs, label: Int(label)) { k, slope in
      // T² · ∂KL/∂z = T · (softmax(z / T) − softmax(t / T))
      gradient[k] = Float((1 - weight) * slope + weight * temperature * (exp(z[k]) - exp(t[k])))
    }
    let divergence = zip(t, z).reduce(0.0) { sum, pair in
      let share = exp(pair.0)
      return share > 0 ? sum + share * (pair.0 - pair.1) : sum
    }
    return ((1 - weight) * own.loss + weight * temperature * temperature * divergence, own.isRight)
  }

  /// The logarithm of a softmax; of a single logit that of it and of 0.
  private func logShares(_ logits: [Double]) -> [Double] {
    let x = logits.count == 1 ? [logits[0], 0] : logits
    let greatest = x.max() ?? 0
    let logarithmOfSum = greatest + log(x.reduce(0.0) { $0 + exp($1 - greatest) })
    return x.map { $0 - logarithmOfSum }
  }
}
