import Networks
import Tensors

/// What a network costs for one image, in every unit that a budget can be given in but time.
public struct NetworkCost: Hashable, Sendable {
  /// Multiply-accumulate operations of linear layers.
  public var macs = 0
  /// Weights that training changes; running means and variances do not count.
  public var parameters = 0
  /// Elements of the outputs of linear layers.
  public var activations = 0
  /// Output channels of the linear layers that may lose some.
  public var filters = 0

  static func - (a: NetworkCost, b: NetworkCost) -> NetworkCost {
    NetworkCost(
      macs: a.macs - b.macs, parameters: a.parameters - b.parameters, activations: a.activations - b.activations,
      filters: a.filters - b.filters)
  }
}

/// A network that loses channels, counted as it does: every saving is counted with what is left.
public struct LiveNetwork: Sendable {
  /// The channels.
  public let map: ChannelMap
  /// What is left.
  public private(set) var cost = NetworkCost()
  /// The classes that are gone.
  public private(set) var removed: Set<Int> = []

  private struct Layer: Sendable {
    /// MACs of one output channel that reads one input channel, and the elements of one output channel.
    var macs: Int, area: Int
    var inputs: Int, outputs: Int
    var group: Int
    /// Whether inputs and outputs go together, so that only outputs count.
    var losesGroups: Bool
    var isRemovable: Bool

    var cost: NetworkCost {
      NetworkCost(
        macs: macs * outputs * (losesGroups ? 1 : inputs / group), activations: area * outputs, filters: isRemovable ? outputs : 0
      )
    }
  }
  private var layers: [Layer] = []
  private var axes: [[Int: Int]] = []
  private var rest: [Int] = []
  /// For each class: the layers and constants that lose something, and how much.
  private let effects: [Effect]

  private struct Effect: Sendable {
    var layers: [(layer: Int, inputs: Int, outputs: Int)] = []
    var weights: [(weight: Int, axis: Int, entries: Int)] = []
  }

  /// Counts a whole network.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public init(_ map: ChannelMap) throws {
    self.map = map
    let images = max(map.graph.fixedBatch ?? 2, 1)
    let facts = try map.graph.facts(batch: images)
    var constants = Set(map.graph.constants.keys)
    var effects = [Effect](repeating: Effect(), count: map.classes.count)
    let known = Dictionary(map.linear.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    for node in map.graph.nodes {
      // What does not depend on the images is done once for as many as the file declares.
      let isConstant = node.inputs.allSatisfy { $0.map(constants.contains) ?? true }
      if isConstant { constants.formUnion(node.outputs) }
      let batch = isConstant ? max(map.graph.fixedBatch ?? 1, 1) : images
      let cost = node.op.cost(
        inputs: node.inputs.map { $0.flatMap { facts[$0]?.shape } }, outputs: node.outputs.compactMap { facts[$0]?.shape })
      let output = (facts[node.outputs[0]]?.shape.count ?? 0) / batch
      guard let own = known[node.id] else {
        let axes = map.products[node.id] ?? []
        guard let first = axes.first, cost.macs > 0 else {
          self.cost.macs += cost.macs / batch
          if node.op.isLinear { self.cost.activations += output }
          continue
        }
        // A product of two values costs less for every position along an axis that loses channels.
        let inner = axes.count > 1 ? axes[1].count : 1
        let isOutput = map.channels[node.outputs[0]] != nil
        if node.op.isLinear, !isOutput { self.cost.activations += output }
        layers.append(
          Layer(
            macs: cost.macs / batch / max(first.count * inner, 1),
            area: node.op.isLinear && isOutput ? output / max(first.count, 1) : 0, inputs: inner, outputs: first.count, group: 1,
            losesGroups: axes.count == 1, isRemovable: false))
        for (label, positions) in Dictionary(grouping: first, by: { $0 }) {
          effects[label].layers.append((layers.count - 1, 0, positions.count))
        }
        for (label, positions) in Dictionary(grouping: axes.dropFirst().first ?? [], by: { $0 }) {
          effects[label].layers.append((layers.count - 1, positions.count, 0))
        }
        continue
      }
      let fanIn = own.losesGroups ? 1 : own.inputs.count / max(own.group, 1)
      let pairs = max(own.outputs.count * fanIn, 1)
      layers.append(
        Layer(
          macs: cost.macs / batch / pairs, area: output / max(own.outputs.count, 1), inputs: own.inputs.count,
          outputs: own.outputs.count, group: max(own.group, 1), losesGroups: own.losesGroups,
          isRemovable: own.outputs.contains { map.classes[$0].reason == nil }))
      for (label, positions) in Dictionary(grouping: own.inputs, by: { $0 }) {
        effects[label].layers.append((layers.count - 1, positions.count, 0))
      }
      for (label, positions) in Dictionary(grouping: own.outputs, by: { $0 }) {
        effects[label].layers.append((layers.count - 1, 0, positions.count))
      }
    }
    let slots = Dictionary(grouping: map.slots, by: \.constant)
    var counted: Set<String> = []
    for node in map.graph.nodes {
      for name in map.graph.trainedConstants(of: node) where counted.insert(name).inserted {
        guard let tensor = map.graph.constants[name]?.floats else { continue }
        var lengths: [Int: Int] = [:]
        for slot in slots[name] ?? [] where lengths[slot.axis] == nil {
          lengths[slot.axis] = slot.labels.count
          for (label, entries) in Dictionary(grouping: slot.labels, by: { $0 }) {
            effects[label].weights.append((axes.count, slot.axis, entries.count))
          }
        }
        axes.append(lengths)
        rest.append(tensor.count / max(lengths.values.reduce(1, *), 1))
      }
    }
    self.effects = effects
    for layer in layers { add(layer.cost, 1) }
    for weight in axes.indices { cost.parameters += size(weight) }
  }

  /// Removes a class.
  public mutating func remove(_ id: Int) {
    guard removed.insert(id).inserted else { return }
    for (layer, inputs, outputs) in effects[id].layers {
      add(layers[layer].cost, -1)
      layers[layer].inputs -= inputs
      layers[layer].outputs -= outputs
      add(layers[layer].cost, 1)
    }
    for (weight, axis, entries) in effects[id].weights {
      cost.parameters -= size(weight)
      axes[weight][axis, default: 0] -= entries
      cost.parameters += size(weight)
    }
  }

  /// What removing a class would save now.
  public func saving(_ id: Int) -> NetworkCost { saving([id]) }

  /// What removing some classes would save now.
  public func saving(_ ids: [Int]) -> NetworkCost {
    var copy = self
    for id in ids { copy.remove(id) }
    return cost - copy.cost
  }

  private func size(_ weight: Int) -> Int { axes[weight].values.reduce(rest[weight], *) }

  private mutating func add(_ part: NetworkCost, _ sign: Int) {
    cost.macs += sign * part.macs
    cost.activations += sign * part.activations
    cost.filters += sign * part.filters
  }
}
