import Foundation
import Scheduling
import Tensors

/// What a pass learned from a range of its shards: how far it has come, or a part of it that was run elsewhere.
///
/// What merges exactly (``Accumulator/mergesExactly``) is one state, whatever the shards. The rest waits in a ``FixedTree`` of
/// ``branches``, one state a height where shards come in order: such states may be large, so the tree is low rather than deep.
public struct PartialPass: Sendable {
  /// The shards.
  public private(set) var shards: Range<Int>
  /// Nil while there are no shards.
  private var exact: AnalysisState?
  private var tree: FixedTree.Partial<AnalysisState>

  /// The branches of the tree in which rounded numbers are summed.
  static let branches = 8

  /// Later than earlier forms, which began with the number of shards, −2 or −3.
  private static let form = -4

  /// Nothing yet, of the shards from one on.
  init(from first: Int) {
    tree = FixedTree.Partial(branches: PartialPass.branches)
    shards = first..<first
  }

  /// What was learned from one shard.
  init(_ state: consuming AnalysisState, shard: Int) {
    self.init(from: shard)
    shards = shard..<shard + 1
    exact = state.part(mergingExactly: true)
    tree.insert(state.part(mergingExactly: false), shards, AnalysisState.merged)
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
    self.init(from: range.lowerBound)
    guard end > range.lowerBound else { return }
    var state = fresh().part(mergingExactly: true)
    try state.decode(from: &decoder)
    exact = state
    while shards.upperBound < end {
      // Pieces come in the order of their shards and leave none out.
      let next = try decoder.integer()
      guard shards.upperBound + 1...end ~= next, tree.isPiece(shards.upperBound..<next) else { throw PartialPass.damage }
      var state = fresh().part(mergingExactly: false)
      try state.decode(from: &decoder)
      tree.insert(state, shards.upperBound..<next, AnalysisState.merged)
      shards = shards.lowerBound..<next
    }
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
    exact?.encode(into: &encoder)
    for (shards, state) in tree.pending {
      encoder.append(shards.upperBound)
      state.encode(into: &encoder)
    }
  }

  /// The same, as bytes.
  public var bytes: Data {
    var encoder = StateEncoder()
    encode(into: &encoder)
    return encoder.bytes
  }

  /// Takes in what was learned from the shards that follow.
  ///
  /// - Precondition: they do follow.
  public mutating func append(_ later: consuming PartialPass) {
    precondition(later.shards.lowerBound == shards.upperBound, "shards \(later.shards) behind \(shards)")
    guard let laterExact = later.exact.take() else { return }
    if exact == nil { exact = laterExact } else { exact!.merge(laterExact) }
    tree.insert(later.tree, AnalysisState.merged)
    shards = shards.lowerBound..<later.shards.upperBound
  }

  /// What was learned, once all shards from 0 on are in.
  ///
  /// - Precondition: the shards begin at 0.
  public consuming func result(_ fresh: () -> AnalysisState) -> AnalysisState {
    var tree = FixedTree.Partial<AnalysisState>()
    swap(&tree, &self.tree)
    guard let exact = exact.take(), let rounded = (consume tree).result(AnalysisState.merged) else { return fresh() }
    return AnalysisState(exact: exact, rounded: rounded, like: fresh())
  }

  private static let damage = EspalierError("the saved state of a pass is damaged", accepted: "a state of the same pass")
}

extension AnalysisState {
  /// What was learned from two neighbouring ranges of shards, left and right.
  fileprivate static func merged(_ left: consuming AnalysisState, _ right: consuming AnalysisState) -> AnalysisState {
    left.merge(right)
    return left
  }

  /// The accumulators of every site that merge exactly, or the others.
  fileprivate func part(mergingExactly: Bool) -> AnalysisState {
    AnalysisState(
      sites.map { site in
        SiteAccumulators(
          zip(site.phases, site.all).compactMap { phase, accumulator in
            type(of: accumulator).mergesExactly == mergingExactly ? (phase: phase, accumulator: accumulator) : nil
          })
      })
  }

  /// Both parts, in the order of a state that was not parted.
  fileprivate init(exact: AnalysisState, rounded: AnalysisState, like whole: AnalysisState) {
    self = whole
    for site in sites.indices {
      var (exact, rounded) = (exact.sites[site].all[...], rounded.sites[site].all[...])
      for position in sites[site].all.indices {
        let isExact = type(of: sites[site].all[position]).mergesExactly
        sites[site].all[position] = isExact ? exact.removeFirst() : rounded.removeFirst()
      }
    }
  }
}
