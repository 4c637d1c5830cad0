/// Finds the blocks of a graph; see ``Graph/blocks``.
struct BlockFinder {
  private let graph: Graph
  /// What does not depend on the elements of the input: constants and shapes.
  private let known: Set<String>
  private let namer: BlockNamer
  private var found: [Part] = []
  /// What will be in the next block: pooling, reshaping, normalisation before a layer.
  private var pending: [Node] = []

  /// A block in the making.
  private struct Part {
    var kind: Block.Kind
    /// The nodes that belong to the block before it: they do not name it.
    var lead: [Node]
    var nodes: [Node]
    /// Whether an activation has come.
    var isActivated = false
  }

  init(_ graph: Graph) {
    self.graph = graph
    var known = Set(graph.constants.keys)
    for node in graph.nodes where node.op is Op.ShapeOf || node.inputs.allSatisfy({ $0.map(known.contains) ?? true }) {
      known.formUnion(node.outputs)
    }
    self.known = known
    namer = BlockNamer(graph)
  }

  /// The blocks, in execution order.
  mutating func blocks() -> [Block] {
    for piece in pieces() {
      if piece.nodes.count > 1 { addRegion(piece.nodes, entry: piece.entry) } else { addNode(piece.nodes[0]) }
    }
    if !pending.isEmpty { found.append(Part(kind: .other, lead: [], nodes: pending)) }
    mergeBottlenecks()
    var taken: Set<String> = []
    return found.map { part in
      let wish =
        (part.kind == .layer ? namer.sharedName(of: part.lead + part.nodes) : nil)
        ?? namer.name(of: part.nodes, isLayer: part.kind == .layer)
      var name = wish
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(wish)~\(number)"
        number += 1
      }
      let output = part.nodes.last?.outputs.first { !$0.isEmpty } ?? ""
      return Block(name: name, kind: part.kind, nodes: part.lead + part.nodes, output: output)
    }
  }

  // MARK: Cuts

  /// The nodes between the first output and the input, cut wherever only one value is alive; with the value that was.
  private func pieces() -> [(entry: String?, nodes: [Node])] {
    guard let output = graph.outputs.first else { return [] }
    var needed: Set<String> = [output]
    var way: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      guard !node.outputs.allSatisfy(known.contains) else { continue }
      way.append(node)
      needed.formUnion(inputs(of: node))
    }
    way.reverse()
    var last: [String: Int] = [:]
    for (position, node) in way.enumerated() { for input in inputs(of: node) { last[input] = position } }
    last[output] = way.count

    var alive = Set(graph.inputs.map(\.name).filter { last[$0] != nil })
    var pieces: [(entry: String?, nodes: [Node])] = []
    var entry = alive.count == 1 ? alive.first : nil
    var nodes: [Node] = []
    for (position, node) in way.enumerated() {
      nodes.append(node)
      for input in inputs(of: node) where last[input] == position { alive.remove(input) }
      for value in node.outputs where last[value] != nil { alive.insert(value) }
      // The one value alive must be what these nodes computed, or they are the start of paths that meet later.
      if alive.count == 1, let value = alive.first, node.outputs.contains(value) {
        pieces.append((entry, nodes))
        entry = value
        nodes = []
      }
    }
    if !nodes.isEmpty { pieces.append((entry, nodes)) }
    return pieces
  }

  /// The inputs that depend on what is fed.
  private func inputs(of node: Node) -> [String] { node.inputs.compactMap { $0 }.filter { !known.contains($0) } }

  // MARK: Parts

  private mutating func addRegion(_ nodes: [Node], entry: String?) {
    guard let join = nodes.last else { return }
    switch join.op.role {
    case .product, .quotient:
      // A gate, or an activation that is written out.
      if !found.isEmpty, pending.isEmpty {
        found[found.count - 1].nodes += nodes
        found[found.count - 1].isActivated = true
      } else if nodes.contains(where: isLayer) {
        add(.other, nodes)
      } else {
        pending += nodes
      }
    case _ where join.op is Op.Concat:
      let isDense = entry.map(inputs(of: join).contains) ?? false
      if isDense, found.last?.kind == .dense, pending.isEmpty {
        found[found.count - 1].nodes += nodes
      } else {
        add(isDense ? .dense : .inception, nodes)
      }
    case .sum: add(.residual, nodes)
    default: add(.other, nodes)
    }
  }

  private mutating func addNode(_ node: Node) {
    if isLayer(node) {
      add(.layer, [node])
    } else if pending.isEmpty, let part = found.last, isActivation(node) || (part.kind == .layer && isShift(node)) {
      found[found.count - 1].nodes.append(node)
      if isActivation(node) { found[found.count - 1].isActivated = true }
    } else {
      pending.append(node)
    }
  }

  private mutating func add(_ kind: Block.Kind, _ nodes: [Node]) {
    found.append(Part(kind: kind, lead: pending, nodes: nodes))
    pending = []
  }

  private func isLayer(_ node: Node) -> Bool {
    guard node.op.isLinear, case let weight?? = node.inputs.dropFirst().first else { return false }
    return known.contains(weight)
  }

  private func isActivation(_ node: Node) -> Bool { node.op.role.isActivation }

  /// Batch normalisation, or an elementwise operation with a constant, such as a bias.
  private func isShift(_ node: Node) -> Bool {
    node.op.role == .normalization || (node.op.role.isArithmetic && inputs(of: node).count == 1)
  }

  // MARK: Bottlenecks

  private mutating func mergeBottlenecks() {
    var position = found.count - 1
    while position > 0 {
      defer { position -= 1 }
      let (depthwise, projection) = (found[position - 1], found[position])
      guard isConvolution(projection, kernel: 1), !projection.isActivated, isDepthwise(depthwise), depthwise.isActivated,
        projection.lead.isEmpty
      else { continue }
      var start = position - 1
      if start > 0, depthwise.lead.isEmpty, isConvolution(found[start - 1], kernel: 1), found[start - 1].isActivated {
        start -= 1
      }
      let nodes = found[start].nodes + found[(start + 1)...position].flatMap { $0.lead + $0.nodes }
      found.replaceSubrange(start...position, with: [Part(kind: .bottleneck, lead: found[start].lead, nodes: nodes)])
      position = start
    }
  }

  private func isConvolution(_ part: Part, kernel: Int) -> Bool {
    guard part.kind == .layer, let node = part.nodes.first, let op = node.op as? Op.Conv, op.group == 1,
      let shape = weightShape(of: node)
    else { return false }
    return shape.dropFirst(2).allSatisfy { $0 == kernel }
  }

  private func isDepthwise(_ part: Part) -> Bool {
    guard part.kind == .layer, let node = part.nodes.first, let op = node.op as? Op.Conv, let shape = weightShape(of: node)
    else { return false }
    return op.group > 1 && shape[1] == 1
  }

  private func weightShape(of node: Node) -> [Int]? {
    guard case let weight?? = node.inputs.dropFirst().first, let shape = graph.constants[weight]?.shape, shape.rank > 2 else {
      return nil
    }
    return shape.dimensions
  }
}

