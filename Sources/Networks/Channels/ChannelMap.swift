import Tensors

/// Channels that can only be removed together: positions in the outputs of the layers that make them, and in the inputs of those
/// that read them.
public struct CoupledChannel: Identifiable, Hashable, Sendable {
  /// Some output or input channels of a layer.
  public struct Member: Hashable, Sendable {
    /// The layer's node.
    public var node: Int
    /// The positions among its channels, rising.
    public var positions: [Int]
  }

  /// The class's number, from 0 in the order in which channels come up.
  public let id: Int
  /// The output channels of linear layers.
  public let producers: [Member]
  /// The input channels of linear layers.
  public let consumers: [Member]
  /// Why it must stay, or nil if it may go.
  public let reason: String?
}

/// The channels of a graph: what every value's channels are called, which go together, and what goes with them.
///
/// Algorithm: labels pushed through the graph in execution order, with a union-find (``ChannelFlow``).
public struct ChannelMap: Sendable {
  /// The graph that the map is of: the one given, with constants and shape arithmetic folded.
  public let graph: Graph
  /// The channel axis of every value that depends on the input, with the numbers of classes.
  public let channels: [String: ChannelAxis]
  /// The entries of constants that go with channels.
  public let slots: [ChannelSlot]
  /// The linear layers in execution order.
  public let linear: [LinearChannels]
  /// Products of two values that depend on the input, by the node's number: the labels along each axis that their cost grows with.
  public let products: [Int: [[Int]]]
  /// The classes, by number.
  public let classes: [CoupledChannel]
  /// Every node under the name that results are stored by, which is the one in the graph as read.
  public let layers: [Int: Layer]
  /// What is known of every value for the images of ``batch``.
  let facts: [String: Fact]
  /// The number of images that shapes were inferred for.
  let batch: Int

  /// Follows the channels of a graph.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - groups: what may be removed of grouped convolutions.
  ///   - heads: what may be removed of attention.
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public init(_ graph: Graph, groups: GroupRemoval = .equalShares, heads: HeadRemoval = .equalShares) throws {
    let folded = try ConstantFolding().canonize(graph)
    let batch = folded.fixedBatch ?? 2
    let facts = try folded.facts(batch: batch)
    var flow = ChannelFlow(folded, facts: facts, groups: groups, heads: heads)
    let known = folded.knownValues
    for input in folded.inputs { flow.definePinned(input.name, "the network's input") }
    for node in folded.nodes where !node.outputs.allSatisfy({ $0.isEmpty || known.contains($0) }) {
      try naming(location: "\(node.op.name) '\(node.label)'") { try node.op.passChannels(of: node, &flow) }
      for output in node.outputs where !output.isEmpty && flow.channels[output] == nil {
        flow.definePinned(output, "\(node.op.name) '\(node.label)' makes them")
      }
    }
    for output in folded.outputs { flow.pin(flow.channels[output]?.labels ?? [], "the network's output") }
    let (settled, slots) = flow.settle()

    var numbers: [Int: Int] = [:]
    func number(_ label: Int) -> Int {
      let root = flow.classes.root(label)
      if let number = numbers[root] { return number }
      numbers[root] = numbers.count
      return numbers.count - 1
    }
    let linear = flow.linear.map {
      LinearChannels(
        node: $0.node, axis: $0.axis, inputs: $0.inputs.map(number), outputs: $0.outputs.map(number), group: $0.group,
        losesGroups: $0.losesGroups)
    }
    var channels: [String: ChannelAxis] = [:]
    for value in folded.nodes.flatMap(\.outputs) + folded.inputs.map(\.name) {
      if let own = settled[value] { channels[value] = ChannelAxis(axis: own.axis, labels: own.labels.map(number)) }
    }
    self.slots = slots.map { ChannelSlot(constant: $0.constant, axis: $0.axis, labels: $0.labels.map(number), node: $0.node) }
    var producers = [[CoupledChannel.Member]](repeating: [], count: numbers.count)
    var consumers = producers
    for layer in linear {
      for (label, positions) in ChannelMap.positions(of: layer.outputs) {
        producers[label].append(.init(node: layer.node, positions: positions))
      }
      for (label, positions) in ChannelMap.positions(of: layer.inputs) {
        consumers[label].append(.init(node: layer.node, positions: positions))
      }
    }
    var reasons = [String?](repeating: nil, count: numbers.count)
    for (root, number) in numbers { reasons[number] = flow.classes.reason(root) }
    classes = reasons.indices.map { id in
      CoupledChannel(
        id: id, producers: producers[id], consumers: consumers[id],
        reason: reasons[id] ?? (producers[id].isEmpty ? "no layer makes it" : nil))
    }
    layers = Dictionary(graph.layers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let layered = Set(linear.map(\.node))
    var products: [Int: [[Int]]] = [:]
    for node in folded.nodes where !layered.contains(node.id) {
      guard let letters = node.productLetters(facts) else { continue }
      var axes: [Int: [Int]] = [:]
      for (value, own) in zip(node.inputs, letters.operands) {
        guard let value, let channels = channels[value], let letter = own[channels.axis] else { continue }
        axes[letter] = channels.labels
      }
      products[node.id] = axes.sorted { $0.key < $1.key }.map(\.value)
    }
    self.products = products
    self.graph = folded
    self.channels = channels
    self.linear = linear
    self.facts = facts
    self.batch = batch
  }

  /// The same channels in a graph with the same nodes and values, whose constants have other elements.
  public init(_ graph: Graph, like map: ChannelMap) {
    self.graph = graph
    channels = map.channels
    slots = map.slots + graph.newSlots(beside: map)
    linear = map.linear
    products = map.products
    classes = map.classes
    layers = map.layers
    facts = map.facts
    batch = map.batch
  }

  /// The positions of each label.
  private static func positions(of labels: [Int]) -> [(key: Int, value: [Int])] {
    Dictionary(grouping: labels.indices) { labels[$0] }.sorted { $0.key < $1.key }
  }
}

extension Graph {
  /// Where biases that a map does not know have one entry a channel.
  fileprivate func newSlots(beside map: ChannelMap) -> [ChannelSlot] {
    let known = Set(map.slots.map { "\($0.node) \($0.constant)" })
    return map.linear.compactMap { layer in
      guard let node = node(id: layer.node), node.inputs.count > 2, let bias = node.inputs[2], let constant = constants[bias],
        constant.shape == [layer.outputs.count], !known.contains("\(node.id) \(bias)")
      else { return nil }
      return ChannelSlot(constant: bias, axis: 0, labels: layer.outputs, node: node.id)
    }
  }
}
