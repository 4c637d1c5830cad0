import Foundation
import Networks
import Tensors

/// Channels that hold one number at every position of every image, such as those of a filter without weights or of a batch norm
/// whose scale is 0.
///
/// Such a channel says nothing, but what it adds to the next layer is not nothing: when it goes, that goes into the layer's bias.
/// It is exact for linear layers and for convolutions without padding; elsewhere the channel is removed as if it were 0.
struct ConstantChannels {
  private let map: ChannelMap
  /// For every value with channels, the constant of each; nil where a channel is none, or it is not known.
  private var values: [String: [Float?]] = [:]

  init(_ map: ChannelMap) {
    self.map = map
    for node in map.graph.nodes {
      guard let output = node.outputs.first, let own = map.channels[output] else { continue }
      if let found = constants(of: node), found.count == own.labels.count, found.contains(where: { $0 != nil }) {
        values[output] = found
      }
    }
  }

  /// The map with what removed channels add to their readers in the readers' biases.
  ///
  /// - Parameter removed: the classes that will go.
  /// - Returns: the map of a graph with other biases, and what the channels are to be taken for, by value.
  func folding(_ removed: Set<Int>) throws -> (map: ChannelMap, fills: [String: [Float]]) {
    var exact: Set<Int> = []
    var readings: [(node: Node, value: String)] = []
    for layer in map.linear {
      guard let node = map.graph.node(id: layer.node) else { continue }
      for case let value? in node.inputs where map.channels[value] != nil { readings.append((node, value)) }
    }
    var (candidates, refused) = (Set<Int>(), Set<Int>())
    for (node, value) in readings {
      guard let own = map.channels[value] else { continue }
      for (position, label) in own.labels.enumerated() where removed.contains(label) {
        guard let constant = values[value]?[position] else {
          refused.insert(label)
          continue
        }
        if constant != 0 { if takesBias(node) { candidates.insert(label) } else { refused.insert(label) } }
      }
    }
    exact = candidates.subtracting(refused)
    guard !exact.isEmpty else { return (map, [:]) }

    var fills: [String: [Float]] = [:]
    var editor = GraphEditor(map.graph)
    for (node, value) in readings {
      guard let own = map.channels[value], own.labels.contains(where: exact.contains), let constants = values[value],
        let index = editor.nodes.firstIndex(where: { $0.id == node.id })
      else { continue }
      let fill = own.labels.indices.map { exact.contains(own.labels[$0]) ? constants[$0] ?? 0 : 0 }
      fills[value] = fill
      try addBias(of: node, at: index, fill, &editor)
    }
    return (try ChannelMap(editor.graph(), like: map), fills)
  }

  /// Whether what constant channels add to a layer's output is the same everywhere.
  private func takesBias(_ node: Node) -> Bool {
    switch node.op {
    case let conv as Op.Conv:
      if conv.group != 1 { return false }
      switch conv.window.padding {
      case .valid: return true
      case .explicit(let begin, let end): return (begin + end).allSatisfy { $0 == 0 }
      case .sameUpper, .sameLower: return false
      }
    case let gemm as Op.Gemm: return gemm.beta == 1 || node.inputs.count < 3
    default: return false
    }
  }

  private func addBias(of node: Node, at index: Int, _ fill: [Float], _ editor: inout GraphEditor) throws {
    guard let layer = map.linear.first(where: { $0.node == node.id }),
      let rows = map.graph.filters(of: node, count: layer.outputs.count)
    else { return }
    let taps = rows.shape[1] / max(fill.count, 1)
    let alpha = (node.op as? Op.Gemm)?.alpha ?? 1
    var bias = [Double](repeating: 0, count: layer.outputs.count)
    if node.inputs.count > 2, let old = node.inputs[2].flatMap({ map.graph.constants[$0]?.floats }) {
      for filter in bias.indices { bias[filter] = Double(old.elements[old.count == 1 ? 0 : filter]) }
    }
    for filter in bias.indices {
      for (channel, constant) in fill.enumerated() where constant != 0 {
        var sum = 0.0
        for tap in 0..<taps { sum += Double(rows.elements[(filter * fill.count + channel) * taps + tap]) }
        bias[filter] += Double(alpha) * Double(constant) * sum
      }
    }
    let name = editor.add(.float(Tensor(bias.map(Float.init), shape: [bias.count])), named: "\(node.label).bias")
    while editor.nodes[index].inputs.count < 3 { editor.nodes[index].inputs.append(nil) }
    editor.nodes[index].inputs[2] = name
  }