/// Finds names for groups of nodes in the names of layers.
struct BlockNamer {
  private let names: [Int: String]
  private let linear: [(id: Int, parts: [Substring])]

  init(_ graph: Graph) {
    names = Dictionary(graph.layers.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    linear = graph.linearLayers.map { ($0.id, $0.name.split(separator: ".")) }
  }

  /// The name of a block.
  func name(of nodes: [Node], isLayer: Bool) -> String {
    if let name = sharedName(of: nodes) { return name }
    return (isLayer ? nodes.first : nodes.last).flatMap { names[$0.id] } ?? ""
  }

  /// What the names of all layers of a group begin with and those of no others do: as little as tells them apart, up to a dot.
  ///
  /// Where there is one layer only, the names of its normalisation and activation must begin so too.
  func sharedName(of nodes: [Node]) -> String? {
    let ids = Set(nodes.map(\.id))
    let inside = linear.filter { ids.contains($0.id) }.map(\.parts)
    let group = inside.count > 1 ? inside : nodes.compactMap { names[$0.id]?.split(separator: ".") }
    guard group.count > 1, var shared = group.first?[...] else { return nil }
    for parts in group {
      let length = zip(shared, parts).prefix { $0 == $1 }.count
      shared = shared.prefix(length)
    }
    let outside = linear.filter { !ids.contains($0.id) }.map(\.parts)
    let lengths = shared.indices.map { $0 + 1 }
    let length = lengths.first { length in !outside.contains { $0.starts(with: shared.prefix(length)) } }
    return length.map { shared.prefix($0).joined(separator: ".") }
  }
}
