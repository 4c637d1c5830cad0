import Networks
import Tensors

/// Who competes with whom for staying.
public enum SelectionScope: String, CaseIterable, Hashable, Sendable {
  /// All channels of the network.
  case global
  /// The channels of one group; every group loses the same share.
  case layer
  /// The channels of the groups of one block; every block loses the same share.
  case block
  /// The channels of groups of equal structure (the same operators and kernels); every structure loses the same share.
  case structure
}

/// How channels are chosen that a network loses.
public struct Selection: Hashable, Sendable {
  /// What decides how many go, and where.
  public var rule: SelectionRule
  /// Who competes with whom, under a budget.
  public var scope: SelectionScope
  /// How layers are made comparable.
  public var normalisation: ScoreNormalisation
  /// How the scores of coupled filters become one.
  public var reduction: ScoreReduction
  /// The unit by whose saving scores are divided, and negative ones multiplied, so that of equal scores the channel that saves
  /// more goes first; nil for none.
  public var perSaving: Budget.Kind?
  /// The least share of a group's channels that stays; at least one does.
  public var floor: Double
  /// What the numbers of channels are multiples of, counted group by group.
  public var multiple: Int

  /// The budget, if one decides.
  public var budget: Budget? { if case .budget(let budget) = rule { budget } else { nil } }

  /// Makes a selection under a budget.
  public init(
    _ budget: Budget, scope: SelectionScope = .global, normalisation: ScoreNormalisation = .none,
    reduction: ScoreReduction = .mean, perSaving: Budget.Kind? = nil, floor: Double = 0.05, multiple: Int = 1
  ) {
    self.init(
      .budget(budget), scope: scope, normalisation: normalisation, reduction: reduction, perSaving: perSaving, floor: floor,
      multiple: multiple)
  }

  /// Makes a selection.
  public init(
    _ rule: SelectionRule, scope: SelectionScope = .global, normalisation: ScoreNormalisation = .none,
    reduction: ScoreReduction = .mean,
    perSaving: Budget.Kind? = nil, floor: Double = 0.05, multiple: Int = 1
  ) {
    self.rule = rule
    self.scope = scope
    self.normalisation = normalisation
    self.reduction = reduction
    self.perSaving = perSaving
    self.floor = floor
    self.multiple = multiple
  }

  /// Chooses the classes of channels that go.
  ///
  /// Under a budget, the channels of an arena (``SelectionScope``) are put in an order: again and again the group whose next channels score least
  /// on average loses them, one channel at a time or as many as make its number a multiple. Every arena then loses the same share
  /// of that order, the least with which the budget holds; of the last step as few arenas take part as it needs.
  ///
  /// - Parameters:
  ///   - groups: the channel groups; those that must stay are left alone.
  ///   - scores: one number a filter.
  ///   - latency: measures a network without some classes; needed for a budget of time.
  /// - Throws: `EspalierError` if scores do not fit, or no choice keeps so little, telling the least that is possible.
  public func choose(
    in groups: ChannelGroups, by scores: FilterScores, latency: ((Set<Int>) throws -> Double)? = nil
  ) throws -> Set<Int> {
    if case .kept(let kept) = rule { return try removed(keeping: kept, of: groups) }
    guard budget?.kind != .latency || latency != nil else {
      throw EspalierError(
        "a budget of time needs a measurement of time", location: "budget", accepted: "a meter, or another kind")
    }
    guard !groups.removable.isEmpty else {
      let reasons = Set(groups.all.compactMap(\.reason)).sorted()
      throw EspalierError(
        "no filter may go: " + (reasons.isEmpty ? "the network has none" : reasons.prefix(3).joined(separator: "; ")),
        location: "budget", accepted: "fewer protected layers, or a network with layers between input and output")
    }
    let ranked = try scores.normalised(normalisation).ofClasses(in: groups, by: reduction)
    switch rule {
    case .budget(let budget): return try choose(budget, groups, ranked, latency)
    case .widths(let widths): return try removed(widths, of: groups, ranked)
    case .threshold(let threshold): return removed(threshold, of: groups, ranked)
    case .kept: return []
    }
  }

  private func choose(
    _ budget: Budget, _ groups: ChannelGroups, _ ranked: [Double?], _ latency: ((Set<Int>) throws -> Double)?
  ) throws -> Set<Int> {
    let whole = try LiveNetwork(groups.map)
    let arenas = try arenas(groups, ranked, whole)
    func cost(_ removed: Set<Int>) throws -> Double {
      if budget.kind == .latency, let latency { return try latency(removed) }
      var live = whole
      for id in removed { live.remove(id) }
      return Double(live.cost.amount(budget.kind) ?? 0)
    }
    func removed(_ counts: [Int]) -> Set<Int> {
      Set(zip(arenas, counts).flatMap { arena, count in arena.prefix(count).flatMap { $0 } })
    }
    func counts(_ share: Double) -> [Int] { arenas.map { Int((share * Double($0.count)).rounded()) } }
    let most = arenas.map(\.count).max() ?? 0
    let target = try cost([]) * budget.share
    guard target < (try cost([])) else { return [] }
    let least = try cost(removed(counts(1)))
    guard try least < cost([]) else {
      throw EspalierError(
        "no filter may go", location: "budget", accepted: "a lower floor, a smaller multiple, fewer protected layers")
    }
    guard least <= target else {
      throw EspalierError(
        "\(budget) cannot be kept", location: "budget",
        accepted:
          "\(budget.kind.rawValue) of \((1000 * least / max(try cost([]), 1)).rounded(.up) / 1000) or more, or a lower floor, a smaller multiple, fewer protected layers"
      )
    }
    // The least share, in steps of the longest arena, with which the budget holds.
    var (low, high) = (0, max(most, 1))
    while high - low > 1 {
      let middle = (low + high) / 2
      if try cost(removed(counts(Double(middle) / Double(most)))) <= target { high = middle } else { low = middle }
    }
    var chosen = counts(Double(low) / Double(max(most, 1)))
    let enough = counts(Double(high) / Double(max(most, 1)))
    for arena in arenas.indices where try cost(removed(chosen)) > target { chosen[arena] = enough[arena] }
    return removed(chosen)
  }

