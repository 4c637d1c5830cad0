import Networks
import Tensors

extension ScoredNetwork {
  /// A linear layer that reads a group's channels and mixes them with others, with the positions where it finds each.
  ///
  /// A depthwise convolution, or one that loses whole groups, mixes nothing: it belongs to the channels that it reads.
  struct Reader {
    var layer: Layer
    var channels: LinearChannels
    /// For every channel of the group, its positions among the layer's inputs; equally many for all.
    var positions: [[Int]]

    /// The positions of one filter's inputs, and the weights of one position.
    private var inputs: Int { channels.inputs.count / max(channels.group, 1) }
    var taps: Int { layer.weights.shape[1] / max(inputs, 1) }

    /// Every weight that multiplies what lies at a position, filter by filter; `taps` numbers each.
    func weights(at position: Int) -> [Double] { weightPositions(at: position).map { Double(layer.weights.elements[$0]) } }

    /// Where those weights lie among the layer's.
    func weightPositions(at position: Int) -> [Int] {
      let (filters, width) = (layer.weights.shape[0] / max(channels.group, 1), layer.weights.shape[1])
      let (group, local) = (position / max(inputs, 1), position % max(inputs, 1))
      return (group * filters..<(group + 1) * filters).flatMap { filter in
        (0..<taps).map { filter * width + local * taps + $0 }
      }
    }
  }

  /// The layers that mix a group's channels, in execution order; those that do not read all of them are left out.
  func readers(of group: ChannelGroup) -> [Reader] {
    let own = Dictionary(layers.map { ($0.node.id, $0) }, uniquingKeysWith: { first, _ in first })
    return groups.map.linear.compactMap { channels in
      guard !channels.losesGroups, let layer = own[channels.node] else { return nil }
      let positions = Dictionary(grouping: channels.inputs.indices) { channels.inputs[$0] }
      let found = group.channels.map { positions[$0.id] ?? [] }
      guard let count = found.first?.count, count > 0, found.allSatisfy({ $0.count == count }) else { return nil }
      return Reader(layer: layer, channels: channels, positions: found)
    }
  }

  /// For every channel of a group, the weights and biases of the filters that make it, with the batch norm behind each folded in.
  func filters(of group: ChannelGroup) -> [[Double]] {
    let own = Dictionary(layers.map { ($0.node.id, $0) }, uniquingKeysWith: { first, _ in first })
    let rows = group.layers.map { layer in own[layer.id].map { $0.foldedFilters(in: graph) } ?? [] }
    let positions = Dictionary(uniqueKeysWithValues: group.layers.enumerated().map { ($1.id, $0) })
    return group.channels.map { channel in
      channel.producers.flatMap { member -> [Double] in
        guard let rows = positions[member.node].map({ rows[$0] }), !rows.isEmpty else { return [] }
        return member.positions.flatMap { rows[$0] }
      }
    }
  }
}

extension ScoredNetwork.Layer {
  /// The weights of each filter and then its bias, with the batch norm that alone reads the layer folded in.
  func foldedFilters(in graph: Graph) -> [[Double]] {
    let (count, width) = (weights.shape[0], weights.shape[1])
    var (scale, shift) = ([Double](repeating: 1, count: count), (bias ?? []).map(Double.init))
    if shift.isEmpty { shift = [Double](repeating: 0, count: count) }
    if let norm, let op = norm.op as? Op.BatchNormalization, let parameters = norm.parameters(in: graph, count) {
      for filter in 0..<count {
        scale[filter] = parameters[0][filter] / (parameters[3][filter] + Double(op.epsilon)).squareRoot()
        shift[filter] = (shift[filter] - parameters[2][filter]) * scale[filter] + parameters[1][filter]
      }
    }
    return (0..<count).map { filter in
      weights.elements[filter * width..<(filter + 1) * width].map { Double($0) * scale[filter] } + [shift[filter]]
    }
  }
}

extension Node {
  /// Scale, shift, mean and variance of a batch norm, one number a channel each; nil where they are no constants.
  func parameters(in graph: Graph, _ channels: Int) -> [[Double]]? {
    let found = inputs.dropFirst().compactMap { $0.flatMap { graph.constants[$0]?.floats?.elements.map(Double.init) } }
    return found.count == 4 && found.allSatisfy { $0.count == channels } ? found : nil
  }
}

extension FilterScores {
  /// Scores of classes of coupled channels, given to every filter that makes them; filters of classes without stay without.
  init(ofClasses scores: [Int: Double], in groups: ChannelGroups) {
    var layers: [String: [Double?]] = [:]
    for own in groups.map.linear {
      guard let layer = groups.map.layers[own.node], own.outputs.contains(where: { scores[$0] != nil }) else { continue }
      layers[layer.name] = own.outputs.map { scores[$0] }
    }
    self.init(layers)
  }
}
