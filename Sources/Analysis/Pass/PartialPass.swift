import Foundation
import Scheduling
import Tensors

/// What a pass learned from a range of its shards: how far it has come, or a part of it that was run elsewhere.
public struct PartialPass: Sendable {
  /// The shards.
  public private(set) var shards: Range<Int>
  let tree: FixedTree.Partial<AnalysisState>

  /// Later than earlier forms, which began with the number of shards, or −2.
  private static let form = -3

  /// Nothing yet, of the shards from one on.
  init(from first: Int) { self.init(FixedTree.Partial(), first..<first) }

  init(_ tree: FixedTree.Partial<AnalysisState>, _ shards: Range<Int>) {
    self.tree = tree
    self.shards = shards
  }

  /// Takes over what was encoded.
  ///
  /// - Parameters:
  ///   - range: the shards that the pass is about; what was encoded covers the first of them.
  ///   - fresh: makes the empty accumulators of all sites.
  /// - Throws: `EspalierError` if it is damaged, or of another version or pass.
  public init(_ bytes: Data, of range: Range<Int>, _ fresh: () -> AnalysisState) throws {
    var decoder = StateDecoder(bytes)
    try self.init(from: &decoder, of: range, fresh)
    guard decoder.isAtEnd else { throw PartialPass.damage }
  }

  /// Takes over what was encoded among other things.
  ///
  /// - Throws: as ``init(_:of:_:)``.
  public init(from decoder: inout StateDecoder, of range: Range<Int>, _ fresh: () -> AnalysisState) throws {
    guard try decoder.integer() == PartialPass.form else {
      throw EspalierError("the saved state of a pass is of another version", accepted: "one of this version: begin anew")
    }
    let end = try decoder.integer()
    guard range.lowerBound...range.upperBound ~= end else { throw PartialPass.damage }
    var tree = FixedTree.Partial<AnalysisState>()
    var next = range.lowerBound
    while next < end {
      let (level, index) = (try decoder.integer(), try decoder.integer())
      // Subtrees come in the order of their shards and leave none out.
      guard 0...48 ~= level, 0...end >> level ~= index, index << level == next, next + 1 << level <= end else {
        throw PartialPass.damage
      }
      var state = fresh()
      try state.decode(from: &decoder)
      tree.insert(state, level: level, index: index, AnalysisState.merged)
      next += 1 << level
    }
    self.init(tree, range.lowerBound..<end)
  }

  /// Whether bytes have the form of this version.
  public static func isReadable(_ bytes: Data) -> Bool {
    var state = StateDecoder(bytes)
    return (try? state.integer()) == form
  }

  /// Appends what ``init(_:of:_:)`` takes over.
  public func encode(into encoder: inout StateEncoder) {
    encoder.append(PartialPass.form)
    encoder.append(shards.upperBound)
    for (node, state) in tree.pending.sorted(by: { $0.key.shards.lowerBound < $1.key.shards.lowerBound }) {
      encoder.append(node.level)
      encoder.append(node.index)
      state.encode(into: &encoder)
    }
  }

  /// The same, as bytes.
  public var bytes: Data {
    var encoder = StateEncoder()
    encode(into: &encoder)
    return encoder.bytes
  }

  /// Both this and what was learned from the shards that follow.
  ///
  /// - Precondition: they do follow.
  public func followed(by later: PartialPass) -> PartialPass {
    precondition(later.shards.lowerBound == shards.upperBound, "shards \(later.shards) behind \(shards)")
    var tree = tree
    for (node, state) in later.tree.pending.sorted(by: { $0.key.shards.lowerBound < $1.key.shards.lowerBound }) {
      tree.insert(state, level: node.level, index: node.index, AnalysisState.merged)
    }
    return PartialPass(tree, shards.lowerBound..<later.shards.upperBound)
  }

  /// What was learned, once all shards from 0 on are in.
  ///
  /// - Precondition: the shards begin at 0.
  public func result(_ fresh: () -> AnalysisState) -> AnalysisState { tree.result(AnalysisState.merged) ?? fresh() }

  private static let damage = EspalierError("the saved state of a pass is damaged", accepted: "a state of the same pass")
}

extension AnalysisState {
  /// What was learned from two neighbouring ranges of shards, left and right.
  static func merged(_ left: consuming AnalysisState, _ right: consuming AnalysisState) -> AnalysisState {
    left.merge(right)
    return left
  }
}
