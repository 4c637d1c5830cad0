import Tensors

/// A graph whose batch may have any size, or why there is none.
public enum SymbolicBatch: Sendable {
  /// The graph; the same one where its batch was symbolic already.
  case graph(Graph)
  /// The graph as it was, to be run at its own batch, and the reason in words.
  case refused(Graph, reason: String)

  /// The graph to run.
  public var graph: Graph {
    switch self {
    case .graph(let graph), .refused(let graph, _): graph
    }
  }

  /// Why the batch stays fixed, or nil if it does not.
  public var reason: String? { if case .refused(_, let reason) = self { reason } else { nil } }
}

extension Graph {
  /// The key under which the metadata hold the batch that the file declares, while it is symbolic here.
  static let declaredBatchKey = "espalier.batch"

  /// The batch that is declared fixed, or nil if it is symbolic.
  public var fixedBatch: Int? {
    for case .fixed(let length)? in inputs.map(\.dimensions.first) { return length }
    return nil
  }

  /// The graph with a symbolic batch instead of one declared fixed.
  ///
  /// Constants that hold the batch (targets of `Reshape` and `Expand`, sizes of `Resize`, lengths of `ConstantOfShape`) are
  /// rewritten. The result is proven by inference: at two other batch sizes every result has that many rows and its other
  /// lengths as before, and each row is one image's alone (``ImageAxis``). What the file declares is remembered for
  /// ``restoringDeclaredBatch()``.
  ///
  /// A batch that is symbolic already becomes one where the network does not run with more images, or mixes them: it is run image
  /// by image.
  public func withSymbolicBatch() -> SymbolicBatch {
    guard let batch = fixedBatch else { return runOneByOneWhereNeeded() }
    do {
      return .graph(try symbolic(batch))
    } catch {
      let reason = (error as? EspalierError)?.description ?? "\(error)"
      return .refused(self, reason: "its batch of \(batch) stays fixed: \(reason)")
    }
  }

  /// The graph with its inputs declared as in the file, if ``withSymbolicBatch()`` changed them.
  public func restoringDeclaredBatch() throws -> Graph {
    guard let declared = metadata[Graph.declaredBatchKey] else { return try reopened() }
    let batch = Int(declared).map(Dimension.fixed) ?? .symbolic(declared)
    var editor = GraphEditor(self)
    editor.metadata[Graph.declaredBatchKey] = nil
    for position in inputs.indices where !inputs[position].dimensions.isEmpty { editor.inputs[position].dimensions[0] = batch }
    return try editor.graph().reopened()
  }

  private func runOneByOneWhereNeeded() -> SymbolicBatch {
    let reason: String
    do {
      try requireImagesApart()
      return .graph(self)
    } catch {
      reason = (error as? EspalierError)?.description ?? "\(error)"
    }
    // What is folded for one image would be written, and be wrong for two.
    let holdsForGood = foldedNumbersDiffer((1, [:]), (2, [:]))
    var editor = GraphEditor(self)
    for position in inputs.indices {
      guard case .symbolic(let name)? = inputs[position].dimensions.first else { continue }
      if editor.metadata[Graph.declaredBatchKey] == nil, !holdsForGood { editor.metadata[Graph.declaredBatchKey] = name }
      editor.inputs[position].dimensions[0] = .fixed(1)
    }
    // Where one image fails too, what is wrong is no matter of the batch.
    guard let single = try? editor.graph(), (try? single.facts(batch: 1)) != nil else { return .graph(self) }
    let written = holdsForGood ? "; a network that is made of it takes one image" : ""
    return .refused(single, reason: "its images are run one by one\(written): \(reason)")
  }

  /// Whether numbers that are known ahead, and that are read by what is not, differ between two choices of lengths: folded, they
  /// are those of one choice for good.
  func foldedNumbersDiffer(
    _ first: (batch: Int, symbols: [String: Int]), _ second: (batch: Int, symbols: [String: Int])
  ) -> Bool {
    guard let a = try? facts(batch: first.batch, symbols: first.symbols),
      let b = try? facts(batch: second.batch, symbols: second.symbols)
    else { return false }
    return nodes.contains { node in
      node.outputs.contains { !$0.isEmpty && a[$0]?.value == nil }
        && node.inputs.contains { name in
          guard let name, constants[name] == nil else { return false }
          return a[name]?.value != b[name]?.value
        }
    }
  }

  /// Checks that the rows of every result are each one image's alone, or the same for all.
  ///
  /// - Throws: `EspalierError` naming the node that mixes images, or whose inputs do not fit.
  func requireImagesApart() throws {
    let axes = try imageAxes()
    for output in outputs {
      guard case .mixed(let reason)? = axes[output] else { continue }
      throw EspalierError("output '\(output)' mixes images: \(reason)")
    }
  }

