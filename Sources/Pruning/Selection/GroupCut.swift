import Networks

/// A share of one group's channels, those that score least, with every other group as it is: a point of a sensitivity sweep.
public struct GroupCut: Sendable {
  /// The group.
  public var group: ChannelGroup
  /// The share that was asked for, 0 … 1.
  public var share: Double
  /// The classes that go.
  public var removed: Set<Int>
}

extension ChannelGroups {
  /// The cuts of every group that may lose channels and has scores, by group and rising share.
  ///
  /// A group keeps at least one channel, and what its parts need; a share that removes no more than the one before is left out.
  ///
  /// - Parameters:
  ///   - scores: one number a filter.
  ///   - shares: 0 … 1.
  ///   - reduction: how the scores of coupled filters become one.
  /// - Throws: `EspalierError` naming a layer whose scores do not fit.
  public func cuts(by scores: FilterScores, shares: [Double], reduction: ScoreReduction = .mean) throws -> [GroupCut] {
    let ranked = try scores.ofClasses(in: self, by: reduction)
    return removable.flatMap { group -> [GroupCut] in
      let ids = group.channels.map(\.id).filter { ranked[$0] != nil }.sorted { (ranked[$0]!, $0) < (ranked[$1]!, $1) }
      let order = group.removable(inOrder: ids)
      let most = min(order.count, group.channels.count - 1)
      var cuts: [GroupCut] = []
      for share in shares.sorted() {
        let count = min(most, Int((share * Double(group.channels.count)).rounded()))
        guard count > cuts.last?.removed.count ?? 0 else { continue }
        cuts.append(GroupCut(group: group, share: share, removed: Set(order.prefix(count))))
      }
      return cuts
    }
  }
}
