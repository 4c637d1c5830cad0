import Tensors

/// A graph that loses channels: what stays of every value, and the workshop for what carries their numbers.
public struct ChannelRemoval {
  /// The channels of the graph as it was.
  public let map: ChannelMap
  /// Whether each class goes.
  let isRemoved: [Bool]
  var editor: GraphEditor

  init(_ map: ChannelMap, _ removed: Set<Int>) {
    self.map = map
    isRemoved = map.classes.map { removed.contains($0.id) }
    editor = GraphEditor(map.graph)
  }

  /// The channel axis of a value and the positions along it that stay; nil for a value that has none.
  func kept(_ value: String?) -> (axis: Int, positions: [Int])? {
    guard let value, let own = map.channels[value] else { return nil }
    return (own.axis, kept(own.labels))
  }

  /// The positions of labels that stay.
  func kept(_ labels: [Int]) -> [Int] { labels.indices.filter { !isRemoved[labels[$0]] } }

  /// Whether a value loses channels.
  func shrinks(_ value: String?) -> Bool {
    guard let value, let own = map.channels[value] else { return false }
    return own.labels.contains { isRemoved[$0] }
  }

  /// The shape of a value before.
  func before(_ value: String?) -> Shape { value.flatMap { map.facts[$0]?.shape } ?? [] }

  /// The shape of a value after.
  func after(_ value: String?) -> Shape {
    let shape = before(value)
    guard let kept = kept(value) else { return shape }
    return shape.replacing(axis: kept.axis, with: kept.positions.count)
  }

  /// The integers of an input before, or nil where it is left out.
  func integers(_ node: Node, _ position: Int) -> [Int]? {
    guard position < node.inputs.count, let name = node.inputs[position] else { return nil }
    return map.facts[name]?.value?.integers
  }

  /// Whether an input is a constant, not computed.
  func isConstant(_ node: Node, _ position: Int) -> Bool {
    position < node.inputs.count && node.inputs[position].map { map.graph.constants[$0] != nil } ?? false
  }

  /// Gives a node other integers at an input.
  mutating func set(_ integers: [Int], _ node: inout Node, _ position: Int, _ role: String) {
    while node.inputs.count <= position { node.inputs.append(nil) }
    node.inputs[position] = editor.add(.integers(integers), named: "\(node.label).\(role)")
  }
}

extension ChannelMap {
  /// The graph without some classes of channels: rows and columns of weights, entries of batch norms and of every other constant
  /// that has one a channel, and whatever else holds a number of channels.
  ///
  /// What stays computes what it did where the removed channels had been 0 at the inputs of the layers that read them.
  ///
  /// - Parameter removed: numbers of classes.
  /// - Throws: `EspalierError` naming a class that must stay, a value that would lose all its channels, or an operator whose form
  ///   does not allow it.
  public func graph(without removed: Set<Int>) throws -> Graph {
    try check(removed)
    var removal = ChannelRemoval(self, removed)
    var lost: [String: [Int: [Int]]] = [:]
    for slot in slots where slot.labels.contains(where: { removal.isRemoved[$0] }) {
      lost[slot.constant, default: [:]][slot.axis] = removal.kept(slot.labels)
    }
    for (name, axes) in lost {
      guard var constant = removal.editor.constants[name] else { continue }
      for (axis, positions) in axes { constant = constant.gathered(positions, axis: axis) }
      removal.editor.constants[name] = constant
    }
    for position in removal.editor.nodes.indices {
      var node = removal.editor.nodes[position]
      try naming(location: "\(node.op.name) '\(node.label)'") { try node.op.removeChannels(from: &node, &removal) }
      removal.editor.nodes[position] = node
    }
    var editor = removal.editor
    editor.dropUnusedInAnyOrder()
    let pruned = try editor.graph()
    let facts = try pruned.facts(batch: batch)
    for node in pruned.nodes {
      for output in node.outputs where !output.isEmpty && channels[output] != nil {
        let (expected, found) = (removal.after(output), facts[output]?.shape ?? [])
        guard expected == found else {
          throw EspalierError(
            "without the channels it makes \(found) instead of \(expected)", location: "\(node.op.name) '\(node.label)'",
            accepted: "other channels")
        }
      }
    }
    return pruned
  }

  func check(_ removed: Set<Int>) throws {
    for id in removed.sorted() {
      guard classes.indices.contains(id) else { throw EspalierError("there is no channel class \(id)") }
      if let reason = classes[id].reason {
        let name = classes[id].producers.first.flatMap { graph.node(id: $0.node)?.label } ?? "\(id)"
        throw EspalierError("its channels must stay: \(reason)", location: "layer '\(name)'")
      }
    }
    for node in graph.nodes {
      for output in node.outputs {
        if let own = channels[output], !own.labels.isEmpty, own.labels.allSatisfy(removed.contains) {
          throw EspalierError("no channel of '\(output)' would be left", location: "\(node.op.name) '\(node.label)'")
        }
      }
    }
  }
}

extension GraphEditor {
  /// Drops nodes and constants that no result depends on, whatever the order of the nodes.
  mutating func dropUnusedInAnyOrder() {
    var definers: [String: Node] = [:]
    for node in nodes { for output in node.outputs where !output.isEmpty { definers[output] = node } }
    var needed: Set<String> = []
    var waiting = outputs
    while let value = waiting.popLast() {
      guard needed.insert(value).inserted, let node = definers[value] else { continue }
      waiting += node.inputs.compactMap { $0 }
    }
    nodes.removeAll { !$0.outputs.contains(where: needed.contains) }
    constants.removeAll { !needed.contains($0.key) }
  }
}
