import Networks
import Pruning
import Tensors

/// The channel groups of a network: who makes them, who reads them, what one channel is worth, and why some must stay.
public struct GroupReport: Sendable, Encodable {
  /// A group of coupled channels.
  public struct Group: Sendable, Encodable {
    /// The layers that make its channels.
    public var layers: [String]
    /// The layers that read them.
    public var readers: [String]
    /// The number of its channels.
    public var channels: Int
    /// The output filters that one channel stands for, over all layers.
    public var filtersOfChannel: Int
    /// What removing one channel saves while all others are there.
    public var macs: Int, parameters: Int, activations: Int
    /// Why its channels must stay; nil if they may go.
    public var reason: String?
  }

  /// The groups, by their first layer in execution order.
  public var groups: [Group]
  /// The filters that may go, and the filters of all convolutions and linear layers.
  public var removableFilters: Int, filters: Int

  /// Finds the groups of a network.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public init(_ graph: Graph, groups: GroupRemoval = .equalShares) throws {
    let map = try ChannelMap(graph, groups: groups)
    let live = try LiveNetwork(map)
    let channels = try ChannelGroups(map)
    self.groups = channels.all.map { group in
      let saving = group.reason == nil ? group.channels.first.map { live.saving($0.id) } : nil
      return Group(
        layers: group.layers.map(\.name), readers: group.readers.map(\.name), channels: group.channels.count,
        filtersOfChannel: group.channels.first?.producers.reduce(0) { $0 + $1.positions.count } ?? 0, macs: saving?.macs ?? 0,
        parameters: saving?.parameters ?? 0, activations: saving?.activations ?? 0, reason: group.reason)
    }
    filters = map.linear.reduce(0) { $0 + $1.outputs.count }
    removableFilters = map.linear.reduce(0) { $0 + $1.outputs.count { map.classes[$0].reason == nil } }
  }
}
