import Engine
import Networks
import Tensors

/// A teacher at work: it sees the very samples that the network is trained on, changed as they are.
///
/// Like the network's, its programs are one for each shard of a batch, so that what it says does not depend on the workers.
final class TeacherRun: @unchecked Sendable {
  // A program is touched by one worker at a time: a shard is one index of a round.
  private var programs: [Program] = []
  private let scoring: ScoringPlan
  private let name: String

  /// Compiles a teacher.
  ///
  /// - Parameter samples: the shape of a shard.
  /// - Throws: `EspalierError` if it takes something else.
  init(_ teacher: Teacher, samples: Shape, _ settings: TrainingSettings) throws {
    name = teacher.name
    scoring = try naming(file: name) {
      let scoring = try ScoringPlan(teacher.graph, output: teacher.output, settings.task, batch: settings.shard)
      guard scoring.shape == samples else {
        throw EspalierError(
          "it takes samples of shape \(Shape(Array(scoring.shape.dimensions.dropFirst())))",
          accepted: "\(Shape(Array(samples.dimensions.dropFirst()))), as the network that is trained")
      }
      return scoring
    }
  }

  /// Makes programs for so many shards.
  func reserve(_ shards: Int) throws {
    while programs.count < shards { programs.append(try Program(scoring.plan)) }
  }

  /// Writes what the teacher puts out for a shard.
  ///
  /// - Parameter outputs: `[N, …]`, row-major.
  /// - Throws: `EspalierError` naming a sample of which it says nothing.
  func answer(_ shard: LabelledShard, number: Int, into outputs: UnsafeMutableBufferPointer<Double>) throws {
    let program = programs[number]
    try naming(file: name) {
      try program.setInputs(scoring.input, to: scoring.checked(shard.samples), others: shard.others)
      if let stranger = scoring.others.first(where: { shard.others[$0] == nil }) {
        throw EspalierError("nothing is fed to its input '\(stranger)'", accepted: "the inputs of the network that is trained")
      }
      try program.run()
    }
    let answers = program.result(scoring.output).elements
    for (i, answer) in answers.enumerated() { outputs[i] = Double(answer) }
    if let stranger = answers.firstIndex(where: { !$0.isFinite }) {
      throw EspalierError(
        "\(name) puts out \(answers[stranger])", location: "sample \(shard.indices[stranger / scoring.form.count])",
        accepted: "finite numbers")
    }
  }
}
