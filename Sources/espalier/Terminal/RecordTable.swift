import Compression
import Foundation
import Tensors

/// Steps of a chain as a table.
enum RecordTable {
  /// The text: a row a step, then what each depended on and what must be known of it.
  static func text(_ steps: [StepRecord]) -> String {
    let table = Table(
      columns: [
        ("step", .left), ("", .left), ("MACs", .right), ("after", .right), ("parameters", .right), ("after", .right),
        ("not 0", .right), ("bytes", .right), ("score", .right), ("after", .right), ("promised", .left),
      ],
      rows: steps.enumerated().map { position, step in
        [
          "\(position + 1)", step.step, step.before.macs.grouped, step.after.macs.grouped, step.before.parameters.grouped,
          step.after.parameters.grouped, step.after.nonZeros.grouped, step.after.bytes.grouped, percent(step.score?.before),
          percent(step.score?.after), promise(step),
        ]
      })
    return ([table.text] + steps.enumerated().map { details($1, number: $0 + 1) }).joined(separator: "\n\n")
  }

  private static func percent(_ share: Double?) -> String { share.map { String(format: "%.2f %%", 100 * $0) } ?? "" }

  private static func promise(_ step: StepRecord) -> String {
    guard let proof = step.proof, step.promise != .none else { return "\(step.promise)" }
    return String(format: "%@, %.2g of an output's scale", "\(step.promise)", proof.relativeDifference)
  }

  /// How a step trained: the rate as it was used, and what the epochs came to.
  private static func training(_ training: StepRecord.Training) -> [String] {
    func text(_ epoch: StepRecord.Training.Epoch) -> String {
      let numbers = [
        String(format: "loss %.4f", epoch.loss), epoch.accuracy.map { "accuracy \(percent($0))" },
        epoch.validationAccuracy.map { "validation accuracy \(percent($0))" }
          ?? epoch.validationLoss.map { String(format: "validation loss %.4f", $0) },
      ]
      return "epoch \(epoch.epoch), \(numbers.compactMap { $0 }.joined(separator: ", "))"
    }
    let (last, best) = (training.last.map(text), training.best.map(text))
    return [
      "  trained for \(training.epochs.of("epoch")) at a rate of \(training.rate); the \(training.kept) was kept",
      last.map { "  last: \($0)" }, best.map { "  best by \(training.bestBy): \($0)" },
    ].compactMap { $0 }
  }

  private static func details(_ step: StepRecord, number: Int) -> String {
    var lines = ["\(number) \(step.step), from \(step.began.prefix(12))…"]
    lines += step.settings.sorted { $0.key < $1.key }.map { name, value in
      // The whole of a digest stands in --json.
      let isDigest = value.utf8.count == 64 && value.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
      return "  \(name): \(isDigest ? value.prefix(12) + "…" : value)"
    }
    if let score = step.score { lines.append("  score: \(score.measure) on \(score.data), \(score.images.of("image"))") }
    lines += step.training.map(training) ?? []
    return (lines + step.notes.map { "  \($0)" }).joined(separator: "\n")
  }
}
