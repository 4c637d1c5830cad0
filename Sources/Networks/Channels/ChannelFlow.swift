import Tensors

/// The axis of a value that counts its channels, and a label for every position along it; along all other axes labels are the
/// same.
public struct ChannelAxis: Hashable, Sendable {
  /// The axis.
  public var axis: Int
  /// One label a position.
  public var labels: [Int]
}

/// What may be removed of a convolution whose channels are in groups.
public enum GroupRemoval: String, CaseIterable, Hashable, Sendable {
  /// The number of groups stays: every group loses the channels of the same positions.
  case equalShares = "equal-shares"
  /// Whole groups go, with their inputs and outputs (Group Fisher pruning, Liu et al. 2021).
  case wholeGroups = "whole-groups"
}

/// What may be removed of an attention whose channels are in heads.
public enum HeadRemoval: String, CaseIterable, Hashable, Sendable {
  /// The number of heads stays: every head loses the channels of the same positions, queries and keys together, values by
  /// themselves where the file lets them.
  case equalShares = "equal-shares"
  /// Whole heads go, with their queries, keys, values and what reads them.
  case wholeHeads = "whole-heads"
}

/// A position where a constant has one entry a channel: when the channel goes, so does the entry.
public struct ChannelSlot: Hashable, Sendable {
  /// The constant's name.
  public var constant: String
  /// The constant's axis.
  public var axis: Int
  /// One label an entry.
  public var labels: [Int]
  /// The number of the node that reads it.
  public var node: Int
}

/// A linear layer, and the labels of what it reads and makes.
public struct LinearChannels: Hashable, Sendable {
  /// The node's number.
  public var node: Int
  /// The axis that counts channels in what it reads, and in what it makes.
  public var axis: Int
  /// One label an input channel.
  public var inputs: [Int]
  /// One label an output channel.
  public var outputs: [Int]
  /// The number of groups.
  public var group: Int
  /// Whether groups go whole, as they do in a depthwise convolution.
  public var losesGroups: Bool
}

/// Channels on their way through a graph: every value gets labels along its channel axes, and labels that must go together become
/// one class.
///
/// Operators say in ``Operator/passChannels(of:_:)`` where channels of their inputs come out. What moves data moves labels; what
/// adds two maps makes their labels one class; what mixes all channels (a softmax over classes, say) pins them, with the reason.
///
/// Labels may vary along several axes of a value (``ChannelGrid``) until an operator asks for one; since a tensor can only lose
/// whole slices, they are in the end made one class across the axes that cost fewer classes.
public struct ChannelFlow {
  /// The graph, its constants folded.
  let graph: Graph
  /// What is known of every value for two images.
  let facts: [String: Fact]
  /// What may be removed of grouped convolutions.
  let groups: GroupRemoval
  /// What may be removed of attention.
  let heads: HeadRemoval
  var classes = ChannelClasses()
  var channels: [String: ChannelGrid] = [:]
  var slots: [GridSlot] = []
  var linear: [LinearChannels] = []

  /// Entries of a constant that go with channels on a grid.
  struct GridSlot {
    var constant: String
    /// The channels of the value that the constant is combined with.
    var grid: ChannelGrid
    /// The constant's axis for each of the grid's; nil where it has one entry for all.
    var axes: [Int?]
    var node: Int
  }

  init(_ graph: Graph, facts: [String: Fact], groups: GroupRemoval, heads: HeadRemoval) {
    self.graph = graph
    self.facts = facts
    self.groups = groups
    self.heads = heads
  }

  /// The shape of a value for two images.
  func shape(_ value: String) -> Shape { facts[value]?.shape ?? [] }

  /// The value at an input, or nil where it is left out.
  func input(_ node: Node, _ position: Int) -> String? { position < node.inputs.count ? node.inputs[position] : nil }

  /// The constant at an input, or nil where it is left out or is none.
  func constant(_ node: Node, _ position: Int) -> Constant? { input(node, position).flatMap { graph.constants[$0] } }

  /// Gives a value channels that must stay.
  mutating func definePinned(_ value: String, _ reason: String) {
    let shape = shape(value)
    guard shape.rank > 0 else { return define(value, .none) }
    let axis = min(1, shape.rank - 1)
    let labels = classes.add(shape[axis])
    pin(labels, reason)
    channels[value] = ChannelGrid(axis: axis, labels: labels)
  }

  /// Gives a value channels.
  mutating func define(_ value: String, _ own: ChannelGrid) { channels[value] = own }