  // MARK: - What is constant

  private func constants(of node: Node) -> [Float?]? {
    func input(_ position: Int) -> [Float?]? { position < node.inputs.count ? node.inputs[position].flatMap { values[$0] } : nil }
    switch node.op {
    case is Op.Conv, is Op.Gemm: return linear(node)
    case let norm as Op.BatchNormalization:
      let parameters = node.inputs.dropFirst().compactMap { $0.flatMap { map.graph.constants[$0]?.floats?.elements } }
      guard parameters.count == 4 else { return nil }
      return parameters[0].indices.map { c in
        let scale = Double(parameters[0][c]) / (Double(parameters[3][c]) + Double(norm.epsilon)).squareRoot()
        if scale == 0 { return parameters[1][c] }
        return input(0)?[c].map { Float((Double($0) - Double(parameters[2][c])) * scale + Double(parameters[1][c])) }
      }
    case let op as any ElementwiseOperator:
      return input(0)?.map { constant in
        let value = constant.map { Float(op.value(Double($0))) }
        return value.map(\.isFinite) ?? false ? value : nil
      }
    case is Op.Clip:
      func bound(_ position: Int) -> Float? {
        position < node.inputs.count ? node.inputs[position].flatMap { map.graph.constants[$0]?.floats?.elements.first } : nil
      }
      return input(0)?.map { $0.map { min(max($0, bound(1) ?? -.infinity), bound(2) ?? .infinity) } }
    case is Op.MaxPool, is Op.GlobalMaxPool, is Op.GlobalAveragePool, is Op.Identity, is Op.Dropout: return input(0)
    case let pool as Op.AveragePool where !pool.countsPadding: return input(0)
    case is Op.Add:
      guard let first = input(0), let second = input(1), first.count == second.count else { return nil }
      return zip(first, second).map { a, b in a.flatMap { a in b.map { a + $0 } } }
    case let concat as Op.Concat:
      guard let own = map.channels[node.outputs[0]], concat.axis == own.axis else { return nil }
      return node.inputs.flatMap { name -> [Float?] in
        guard let name, let part = map.channels[name] else { return [] }
        return values[name] ?? [Float?](repeating: nil, count: part.labels.count)
      }
    case is Op.Flatten:
      guard let first = input(0), let name = node.inputs[0], map.channels[name]?.axis == 1,
        let own = map.channels[node.outputs[0]], own.axis == 1, first.count > 0, own.labels.count % first.count == 0
      else { return nil }
      let area = own.labels.count / first.count
      return own.labels.indices.map { first[$0 / area] }
    default: return nil
    }
  }

  /// A filter is constant if it reads nothing but zeros, by its weights or by its inputs.
  private func linear(_ node: Node) -> [Float?]? {
    guard let layer = map.linear.first(where: { $0.node == node.id }), let name = node.inputs[0],
      let rows = map.graph.filters(of: node, count: layer.outputs.count)
    else { return nil }
    let old = node.inputs.count > 2 ? node.inputs[2].flatMap { map.graph.constants[$0]?.floats } : nil
    let beta = (node.op as? Op.Gemm)?.beta ?? 1
    let width = rows.shape[1]
    let zeros = values[name]
    let isGrouped = ((node.op as? Op.Conv)?.group ?? 1) > 1
    let taps = isGrouped ? 1 : width / max(layer.inputs.count, 1)
    return (0..<layer.outputs.count).map { filter in
      for position in 0..<width where rows.elements[filter * width + position] != 0 {
        guard !isGrouped, zeros?[position / max(taps, 1)] == 0 else { return nil }
      }
      return old.map { beta * $0.elements[$0.count == 1 ? 0 : filter] } ?? 0
    }
  }
}
