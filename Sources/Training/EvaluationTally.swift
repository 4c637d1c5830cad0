import Foundation
import Networks
import Tensors

/// Sums over samples.
struct EvaluationTally: Sendable, Codable {
  var loss = 0.0
  /// Where samples have one class each: which are answered right, and by class.
  var answers = Answers()
  var byClass: ClassAccuracy?
  var top5 = 0
  var notNumbers = 0
  var first: Int?
  var confusion: Confusion?
  var errors: ErrorSums?

  init() {}

  init(numbers: Tensor<Float>, _ shard: LabelledShard, _ loss: OutputLoss) throws {
    var errors = ErrorSums(outputs: loss.form.count)
    for (i, right) in try loss.labels(of: shard).enumerated() {
      if numbers.elements[i].isNaN { note(shard.indices[i / loss.form.count]) }
      errors.add(i % loss.form.count, Double(numbers.elements[i]), right: right)
    }
    self.loss = errors.squared
    self.errors = errors
  }

  init(positions outputs: Tensor<Float>, _ shard: LabelledShard, _ loss: OutputLoss) throws {
    let form = loss.form
    var confusion = Confusion(classes: ClassScores.labels(ofOutputs: form.classes))
    var logits = [Float](repeating: 0, count: form.classes)
    for (i, label) in try loss.labels(of: shard).enumerated() where label >= 0 {
      let sample = i / form.positions
      let start = sample * form.count + form.start(ofPosition: i % form.positions)
      for k in 0..<form.classes { logits[k] = outputs.elements[start + k * form.stride] }
      if logits.contains(where: \.isNaN) {
        note(shard.indices[sample])
        confusion.add(Int(label), predicted: nil)
        continue
      }
      // A single number z is the logit of class 1: 0 and z have its probabilities.
      (form.classes == 1 ? [0, logits[0]] : logits).withUnsafeBufferPointer { x in
        let summary = LogitSummary(x)
        self.loss += summary.logarithmOfSum - Double(x[Int(label)])
        confusion.add(Int(label), predicted: summary.best)
      }
    }
    self.confusion = confusion
  }

  /// Counts a sample with an output that is NaN, once.
  private mutating func note(_ index: Int) {
    loss = .nan
    if last == index { return }
    last = index
    notNumbers += 1
    if first == nil { first = index }
  }

  private var last: Int?

  init(logits: Tensor<Float>, _ shard: LabelledShard) throws {
    // A single output z is the logit of class 1: the scores 0 and z have its probabilities and its cross-entropy.
    let logits = logits.shape[1] == 1 ? Tensor(logits.elements.flatMap { [0, $0] }, shape: [logits.shape[0], 2]) : logits
    let classes = logits.shape[1]
    var byClass = ClassAccuracy(classes: classes)
    try logits.elements.withUnsafeBufferPointer { elements in
      for (row, labels) in shard.labels.enumerated() {
        let stranger = labels.first { !(0..<classes).contains($0) }
        guard !labels.isEmpty, stranger == nil else {
          throw EspalierError(
            stranger.map { "label \($0) is no class of the network" } ?? "it has no label",
            location: "sample \(shard.indices[row])", accepted: "0 to \(classes - 1)")
        }
        let x = UnsafeBufferPointer(rebasing: elements[row * classes..<(row + 1) * classes])
        guard !x.contains(where: \.isNaN) else {
          loss = .nan
          notNumbers += 1
          if first == nil { first = shard.indices[row] }
          answers.right.append(false)
          byClass.add(labels, isRight: false)
          continue
        }
        let summary = LogitSummary(x)
        let right = labels.reduce(labels[0]) { x[$1] > x[$0] || (x[$1] == x[$0] && $1 < $0) ? $1 : $0 }
        loss += summary.logarithmOfSum - Double(x[right])
        let before = x.indices.count { x[$0] > x[right] || (x[$0] == x[right] && $0 < right) }
        answers.right.append(before == 0)
        byClass.add(labels, isRight: before == 0)
        if before < 5 { top5 += 1 }
      }
    }
    self.byClass = byClass
  }

  static func + (a: EvaluationTally, b: EvaluationTally) -> EvaluationTally {
    var sum = a
    sum.loss += b.loss
    sum.answers.right += b.answers.right
    if let other = b.byClass { sum.byClass?.add(other) }
    sum.top5 += b.top5
    sum.notNumbers += b.notNumbers
    sum.first = a.first ?? b.first
    if let other = b.confusion { sum.confusion?.add(other) }
    if let other = b.errors { sum.errors?.add(other) }
    return sum
  }
}

/// Which of some samples are answered right, in the data's order; stored as a byte each, 0 or 1.
struct Answers: Hashable, Sendable, Codable {
  var right: [Bool] = []

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let bytes = try container.decode(Data.self)
    guard bytes.allSatisfy({ $0 <= 1 }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "neither right nor wrong")
    }
    right = bytes.map { $0 == 1 }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Data(right.map { $0 ? 1 : 0 }))
  }
}
