import Compression
import Networks
import Tensors
import Training

/// Whose answers a tuning step learns beside labels, and how much of each.
public struct Teaching: Hashable, Sendable {
  /// Where the teacher comes from.
  public enum Source: Hashable, Sendable, CustomStringConvertible {
    /// The network that the chain begins from.
    case origin
    /// The network that the step before began from: behind a pruning, the one that was pruned.
    case before
    /// A file.
    case file(String)

    /// Reads `origin`, `before`, or the name of a file.
    public init(_ text: String) { self = text == "origin" ? .origin : text == "before" ? .before : .file(text) }

    public var description: String {
      switch self {
      case .origin: "origin"
      case .before: "before"
      case .file(let path): path
      }
    }
  }

  /// Where the teacher comes from.
  public var source: Source
  /// See ``Training/Distillation``.
  public var temperature: Double, weight: Double

  /// Makes a teaching.
  public init(
    _ source: Source, temperature: Double = Distillation.usualTemperature, weight: Double = Distillation.usualWeight
  ) {
    (self.source, self.temperature, self.weight) = (source, temperature, weight)
  }

  /// The file that is read; nil for none.
  var file: String? { if case .file(let path) = source { path } else { nil } }

  /// The teacher, if it is known before the chain is run.
  ///
  /// - Throws: `EspalierError` if its file cannot be read.
  func known(_ origin: Model) throws -> Teacher? {
    switch source {
    case .origin: Teacher(origin.graph, output: origin.output, name: origin.path)
    case .before: nil
    case .file(let path): try Teacher(Model(path).graph, name: path)
    }
  }

  /// The loss of a step.
  ///
  /// - Throws: `EspalierError` if there is no step before, or the teacher cannot be read.
  func loss(_ input: StepInput, _ origin: Model, _ settings: TrainingSettings) throws -> Distillation {
    func before() throws -> Teacher {
      guard !input.before.isEmpty else {
        throw EspalierError("no step is before this one", location: "teacher=before", accepted: "origin, or a file")
      }
      let model = try origin.alike(input.before.dropLast().last?.network ?? origin.path)
      return Teacher(model.graph, output: model.output, name: "the network before the last step")
    }
    return Distillation(
      from: try known(origin) ?? before(), temperature: temperature, weight: weight, labelSmoothing: settings.labelSmoothing)
  }
}
