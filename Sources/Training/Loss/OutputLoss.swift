import Datasets
import Networks
import Tensors

/// How the outputs of samples meet their labels: which numbers are of one position, and what a loss makes of them.
struct OutputLoss: Sendable {
  /// What labels are.
  let task: LearningTask
  /// What the output holds of one sample.
  let form: OutputForm
  /// What judges one position, or one number.
  let loss: any Loss

  /// - Parameter loss: what judges one position, or one number; nil for cross-entropy without smoothing, or the squared error.
  init(task: LearningTask, form: OutputForm, loss: (any Loss)? = nil) {
    self.task = task
    self.form = form
    self.loss = loss ?? (task == .regression ? SquaredError() : SoftmaxCrossEntropy(smoothing: 0))
  }

  /// The number of labels of a sample.
  var labelCount: Int { task == .regression ? form.count : form.positions }

  /// The labels of a shard's samples, one after the other; a class below 0 is none.
  ///
  /// - Throws: `EspalierError` naming a sample whose labels do not fit the output.
  func labels(of shard: LabelledShard) throws -> [Double] {
    func refuse(_ row: Int, _ problem: String, _ accepted: String) -> EspalierError {
      EspalierError(problem, location: "sample \(shard.indices[row])", accepted: accepted)
    }
    let classes = ClassScores.labels(ofOutputs: form.classes)
    let known = task == .regression ? shard.values.count : form.isVector ? shard.labels.count : shard.positions.count
    guard known == shard.count else {
      throw refuse(
        0, task == .regression ? "it has no numbers for a label" : "it has no classes of its positions",
        "labels for what the output holds, \(Shape(form.lengths))")
    }
    if task == .regression {
      return try shard.values.enumerated().flatMap { row, values in
        guard values.count == form.count else {
          throw refuse(row, "its label has \(values.count.of("number"))", "\(form.count), as the output has")
        }
        return values.map(Double.init)
      }
    }
    if form.isVector {
      return try shard.labels.enumerated().map { row, labels in
        guard let label = labels.first, (0..<classes).contains(label) else {
          throw refuse(
            row, labels.isEmpty ? "it has no label" : "its label \(labels[0]) is no class of the network", "0 to \(classes - 1)")
        }
        return Double(label)
      }
    }
    return try shard.positions.enumerated().flatMap { row, labels in
      guard labels.count == form.positions else {
        throw refuse(row, "it has classes of \(labels.count) positions", "\(form.positions): \(Shape(form.positionLengths))")
      }
      if let label = labels.first(where: { $0 >= classes }) {
        throw refuse(row, "its class \(label) is none of the network's", "0 to \(classes - 1), and 255 for none")
      }
      return labels.map { $0 < 0 ? -1 : Double($0) }
    }
  }

  /// The number of terms that the loss is the mean of: labelled samples, labelled positions, or numbers.
  func weight(of labels: [Double]) -> Int { task == .regression ? labels.count : labels.count { $0 >= 0 } }

  /// The loss and the number of labels that have the greatest logit (the first of equals), summed over a shard.
  ///
  /// - Parameters:
  ///   - outputs: `[N, …]`, row-major.
  ///   - labels: of the first `count` samples; the others get no gradient.
  ///   - teacher: `[N, …]` as the outputs; nil where the loss has no teacher.
  ///   - gradient: `[N, …]`, written.
  func evaluate(
    outputs: UnsafePointer<Float>, labels: UnsafeMutableBufferPointer<Double>, teacher: UnsafePointer<Double>?, count: Int,
    rows: Int, gradient: UnsafeMutablePointer<Float>
  ) -> (loss: Double, correct: Int) {
    // The numbers that are judged together: those of all classes of a position, or one by itself.
    let (width, stride) = task == .regression ? (1, 1) : (form.classes, form.stride)
    var sum = (loss: 0.0, correct: 0)
    var (own, slopes) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
    var taught = [Double](repeating: 0, count: teacher == nil ? 0 : width)
    for unit in 0..<count * labelCount {
      let (sample, position) = (unit / labelCount, unit % labelCount)
      let start = sample * form.count + (task == .regression ? position : form.start(ofPosition: position))
      if task != .regression, labels[unit] < 0 {
        for k in 0..<width { gradient[start + k * stride] = 0 }
        continue
      }
      for k in 0..<width { own[k] = outputs[start + k * stride] }
      if let teacher { for k in 0..<width { taught[k] = teacher[start + k * stride] } }
      let found = own.withUnsafeBufferPointer { own in
        taught.withUnsafeBufferPointer { taught in
          slopes.withUnsafeMutableBufferPointer { slopes in
            loss.evaluate(own, label: labels[unit], teacher: taught, gradient: slopes)
          }
        }
      }
      for k in 0..<width { gradient[start + k * stride] = slopes[k] }
      sum.loss += found.loss
      sum.correct += found.isRight ? 1 : 0
    }
    (gradient + count * form.count).update(repeating: 0, count: (rows - count) * form.count)
    return sum
  }
}
