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
  /// One label an input channel.
  public var inputs: [Int]
  /// One label an output channel.
  public var outputs: [Int]
  /// The number of groups.
  public var group: Int
  /// Whether groups go whole, as they do in a depthwise convolution.
  public var losesGroups: Bool
}

/// Channels on their way through a graph: every value gets labels along its channel axis, and labels that must go together become
/// one class.
///
/// Operators say in ``Operator/passChannels(of:_:)`` where channels of their inputs come out. What moves data moves labels; what
/// adds two maps makes their labels one class; what mixes all channels (a softmax over classes, say) pins them, with the reason.
///
/// A value's labels vary along one axis only. Where an operator would spread them over two, they are made one class across the
/// axis that costs fewer classes, since a tensor can only lose whole slices.
public struct ChannelFlow {
  /// The graph, its constants folded.
  let graph: Graph
  /// What is known of every value for two images.
  let facts: [String: Fact]
  /// What may be removed of grouped convolutions.
  let groups: GroupRemoval
  var classes = ChannelClasses()
  var channels: [String: ChannelAxis] = [:]
  var slots: [ChannelSlot] = []
  var linear: [LinearChannels] = []

  init(_ graph: Graph, facts: [String: Fact], groups: GroupRemoval) {
    self.graph = graph
    self.facts = facts
    self.groups = groups
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
    guard shape.rank > 0 else { return }
    let axis = min(1, shape.rank - 1)
    let labels = classes.add(shape[axis])
    pin(labels, reason)
    channels[value] = ChannelAxis(axis: axis, labels: labels)
  }

  /// Gives a value channels; those of an axis that batches are counted on must stay.
  mutating func define(_ value: String, _ own: ChannelAxis?) {
    guard let own, shape(value).rank > 0 else { return }
    if own.axis == 0 { pin(own.labels, "they lie along the batch in '\(value)'") }
    channels[value] = own
  }

  /// The channels of a value for a layer that counts them along an axis.
  ///
  /// Channels that must all stay, as those of the network's input, are counted along any axis: so a convolution behind a
  /// Transpose of the input knows its own.
  mutating func channels(of value: String?, along axis: Int) -> ChannelAxis? {
    guard let value, let own = channels[value], own.axis != axis, axis < shape(value).rank else {
      return value.flatMap { channels[$0] }
    }
    let reasons = own.labels.map { classes.reason($0) }
    guard let reason = reasons.first ?? nil, reasons.allSatisfy({ $0 != nil }) else { return own }
    let labels = classes.add(shape(value)[axis])
    pin(labels, reason)
    let result = ChannelAxis(axis: axis, labels: labels)
    channels[value] = result
    return result
  }

  /// Says why labels must stay.
  mutating func pin(_ labels: [Int], _ reason: String) { for label in labels { classes.pin(label, reason) } }

  /// Makes labels at equal positions one class.
  mutating func unite(_ a: [Int], _ b: [Int]) { for (first, second) in zip(a, b) { classes.union(first, second) } }

  /// The first output has the channels of the first input, at the same axis or another one.
  mutating func pass(_ node: Node, axis: ((Int) -> Int)? = nil) {
    guard let input = input(node, 0), let own = channels[input] else { return }
    define(node.outputs[0], ChannelAxis(axis: axis?(own.axis) ?? own.axis, labels: own.labels))
  }

  /// All channels of the inputs must stay, and those of the outputs too.
  mutating func stop(_ node: Node, _ reason: String) {
    for case let input? in node.inputs { if let own = channels[input] { pin(own.labels, reason) } }
    for output in node.outputs where !output.isEmpty { definePinned(output, reason) }
  }

  /// Entries of a constant along an axis go with channels.
  mutating func record(_ constant: String, axis: Int, labels: [Int], of node: Node) {
    slots.append(ChannelSlot(constant: constant, axis: axis, labels: labels, node: node.id))
  }

  /// Entries of a constant that is broadcast against a value go with its channels, where it has one for each.
  mutating func recordBroadcast(_ constant: String, against own: ChannelAxis, rank: Int, of node: Node) {
    let shape = shape(constant)
    let axis = own.axis - (rank - shape.rank)
    if axis >= 0, shape[axis] == own.labels.count, shape[axis] > 1 || own.labels.count == 1 {
      record(constant, axis: axis, labels: own.labels, of: node)
    }
  }

  /// A linear layer reads channels and makes others.
  mutating func recordLinear(
    _ node: Node, inputs: [Int], outputs: [Int], group: Int = 1, losesGroups: Bool = false
  ) {
    linear.append(LinearChannels(node: node.id, inputs: inputs, outputs: outputs, group: group, losesGroups: losesGroups))
  }

  /// The channels of a rearranged value: the same elements under another shape.
  ///
  /// The axis is the one that leaves most classes apart; labels that meet at a position of it become one class.
  mutating func defineReshaped(_ output: String, from input: String) {
    guard let own = channels[input] else { return }
    let (from, to) = (shape(input), shape(output))
    guard from.count > 0, to.rank > 0 else { return definePinned(output, "it is empty") }
    // Labels are the same for every image: the first tells all where images stay apart.
    let count = from[0] == to[0] && own.axis > 0 ? from.count / from[0] : from.count
    let (inner, outer) = (from.strides[own.axis], from[own.axis])
    var best: (axis: Int, groups: [[Int]], classes: Int)?
    for axis in 0..<to.rank where to[axis] > 1 || to.rank == 1 {
      let (stride, length) = (to.strides[axis], to[axis])
      var positions = [Set<Int>](repeating: [], count: length)
      var last = [Int](repeating: -1, count: length)
      for element in 0..<count {
        let position = element / stride % length
        let label = own.labels[element / inner % outer]
        if last[position] != label {
          last[position] = label
          positions[position].insert(label)
        }
      }
      if axis == 0, count != from.count { continue }
      var trial = classes
      let groups = positions.map { $0.sorted() }
      for group in groups { for label in group.dropFirst() { trial.union(group[0], label) } }
      let left = Set(groups.compactMap { $0.first.map(trial.root) }).count
      if best == nil || left >= best!.classes { best = (axis, groups, left) }
    }
    guard let best else {
      pin(own.labels, "'\(output)' keeps no axis for them")
      return definePinned(output, "it has no axis for channels")
    }
    for group in best.groups { for label in group.dropFirst() { classes.union(group[0], label) } }
    define(output, ChannelAxis(axis: best.axis, labels: best.groups.map { $0.first ?? own.labels[0] }))
  }
}
