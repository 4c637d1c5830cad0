import Foundation
import Networks
import Tensors

/// One step of a chain as the file of its network tells it.
public struct StepRecord: Hashable, Sendable, Codable {
  /// How good the network was before and after the step.
  public struct Score: Hashable, Sendable, Codable {
    /// What the numbers are: `accuracy`, `mean IoU` or `R²`.
    public var measure: String
    /// The images, and how many they are.
    public var data: String, images: Int
    /// Before and after.
    public var before: Double, after: Double

    /// Takes what was measured.
    public init(measure: String, data: String, images: Int, before: Double, after: Double) {
      (self.measure, self.data, self.images, self.before, self.after) = (measure, data, images, before, after)
    }

    /// Whether the network was better before.
    public var isWorse: Bool { !(after >= before) }
  }

  /// The step's name: `prune`, `tune`.
  public var step: String
  /// All that its result depends on, by name; settings at their defaults are left out.
  public var settings: [String: String]
  /// SHA-256 of the file that it began from.
  public var began: String
  /// What it promised.
  public var promise: Equivalence
  /// That it was kept; nil where nothing was promised.
  public var proof: EquivalenceProof?
  /// What the network took before and after.
  public var before: Footprint, after: Footprint
  /// How good it was, if that was measured.
  public var score: Score?
  /// How it was trained, if the step did that.
  public var training: Training?
  /// What a reader must know, such as layers that were cut to their floor.
  public var notes: [String]
  /// Espalier's version.
  public var espalier: String

  private enum CodingKeys: String, CodingKey {
    case step, settings, began = "network_sha256", promise, proof, before, after, score, training, notes, espalier
  }

  /// Makes a record.
  ///
  /// - Parameters:
  ///   - job: all that the result depends on but the network before.
  ///   - began: the SHA-256 of the file before.
  ///   - training: how the step trained the network, if it did.
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public init(
    _ step: String, _ job: JobIdentity, from before: Graph, digest began: String, to after: Graph, promise: Equivalence,
    proof: EquivalenceProof? = nil, training: Training? = nil, notes: [String] = [], espalier: String
  ) throws {
    self.step = step
    settings = job.settings
    self.began = began
    self.promise = promise
    self.proof = proof
    self.before = try Footprint(before)
    self.after = try Footprint(after)
    self.training = training
    self.notes = notes
    self.espalier = espalier
  }

  /// Holds the step to what it promised.
  ///
  /// - Throws: `EspalierError` naming the output that differs by more, or if nothing was proven.
  public func check() throws {
    guard let bound = promise.bound else { return }
    guard let proof, proof.inputs > 0 else {
      throw EspalierError("it promises a network that is \(promise), and proves nothing", location: step)
    }
    let most = min(bound, proof.bound)
    if let output = proof.outputs.first(where: { !($0.relativeDifference <= most) }) {
      throw EspalierError(
        "output '\(output.name)' differs by \(output.greatestDifference), which reaches \(output.scale)", location: step,
        accepted: "a difference of \(most) of that: the step promises a network that is \(promise)")
    }
  }
}

/// How a network came about, step by step, as its file's metadata hold it: a JSON array, oldest first.
public struct ChainRecord: Hashable, Sendable {
  /// The key of the metadata.
  public static let metadataKey = "espalier.chain"
  /// The keys of all records in the metadata, which are no part of the network.
  public static let metadataKeys: Set<String> = [metadataKey, "espalier.pruning", "espalier.training"]

  /// The steps, oldest first.
  public var steps: [StepRecord]

  /// Takes steps.
  public init(_ steps: [StepRecord]) { self.steps = steps }

  /// The record in a network's metadata; no steps where there is none.
  ///
  /// - Throws: `EspalierError` if it is damaged.
  public init(_ metadata: [String: String]) throws {
    guard let text = metadata[ChainRecord.metadataKey] else {
      steps = []
      return
    }
    guard let steps = try? JSONDecoder().decode([StepRecord].self, from: Data(text.utf8)) else {
      throw EspalierError(
        "it is damaged, or of another version", location: "metadata \(ChainRecord.metadataKey)",
        accepted: "a JSON array of steps")
    }
    self.steps = steps
  }

  /// The record as JSON.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(steps), as: UTF8.self)
    }
  }

  /// Metadata with one more step.
  ///
  /// - Throws: `EspalierError` if the record of the steps before is damaged.
  public static func adding(_ record: StepRecord, to metadata: inout [String: String]) throws {
    var chain = try ChainRecord(metadata)
    chain.steps.append(record)
    metadata[metadataKey] = try chain.json
  }
}
