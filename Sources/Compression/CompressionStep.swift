import Foundation
import Tensors

/// Something that makes another network of one: all that a chain, a study and the command line know of pruning, tuning and the
/// like.
public protocol CompressionStep: Sendable {
  /// The name by which it is asked for, and under which it stands in records.
  var name: String { get }

  /// All that its result depends on, but the network that it begins from.
  ///
  /// - Throws: `EspalierError` if an input cannot be read.
  func job() throws -> JobIdentity

  /// Makes the network and writes it, its record added to the chain in the file's metadata.
  ///
  /// Stopped at any moment, it goes on from what it left in its place, to the same bytes.
  ///
  /// - Throws: `EspalierError`; what it throws where it was asked to stop.
  func apply(_ input: StepInput, in place: StepPlace) throws -> StepOutcome
}

/// The network that a step begins from.
public struct StepInput: Sendable {
  /// The ONNX file.
  public var path: String
  /// Its SHA-256.
  public var digest: String
  /// The results of the steps of this chain before.
  public var before: [StepResult]
}

/// The files of a step, beside each other under names that no other has.
public struct StepPlace: Hashable, Sendable {
  let folder: String
  let name: String

  private var base: String { "\(folder)/\(name)" }

  /// The network that it makes.
  public var network: String { base + ".onnx" }

  /// A file that it needs while it works.
  public func file(_ ending: String) -> String { "\(base).\(ending)" }

  /// A file that steps of the same kind share, in other chains too: what a job of that identity yields.
  public func shared(_ ending: String, _ job: JobIdentity) -> String {
    "\(folder)/0-\(ending)-\(job.digest.prefix(16)).\(ending)"
  }
}

/// What a step tells.
public struct StepOutcome: Hashable, Sendable, Codable {
  /// The record that it has written into its file.
  public var record: StepRecord
  /// What its report wants to know beside, encoded as it likes.
  public var details: Data

  /// Takes what it tells.
  public init(_ record: StepRecord, details: Data = Data()) {
    self.record = record
    self.details = details
  }
}

/// A step that is done.
public struct StepResult: Sendable {
  /// Its number in the chain, from 1.
  public var number: Int
  /// The network that it made.
  public var network: String
  /// The SHA-256 of that file.
  public var digest: String
  /// What the step told.
  public var outcome: StepOutcome
  /// Whether an earlier run, or another process, did it.
  public var wasDone: Bool
  /// The time that it took the process that ended it, in seconds.
  public var seconds: Double
  /// All that the network depends on.
  public var job: JobIdentity
}
