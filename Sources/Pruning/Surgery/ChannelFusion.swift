import Networks
import Tensors

/// What survivors take over from channels that go: parts of their outgoing weights.
public struct ChannelFusion: Sendable {
  /// For a class that goes: the classes that take over, and how many times its outgoing weights.
  public var shares: [Int: [(heir: Int, factor: Double)]] = [:]

  /// Makes an empty fusion.
  public init() {}

  /// The channels in a graph whose layers have taken over: W_j ← W_j + Σ_i c_ij W_i, for the input slices of every layer that
  /// mixes the channels.
  ///
  /// A weight that several nodes share stays as it is.
  ///
  /// Removing the classes from that graph is the pruning with surgery; masking them there is what it must equal.
  ///
  /// - Throws: `EspalierError` if the graph would not be valid.
  func applied(to network: ScoredNetwork) throws -> ChannelMap {
    let map = network.groups.map
    guard !shares.isEmpty else { return map }
    var editor = GraphEditor(map.graph)
    var rows: [Int: Tensor<Float>] = [:]
    for group in network.groups.removable {
      let positions = Dictionary(uniqueKeysWithValues: group.channels.enumerated().map { ($1.id, $0) })
      for reader in network.readers(of: group) {
        var weights = rows[reader.layer.node.id] ?? reader.layer.weights
        // What goes is read from the weights as they were: a fusion's factors are of the whole network.
        var change = [Int: Double]()
        for (position, channel) in group.channels.enumerated() {
          for (heir, factor) in shares[channel.id] ?? [] {
            guard let target = positions[heir] else { continue }
            for (from, to) in zip(reader.positions[position], reader.positions[target]) {
              for (a, b) in zip(reader.weightPositions(at: from), reader.weightPositions(at: to)) {
                change[b, default: 0] += factor * Double(reader.layer.weights.elements[a])
              }
            }
          }
        }
        for (position, sum) in change { weights.elements[position] = Float(Double(weights.elements[position]) + sum) }
        rows[reader.layer.node.id] = weights
      }
    }
    for (id, weights) in rows {
      guard let node = map.graph.node(id: id) else { continue }
      editor.setFilters(weights, of: node, in: map.graph)
    }
    return ChannelMap(try editor.graph(), like: map)
  }
}

extension GraphEditor {
  /// Gives a linear layer other weights, one row a filter (``Graph/filters(of:count:)``); a weight that other nodes read too
  /// stays.
  ///
  /// - Returns: whether the weights were taken.
  @discardableResult
  mutating func setFilters(_ rows: Tensor<Float>, of node: Node, in graph: Graph) -> Bool {
    let positions = node.op is Op.MatMul ? 0..<2 : 1..<2
    guard let name = positions.lazy.compactMap({ node.inputs[$0] }).first(where: { graph.constants[$0]?.floats != nil }),
      let old = graph.constants[name]?.floats, graph.consumers(of: name).count == 1, !graph.isOutput(name)
    else { return false }
    var weight = old
    switch node.op {
    case let transposed as Op.ConvTranspose:
      let (group, perGroup) = (max(transposed.group, 1), old.shape[1])
      let (taps, ins) = (old.shape.dimensions.dropFirst(2).reduce(1, *), old.shape[0] / group)
      for g in 0..<group {
        for i in 0..<ins {
          for o in 0..<perGroup {
            for t in 0..<taps {
              weight.elements[((g * ins + i) * perGroup + o) * taps + t] =
                rows.elements[(g * perGroup + o) * ins * taps + i * taps + t]
            }
          }
        }
      }
    case let gemm as Op.Gemm: weight = gemm.transposeB ? rows : rows.transposed([1, 0])
    case is Op.MatMul: weight = node.inputs[1] == name ? rows.transposed([1, 0]) : rows
    default: weight = rows.reshaped(old.shape)
    }
    constants[name] = .float(weight)
    return true
  }
}
