import Networks
import Tensors

/// Coupled channels that the same layers make: of one layer, or of all layers that a residual stage adds up.
///
/// A channel of a group is a class of coupled channels (``CoupledChannel``); removing it removes one position of every layer of
/// the group, or one in every convolution group of it.
public struct ChannelGroup: Identifiable, Sendable {
  /// The group's position in ``ChannelGroups/all``.
  public let id: Int
  /// The layers that make its channels, in execution order.
  public let layers: [Layer]
  /// The layers that read them, in execution order.
  public let readers: [Layer]
  /// Its channels.
  public let channels: [CoupledChannel]
  /// Why its channels must stay, or nil if they may go.
  public let reason: String?
  /// Channels of which one must stay, since a value holds no others of the group: those of a part that is split off, say.
  let parts: [[Int]]

  /// The channels among some that may go one after the other, without those that would leave a value with none.
  ///
  /// - Parameter ids: numbers of classes, in the order in which they are to go.
  public func removable(inOrder ids: [Int]) -> [Int] {
    var left = parts.map(\.count)
    var positions: [Int: [Int]] = [:]
    for (part, ids) in parts.enumerated() { for id in ids { positions[id, default: []].append(part) } }
    return ids.filter { id in
      guard (positions[id] ?? []).allSatisfy({ left[$0] > 1 }) else { return false }
      for part in positions[id] ?? [] { left[part] -= 1 }
      return true
    }
  }

  /// The first layer's name, and how many more there are.
  public var name: String { layers.count > 1 ? "\(layers[0].name) +\(layers.count - 1)" : layers.first?.name ?? "" }
}

/// The channel groups of a network.
public struct ChannelGroups: Sendable {
  /// The channels that the groups are of.
  public let map: ChannelMap
  /// The groups, by the first layer in execution order; those that must stay, too.
  public let all: [ChannelGroup]

  /// Finds the groups.
  ///
  /// - Parameters:
  ///   - map: the channels of the network.
  ///   - protected: patterns (``Glob``) of names of layers whose channels must stay.
  /// - Throws: `EspalierError` naming a pattern that no linear layer fits.
  public init(_ map: ChannelMap, protecting protected: [String] = []) throws {
    let layers = map.layers
    let linear = map.linear.compactMap { layers[$0.node] }
    for pattern in protected where !linear.contains(where: { Glob(pattern).matches($0.name) }) {
      let names = linear.map(\.name)
      throw EspalierError(
        "no layer with filters is called '\(pattern)'" + EspalierError.suggestion(for: pattern, among: names),
        location: "protected layers", accepted: EspalierError.list(names))
    }
    let globs = protected.map { ($0, Glob($0)) }
    var order: [Key] = []
    var members: [Key: [CoupledChannel]] = [:]
    for channel in map.classes where !channel.producers.isEmpty {
      let makers = channel.producers.compactMap { layers[$0.node] }
      let pattern = globs.first { glob in makers.contains { glob.1.matches($0.name) } }?.0
      let key = Key(makers: makers.map(\.id), reason: channel.reason ?? pattern.map { "'\($0)' is protected" })
      if members.updateValue(members[key, default: []] + [channel], forKey: key) == nil { order.append(key) }
    }
    var parts: [Key: Set<[Int]>] = [:]
    let keys = Dictionary(
      members.flatMap { key, channels in channels.map { ($0.id, key) } }, uniquingKeysWith: { first, _ in first })
    for own in map.channels.values {
      for (key, labels) in Dictionary(grouping: Set(own.labels).filter { keys[$0] != nil }, by: { keys[$0]! }) {
        parts[key, default: []].insert(labels.sorted())
      }
    }
    self.map = map
    all =
      order.sorted { layers[$0.makers[0]]!.order < layers[$1.makers[0]]!.order }.enumerated().map { id, key in
        let channels = members[key] ?? []
        let readers = Set(channels.flatMap { $0.consumers.map(\.node) }).compactMap { layers[$0] }
        return ChannelGroup(
          id: id, layers: key.makers.compactMap { layers[$0] }, readers: readers.sorted { $0.order < $1.order },
          channels: channels, reason: key.reason, parts: (parts[key] ?? []).sorted { $0.count < $1.count })
      }
  }

  /// The groups whose channels may go.
  public var removable: [ChannelGroup] { all.filter { $0.reason == nil } }

  private struct Key: Hashable {
    var makers: [Int]
    var reason: String?
  }
}