  private func symbolic(_ batch: Int) throws -> Graph {
    guard batch > 0, inputs.allSatisfy({ $0.dimensions.first == .fixed(batch) }) else {
      throw EspalierError("the inputs' batches differ or are empty")
    }
    let declared = try facts(batch: batch)
    var editor = GraphEditor(self)
    for position in inputs.indices { editor.inputs[position].dimensions[0] = .symbolic("N") }
    editor.metadata[Graph.declaredBatchKey] = "\(batch)"
    // Values at one more image, node by node, so that every target can be told from what flows into it.
    var facts: [String: Fact] = [:]
    for (name, constant) in constants { facts[name] = Fact(constant) }
    for input in inputs { facts[input.name] = Fact(try declared.shape(of: input.name).withRows(batch + 1)) }
    for node in nodes {
      guard let position = editor.index(of: node) else { continue }
      try editor.freeFromDeclaredBatch(position, batch, declared, facts, in: self)
      let freed = editor.nodes[position]
      for case let name? in freed.inputs where facts[name] == nil { facts[name] = editor.constants[name].map { Fact($0) } }
      let inferred = try naming(location: "\(node.op.name) '\(node.label)'") {
        try freed.op.infer(freed.inputs.map { $0.flatMap { facts[$0] } }, outputs: freed.outputs.count)
      }
      for (output, fact) in zip(node.outputs, inferred) where !output.isEmpty { facts[output] = fact }
    }
    editor.dropUnused()
    let graph = try editor.graph()
    for rows in [batch, batch + 1, batch + 2] {
      let facts = try graph.facts(batch: rows)
      for output in outputs {
        let (shape, expected) = (try facts.shape(of: output), try declared.shape(of: output))
        if facts[output]?.value != nil, shape == expected { continue }
        guard expected.rank > 0, expected[0] == batch, shape == (try expected.withRows(rows)) else {
          throw EspalierError("output '\(output)' of shape \(expected) becomes \(shape) for \(rows) images")
        }
      }
    }
    try graph.requireImagesApart()
    return graph
  }
}

extension GraphEditor {
  /// Gives a node that names the declared batch in a constant one that follows the batch.
  ///
  /// - Parameters:
  ///   - declared: what is known at the declared batch.
  ///   - grown: what is known of the node's inputs with one more image.
  fileprivate mutating func freeFromDeclaredBatch(
    _ position: Int, _ batch: Int, _ declared: [String: Fact], _ grown: [String: Fact], in graph: Graph
  ) throws {
    let node = nodes[position]
    guard let from = node.inputs.first?.flatMap({ declared[$0]?.shape }), let to = declared[node.outputs[0]]?.shape, to.rank > 0
    else { return }
    let more = node.inputs.first?.flatMap { grown[$0]?.shape } ?? from
    if node.op is Op.ConstantOfShape || (node.op is Op.Expand && more == from) {
      // One row serves every image where the value is only ever broadcast.
      guard to[0] == batch, batch > 1, graph.consumers(of: node.outputs[0]).allSatisfy(\.op.role.isArithmetic) else { return }
      let lengths = add(.integers([1] + to.dimensions.dropFirst()), named: node.label + ".shape")
      nodes[position].inputs[node.op is Op.Expand ? 1 : 0] = lengths
      return
    }
    guard more != from, from.rank > 0, more == (try? from.withRows(more[0])), to[0] % batch == 0,
      let rows = try? to.withRows(to[0] / batch * (batch + 1))
    else { return }
    let shapes = [(from, to), (more, rows)]
    switch node.op {
    case let reshape as Op.Reshape:
      guard let target = node.inputs[1].flatMap({ grown[$0]?.value?.integers }),
        (try? reshape.resolve(target, from: more)) != rows, let lengths = Op.Reshape.target(thatMakes: shapes)
      else { return }
      nodes[position].op = Op.Reshape()
      nodes[position].inputs[1] = add(.integers(lengths), named: node.label + ".target")
    case is Op.Expand:
      guard var lengths = node.inputs[1].flatMap({ grown[$0]?.value?.integers }), lengths.count == to.rank, lengths[0] == batch
      else {
        return
      }
      lengths[0] = 1
      nodes[position].inputs[1] = add(.integers(lengths), named: node.label + ".target")
    case is Op.Resize:
      guard node.inputs.count > 3, let sizes = node.inputs[3].flatMap({ grown[$0]?.value?.integers }), sizes.count == to.rank,
        sizes.first == batch
      else { return }
      setSizes(ofResize: position, thatMake: shapes)
    default: return
    }
  }
}

extension [String: Fact] {
  fileprivate func shape(of value: String) throws -> Shape {
    guard let fact = self[value] else { throw EspalierError("nothing is known of value '\(value)'") }
    return fact.shape
  }
}

extension Shape {
  fileprivate func withRows(_ count: Int) throws -> Shape { try Shape(validating: [count] + dimensions.dropFirst()) }
}
