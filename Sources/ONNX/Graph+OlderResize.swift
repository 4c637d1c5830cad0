internal import Networks
internal import Tensors

extension Graph {
  /// The graph with every `Resize` to sizes of some axes in the form before opset 18, which names sizes of all: the other axes
  /// have the input's, in numbers where no axis is open.
  func withOlderResize() throws -> Graph {
    func isChosen(_ node: Node) -> Bool {
      guard let axes = (node.op as? Op.Resize)?.axes, node.inputs.count > 3, let sizes = node.inputs[3] else { return false }
      return !axes.isEmpty && axes.allSatisfy { $0 >= 0 } && constants[sizes]?.integers?.count == axes.count
    }
    guard nodes.contains(where: isChosen) else { return self }
    let isOpen = inputs.contains { $0.dimensions.contains { if case .symbolic = $0 { true } else { false } } }
    // Another open axis than the batch leaves even the ranks unknown.
    let facts = try? facts(batch: 1)
    var editor = GraphEditor(self)
    for (position, node) in nodes.enumerated() where isChosen(node) {
      guard let op = node.op as? Op.Resize, let input = node.inputs[0], let name = node.inputs[3],
        let lengths = constants[name]?.integers
      else { continue }
      let given = Dictionary(zip(op.axes, lengths), uniquingKeysWith: { first, _ in first })
      let shape = facts?[input]?.shape
      var older = op
      older.axes = []
      editor.nodes[position].op = older
      if !isOpen, let shape {
        let all = shape.dimensions.enumerated().map { given[$0.offset] ?? $0.element }
        editor.nodes[position].inputs[3] = editor.add(.integers(all), named: node.label + ".all-sizes")
      } else {
        editor.nodes[position].inputs[3] = editor.addSizes(given, ofInput: input, rank: shape?.rank, label: node.label)
      }
      if consumers(of: name).allSatisfy(isChosen), !isOutput(name) { editor.constants[name] = nil }
    }
    return try editor.graph()
  }
}

extension GraphEditor {
  /// Adds the nodes that join an input's lengths with given ones, and returns the value.
  fileprivate mutating func addSizes(_ given: [Int: Int], ofInput input: String, rank: Int?, label: String) -> String {
    let shape = add(Op.ShapeOf(), named: label + ".shape", inputs: [input])
    var pieces: [String] = []
    func slice(_ start: Int, _ end: Int, in editor: inout GraphEditor) -> String {
      let bounds = [start, end].map { editor.add(.integers([$0]), named: label + ".bound") }
      return editor.add(Op.Slice(), named: label + ".others", inputs: [shape] + bounds)
    }
    var next = 0
    let axes = given.keys.sorted()
    while let first = axes.first(where: { $0 >= next }) {
      if first > next { pieces.append(slice(next, first, in: &self)) }
      let sizes = (first...).prefix { given[$0] != nil }.compactMap { given[$0] }
      pieces.append(add(.integers(sizes), named: label + ".size"))
      next = first + sizes.count
    }
    if rank.map({ $0 > next }) ?? true { pieces.append(slice(next, Int(Int32.max), in: &self)) }
    return pieces.count == 1 ? pieces[0] : add(Op.Concat(axis: 0), named: label + ".all-sizes", inputs: pieces)
  }
}
