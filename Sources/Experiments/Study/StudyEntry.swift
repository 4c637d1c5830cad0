import Compression
import Foundation
import Tensors

/// What a chain of a study came to: the network before it and after each step.
struct StudyEntry: Codable {
  /// The network at one moment.
  struct State: Codable {
    /// The step that made it; `network` for the one that the chain begins from.
    var step: String
    /// Its file in the study's folder, and the SHA-256 of that.
    var file: String, digest: String
    var footprint: Footprint
    /// How good it is; nil where that is not known.
    var score: ChainRun.Score?
    /// How the step trained it; nil where it did not.
    var training: StepRecord.Training?
    /// How much its relevance resembles that of the network before the chain; nil if it was not compared.
    var drift: StudyDrift?
    /// The identity of the scores that the step pruned by; nil for other steps.
    var scores: String?
    /// What its record says.
    var notes: [String]
    /// The time that the step took the process that ended it, in seconds.
    var seconds: Double
  }

  /// The state before the chain, and after each step.
  var states: [State]
  /// The time of a forward pass before and after; nil if it was not measured.
  var latency: [Latency]?

  var first: State { states[0] }
  var last: State { states[states.count - 1] }
  /// After the last pruning, before it is tuned; nil where nothing was pruned.
  var pruned: State? { states.last { $0.step == PruneStep.name } }
}

/// What came of one job of a study.
struct StudyOutcome {
  var job: StudyJob
  var entry: StudyEntry
}
