import Foundation
import Scheduling
import Tensors

/// What was counted over a range of the shards of some samples, here or elsewhere.
public struct PartialEvaluation: Sendable {
  /// The shards.
  public let shards: Range<Int>
  /// The number of the network's classes.
  public let classes: Int
  /// The time that it took.
  public let seconds: Double
  let tree: FixedTree.Partial<EvaluationTally>

  init(_ tree: FixedTree.Partial<EvaluationTally>, _ shards: Range<Int>, classes: Int, seconds: Double) {
    self.tree = tree
    self.shards = shards
    self.classes = classes
    self.seconds = seconds
  }

  /// Both this and what was counted over the shards that follow.
  ///
  /// - Throws: `EspalierError` if counts are not of one network's outputs.
  /// - Precondition: they do follow.
  public func followed(by later: PartialEvaluation) throws -> PartialEvaluation {
    precondition(later.shards.lowerBound == shards.upperBound, "shards \(later.shards) behind \(shards)")
    let kinds = Set((tree.pending + later.tree.pending).map(\.value.kind))
    guard classes == later.classes, kinds.count <= 1 else { throw PartialEvaluation.damage }
    var tree = tree
    tree.insert(later.tree, +)
    return PartialEvaluation(
      tree, shards.lowerBound..<later.shards.upperBound, classes: classes, seconds: seconds + later.seconds)
  }

  /// The counts, as bytes; nothing of the time.
  public var bytes: Data {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    let stored = Stored(
      classes: classes,
      nodes: tree.pending.map { shards, tally in
        let level = shards.count.trailingZeroBitCount
        return Stored.Node(level: level, index: shards.lowerBound >> level, tally: tally)
      })
    guard let bytes = try? encoder.encode(stored) else { preconditionFailure("numbers can be encoded") }
    return bytes
  }

  /// Takes over counts.
  ///
  /// - Parameter shards: the shards that they are of.
  /// - Throws: `EspalierError` if they are damaged.
  public init(_ bytes: Data, of shards: Range<Int>, seconds: Double) throws {
    guard let stored = try? PropertyListDecoder().decode(Stored.self, from: bytes), stored.classes >= 0 else {
      throw PartialEvaluation.damage
    }
    var tree = FixedTree.Partial<EvaluationTally>()
    var next = shards.lowerBound
    for node in stored.nodes {
      guard 0...48 ~= node.level, 0...shards.upperBound >> node.level ~= node.index, node.index << node.level == next,
        next + 1 << node.level <= shards.upperBound, node.tally.isSound, node.tally.kind == stored.nodes[0].tally.kind
      else { throw PartialEvaluation.damage }
      tree.insert(node.tally, next..<next + 1 << node.level, +)
      next += 1 << node.level
    }
    guard next == shards.upperBound else { throw PartialEvaluation.damage }
    self.init(tree, shards, classes: stored.classes, seconds: seconds)
  }

  private struct Stored: Codable {
    struct Node: Codable {
      var level: Int
      var index: Int
      var tally: EvaluationTally
    }

    var classes: Int
    var nodes: [Node]
  }

  private static let damage = EspalierError("its counts are damaged", accepted: "those of one evaluation")
}

extension EvaluationTally {
  /// What is counted, and of how many classes or numbers.
  fileprivate var kind: [Int] { [byClass?.images.count ?? -1, confusion?.classes ?? -1, errors?.sums.count ?? -1] }

  /// Whether numbers are such as samples give.
  fileprivate var isSound: Bool {
    let most = 1 << 48
    let counts = [top5, notNumbers, first ?? 0, errors?.count ?? 0] + (confusion?.counts ?? [])
    return counts.allSatisfy { 0...most ~= $0 } && (confusion.map { $0.isSound } ?? true)
      && (byClass.map { $0.isSound } ?? answers.right.isEmpty)
      && (errors.map { $0.sums.count % 3 == 0 && !$0.sums.isEmpty } ?? true)
  }
}
