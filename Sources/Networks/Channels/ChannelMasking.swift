import Tensors

/// A graph whose channels are masked, at the size that it had: what pruning means.
public struct ChannelMasking {
  /// The channels of the graph.
  public let map: ChannelMap
  let removed: Set<Int>
  /// For a value, what its removed channels are set to, one number a channel; 0 without.
  let fills: [String: [Float]]
  var editor: GraphEditor
  /// Values made so far, by the names that they were asked for under.
  private var made: [String: String] = [:]

  init(_ map: ChannelMap, _ removed: Set<Int>, _ fills: [String: [Float]]) {
    self.map = map
    self.removed = removed
    self.fills = fills
    editor = GraphEditor(map.graph)
  }

  /// The axis of a value that loses channels, how many it has and how many it keeps; nil where it loses none.
  func loss(of value: String?) -> (axis: Int, all: Int, kept: Int)? {
    guard let value, let own = map.channels[value], own.labels.contains(where: removed.contains) else { return nil }
    return (own.axis, own.labels.count, own.labels.count { !removed.contains($0) })
  }

  /// A value with its removed channels set to 0, or to what fills it; itself where it loses none.
  mutating func masked(_ value: String) -> String {
    guard loss(of: value) != nil else { return value }
    return once("\(value).filled") { name, masking in masking.filled(value, masking.fills[value], name) }
  }

  /// A value with its removed channels set to one number.
  mutating func masked(_ value: String, as number: Float) -> String {
    let count = map.channels[value]?.labels.count ?? 0
    return once("\(value).at\(number)") { name, masking in
      masking.filled(value, [Float](repeating: number, count: count), name)
    }
  }

  /// A value with its removed channels set to 0, whatever others set them to.
  mutating func zeroed(_ value: String) -> String {
    once("\(value).masked") { name, masking in
      masking.editor.add(Op.Mul(), named: name, inputs: [value, masking.mask(of: value)])
    }
  }

  /// What was made under a name, made when it is first asked for.
  private mutating func once(_ name: String, _ make: (String, inout ChannelMasking) -> String) -> String {
    if let known = made[name] { return known }
    let result = make(name, &self)
    made[name] = result
    return result
  }

  /// A constant that is 1 where a channel stays, 0 where it goes.
  mutating func mask(of value: String) -> String {
    let labels = map.channels[value]?.labels ?? []
    let mask = Tensor(labels.map { removed.contains($0) ? Float(0) : 1 }, shape: broadcast(value))
    return editor.add(.float(mask), named: "\(value).mask")
  }

  private mutating func filled(_ value: String, _ numbers: [Float]?, _ name: String) -> String {
    let result = zeroed(value)
    guard let numbers, let labels = map.channels[value]?.labels,
      labels.indices.contains(where: { removed.contains(labels[$0]) && numbers[$0] != 0 })
    else { return result }
    let fill = Tensor(labels.indices.map { removed.contains(labels[$0]) ? numbers[$0] : 0 }, shape: broadcast(value))
    let constant = editor.add(.float(fill), named: "\(name).numbers")
    return editor.add(Op.Add(), named: name, inputs: [result, constant])
  }

  private func broadcast(_ value: String) -> Shape {
    guard let own = map.channels[value] else { return [] }
    return Shape([own.labels.count] + [Int](repeating: 1, count: (map.facts[value]?.shape.rank ?? 0) - own.axis - 1))
  }

  /// Puts nodes that make a value in the place of the one that made it.
  mutating func replace(_ node: Node, by op: any Operator, _ inputs: [String?]) {
    editor.remove([node.id])
    editor.append(op, named: node.label, inputs: inputs, output: node.outputs[0])
  }

  /// Lets a node read other values.
  mutating func redirect(_ node: Node, _ change: (String, inout ChannelMasking) -> String) {
    guard let index = editor.nodes.firstIndex(where: { $0.id == node.id }) else { return }
    for position in node.inputs.indices {
      guard let value = node.inputs[position], loss(of: value) != nil else { continue }
      let changed = change(value, &self)
      editor.nodes[index].inputs[position] = changed
    }
  }

  /// A value less its mean over some axes, divided by its standard deviation, both of the channels that stay.
  mutating func normalised(_ value: String, over axes: [Int], epsilon: Float, of node: Node) -> String {
    guard let loss = loss(of: value) else { return value }
    let name = node.label
    let list = editor.add(.integers(axes), named: "\(name).axes")
    let share = editor.add(.float(Tensor(scalar: Float(loss.all) / Float(loss.kept))), named: "\(name).share")
    let least = editor.add(.float(Tensor(scalar: epsilon)), named: "\(name).epsilon")
    func mean(_ value: String, _ role: String) -> String {
      let mean = editor.add(Op.ReduceMean(), named: "\(name).\(role).all", inputs: [value, list])
      return editor.add(Op.Mul(), named: "\(name).\(role)", inputs: [mean, share])
    }
    let middle = mean(zeroed(value), "mean")
    let distance = editor.add(Op.Sub(), named: "\(name).distance", inputs: [value, middle])
    let kept = editor.add(Op.Mul(), named: "\(name).kept", inputs: [distance, mask(of: value)])
    let squares = editor.add(Op.Mul(), named: "\(name).squares", inputs: [kept, kept])
    let variance = editor.add(Op.Add(), named: "\(name).bounded", inputs: [mean(squares, "variance"), least])
    let deviation = editor.add(Op.Sqrt(), named: "\(name).deviation", inputs: [variance])
    return editor.add(Op.Div(), named: "\(name).quotient", inputs: [kept, deviation])
  }
}

extension ChannelMap {
  /// The graph with the channels of some classes masked, at the size of the graph as it was.
  ///
  /// Where linear layers, products and sums mix channels, removed ones are 0, or what is given. Means over channels, and the means
  /// and variances that layer norms take over them, are those of the channels that stay: a channel that is not there is no sample
  /// of 0. This is what every tool computes that slices a network with layer norms (Torch-Pruning among them); here it is what the
  /// sliced network is held against, computed without slicing.
  ///
  /// It computes what ``graph(without:)`` does: the definition of what pruning means.
  ///
  /// - Parameters:
  ///   - removed: numbers of classes.
  ///   - fills: for a value, what its removed channels are set to, one number a channel.
  /// - Throws: `EspalierError` naming a class that must stay, or a value that would lose all its channels.
  public func graph(masking removed: Set<Int>, as fills: [String: [Float]] = [:]) throws -> Graph {
    try check(removed)
    var masking = ChannelMasking(self, removed, fills)
    let layers = Set(linear.map(\.node))
    for node in graph.nodes {
      if layers.contains(node.id) {
        masking.redirect(node) { $1.masked($0) }
      } else {
        try naming(location: "\(node.op.name) '\(node.label)'") { try node.op.maskChannels(of: node, &masking) }
      }
    }
    return try masking.editor.graph()
  }
}