  /// The channels of a value along one axis, for a layer that counts them there; nil where others may go.
  ///
  /// Channels that must all stay, as those of the network's input, are counted along any axis: so a convolution behind a
  /// Transpose of the input knows its own.
  mutating func channels(of value: String?, along axis: Int) -> [Int]? {
    guard let value, let own = channels[value], axis < shape(value).rank else { return nil }
    if own.axes.contains(axis) {
      let result = collapsed(own, to: [axis])
      channels[value] = result
      return result.labels
    }
    let reasons = own.labels.map { classes.reason($0) }
    guard reasons.allSatisfy({ $0 != nil }) else { return nil }
    let labels = classes.add(shape(value)[axis])
    pin(labels, (reasons.first ?? nil) ?? "'\(value)' has no channels")
    // What has none keeps none: others may read it along another axis.
    if !own.isEmpty { channels[value] = ChannelGrid(axis: axis, labels: labels) }
    return labels
  }

  /// Channels on some of their axes: along the others labels become one class; without any axis they must stay.
  mutating func collapsed(_ own: ChannelGrid, to axes: [Int], _ reason: String = "no axis is left for them") -> ChannelGrid {
    let kept = own.axes.filter(axes.contains)
    guard kept.count < own.axes.count else { return own }
    if kept.isEmpty { pin(own.labels, reason) }
    for entries in own.entries(on: kept) where !kept.isEmpty {
      for entry in entries.dropFirst() { classes.union(own.labels[entries[0]], own.labels[entry]) }
    }
    return own.restricted(to: kept)
  }

  /// Says why labels must stay.
  mutating func pin(_ labels: [Int], _ reason: String) { for label in labels { classes.pin(label, reason) } }

  /// Makes labels at equal positions one class.
  mutating func unite(_ a: [Int], _ b: [Int]) { for (first, second) in zip(a, b) { classes.union(first, second) } }

  /// Makes labels at equal entries one class, where one grid has all axes of the other; the greater one.
  mutating func united(_ a: ChannelGrid, _ b: ChannelGrid) -> ChannelGrid? {
    let (large, small) = a.axes.count >= b.axes.count ? (a, b) : (b, a)
    guard small.axes.allSatisfy(large.axes.contains) else { return nil }
    if !small.isEmpty { unite(large.labels, small.spread(over: large.axes, lengths: large.lengths).labels) }
    return large
  }

  /// The first output has the channels of the first input, at the same axes or other ones.
  mutating func pass(_ node: Node, axis: ((Int) -> Int)? = nil) {
    guard let input = input(node, 0), let own = channels[input] else { return }
    define(node.outputs[0], axis.map { own.renumbered($0) } ?? own)
  }

  /// All channels of the inputs must stay, and those of the outputs too.
  mutating func stop(_ node: Node, _ reason: String) {
    for case let input? in node.inputs { if let own = channels[input] { pin(own.labels, reason) } }
    for output in node.outputs where !output.isEmpty { definePinned(output, reason) }
  }

  /// Entries of a constant along an axis go with channels.
  mutating func record(_ constant: String, axis: Int, labels: [Int], of node: Node) {
    slots.append(GridSlot(constant: constant, grid: ChannelGrid(axis: axis, labels: labels), axes: [axis], node: node.id))
  }

  /// Entries of a constant go with channels of a value: `axis` is the constant's for one of the value's, nil where it has none.
  mutating func record(_ constant: String, _ own: ChannelGrid, of node: Node, axis: (Int) -> Int?) {
    let axes = own.axes.map(axis)
    if axes.contains(where: { $0 != nil }) {
      slots.append(GridSlot(constant: constant, grid: own, axes: axes, node: node.id))
    }
  }

  /// Entries of a constant that is broadcast against a value go with its channels, where it has one for each.
  mutating func recordBroadcast(_ constant: String, against own: ChannelGrid, rank: Int, of node: Node) {
    let shape = shape(constant)
    record(constant, own, of: node) { valueAxis in
      let axis = valueAxis - (rank - shape.rank)
      guard axis >= 0, let length = own.length(along: valueAxis), shape[axis] == length else { return nil }
      return axis
    }
  }

  /// A linear layer reads channels and makes others.
  mutating func recordLinear(
    _ node: Node, axis: Int, inputs: [Int], outputs: [Int], group: Int = 1, losesGroups: Bool = false
  ) {
    linear.append(
      LinearChannels(node: node.id, axis: axis, inputs: inputs, outputs: outputs, group: group, losesGroups: losesGroups))
  }

  /// What is made of a constant alone, such as class tokens that are repeated for every image, has channels of its own, which go
  /// with those that it is joined with.
  mutating func defineConstant(_ output: String, from constant: String, of node: Node) {
    let (from, to) = (shape(constant), shape(output))
    let shift = to.rank - from.rank
    var axes = from.dimensions.indices.filter { from[$0] > 1 && to[$0 + shift] == from[$0] }
    if axes.reduce(1, { $0 * from[$1] }) > 1 << 16 { axes = Array(axes.suffix(1)) }
    let lengths = axes.map { from[$0] }
    let own = ChannelGrid(axes: axes, lengths: lengths, labels: axes.isEmpty ? [] : classes.add(lengths.reduce(1, *)))
    record(constant, own, of: node) { $0 }
    define(output, own.renumbered { $0 + shift })
  }
}