  /// The order in which each arena loses channels: pieces that go at once.
  private func arenas(_ groups: ChannelGroups, _ scores: [Double?], _ whole: LiveNetwork) throws -> [[[Int]]] {
    let scored = groups.removable.filter { group in group.channels.contains { scores[$0.id] != nil } }
    guard !scored.isEmpty else {
      throw EspalierError("no layer that may lose channels has scores", location: "scores")
    }
    let keys = try keys(scored, in: groups)
    var order: [String] = []
    var members: [String: [ChannelGroup]] = [:]
    for (group, key) in zip(scored, keys) {
      if members.updateValue(members[key, default: []] + [group], forKey: key) == nil { order.append(key) }
    }
    return order.map { removalOrder(of: members[$0] ?? [], scores, whole) }
  }

  private func removalOrder(of groups: [ChannelGroup], _ scores: [Double?], _ whole: LiveNetwork) -> [[Int]] {
    var live = whole
    var queues = groups.map { group -> [[Int]] in
      let ids = group.channels.map(\.id).filter { scores[$0] != nil }.sorted {
        (scores[$0]!, $0) < (scores[$1]!, $1)
      }
      return pieces(of: group.removable(inOrder: ids), outOf: group.channels.count).reversed()
    }
    func key(_ piece: [Int]) -> Double {
      let mean = piece.reduce(0) { $0 + (scores[$1] ?? 0) } / Double(piece.count)
      guard let perSaving, let saved = live.saving(piece).amount(perSaving) else { return mean }
      let each = Double(max(saved, 1)) / Double(piece.count)
      // What does harm does the more of it the more it costs: of equal negative scores too, what saves more goes first.
      return mean < 0 ? mean * each : mean / each
    }
    var result: [[Int]] = []
    while true {
      // The group first in execution order wins among equals.
      var best: (queue: Int, key: Double)?
      for queue in queues.indices {
        guard let piece = queues[queue].last else { continue }
        let key = key(piece)
        if best == nil || key < best!.key { best = (queue, key) }
      }
      guard let best, let piece = queues[best.queue].popLast() else { return result }
      for id in piece where perSaving != nil { live.remove(id) }
      result.append(piece)
    }
  }

  /// The channels that are left to groups which lost some and may lose no more, by the group's name.
  public func atFloor(_ groups: ChannelGroups, without removed: Set<Int>) -> [String: Int] {
    var found: [String: Int] = [:]
    switch rule {
    case .budget, .threshold: break
    case .widths, .kept: return found
    }
    for group in groups.removable {
      let left = group.channels.count { !removed.contains($0.id) }
      let size = left % multiple == 0 ? multiple : left % multiple
      if left < group.channels.count, left - size < least(of: group.channels.count) { found[group.name] = left }
    }
    return found
  }

  /// The fewest channels that a group keeps.
  private func least(of count: Int) -> Int { max(1, Int((floor * Double(count)).rounded(.up))) }

  /// What a group loses at a time: one channel, or as many as bring it to the next multiple; never below its floor.
  func pieces(of ids: [Int], outOf count: Int) -> [[Int]] {
    let least = least(of: count)
    var pieces: [[Int]] = []
    var (next, left) = (0, count)
    while next < ids.count {
      let size = left % multiple == 0 ? multiple : left % multiple
      guard left - size >= least, next + size <= ids.count else { break }
      pieces.append(Array(ids[next..<next + size]))
      next += size
      left -= size
    }
    return pieces
  }

  /// The arena of each group.
  private func keys(_ scored: [ChannelGroup], in groups: ChannelGroups) throws -> [String] {
    switch scope {
    case .global: return scored.map { _ in "" }
    case .layer: return scored.map { "\($0.id)" }
    case .block:
      var blocks: [Int: String] = [:]
      for block in groups.map.graph.blocks { for node in block.nodes { blocks[node.id] = block.name } }
      return scored.map { group in group.layers.first.flatMap { blocks[$0.id] } ?? "" }
    case .structure:
      let facts = try groups.map.graph.facts(batch: max(groups.map.graph.fixedBatch ?? 2, 1))
      func form(_ layer: Layer) -> String {
        let kernel = layer.node.inputs.dropFirst().first.flatMap { $0 }.flatMap { facts[$0]?.shape.dimensions.dropFirst(2) } ?? []
        return "\(layer.node.op.name)\(kernel)"
      }
      return scored.map { group in
        "\(group.layers.map(form).joined(separator: "+"))>\(group.readers.map(form).joined(separator: "+"))"
      }
    }
  }
}
