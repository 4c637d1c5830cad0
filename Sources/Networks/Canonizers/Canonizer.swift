import Tensors

/// A rewrite that leaves what a graph computes as it is and makes its form simpler to compute with.
///
/// Nodes that stay keep their number and name, and so do the graph's inputs and outputs.
public protocol Canonizer: Sendable {
  /// The rewritten graph.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  func canonize(_ graph: Graph) throws -> Graph
}

/// Every canonizer that Espalier knows.
public enum CanonizerCatalog {
  /// The canonizers in the order in which ``Graph/canonized()`` runs them.
  public static let all: [any Canonizer] = [
    ConstantFolding(), NoOpRemoval(), Decomposition(), ActivationRecognition(), TransposeCancellation(), PadFolding(),
    MatMulToGemm(), TokenLinearFolding(), ScaleFolding(), InputScaleFolding(),
  ]
}

extension Graph {
  /// The graph in the form that is computed with: constants folded, what does nothing dropped, batch norms folded into linear
  /// layers where that is exact.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public func canonized() throws -> Graph {
    var graph = self
    while true {
      let count = graph.nodes.count
      for canonizer in CanonizerCatalog.all { graph = try canonizer.canonize(graph) }
      if graph.nodes.count == count { return graph }
    }
  }

  /// What is known of every value at two batch sizes: what is the same in both does not depend on the batch.
  func factsAtTwoBatches() throws -> (few: [String: Fact], more: [String: Fact]) {
    (try facts(batch: 2), try facts(batch: 3))
  }

  /// Whether a node is the only reader of a value that is no result of the graph.
  func isOnlyReader(_ node: Node, of value: String) -> Bool {
    !isOutput(value) && consumers(of: value).map(\.id) == [node.id]
  }

  /// Rewrites pass by pass until `rewrite` finds nothing more.
  ///
  /// - Parameter rewrite: visits one node of the graph as it was before the pass and edits; gives the numbers of the nodes that
  ///   it visited, none if it changed nothing. Within a pass a node is part of one edit only.
  func rewritten(
    _ rewrite: (_ node: Node, _ graph: Graph, _ facts: [String: Fact], _ editor: inout GraphEditor, _ touched: Set<Int>) throws
      -> Set<Int>
  ) throws -> Graph {
    var graph = self
    while true {
      let facts = try graph.facts(batch: 2)
      var editor = GraphEditor(graph)
      var touched: Set<Int> = []
      for node in graph.nodes where !touched.contains(node.id) {
        touched.formUnion(try rewrite(node, graph, facts, &editor, touched))
      }
      if touched.isEmpty { return graph }
      editor.dropUnused()
      graph = try editor.graph()
    }
  }
}

extension GraphEditor {
  /// The position of a node in ``nodes``.
  func index(of node: Node) -> Int? { nodes.firstIndex { $0.id == node.id } }

  /// Takes a node out of the way whose first output is the same as `source`.
  ///
  /// Where that output is a result of the graph, the node behind `source` takes over its name.
  ///
  /// - Returns: whether that could be done.
  mutating func bypass(_ node: Node, to source: String) -> Bool {
    let output = node.outputs[0]
    if outputs.contains(output) {
      guard !outputs.contains(source), let producer = nodes.firstIndex(where: { $0.outputs.contains(source) }) else {
        return false
      }
      nodes[producer].name = nodes[producer].label
      nodes[producer].outputs = nodes[producer].outputs.map { $0 == source ? output : $0 }
      nodes.removeAll { $0.id == node.id }
      redirect(source, to: output)
    } else {
      nodes.removeAll { $0.id == node.id }
      redirect(output, to: source)
    }
    return true
  }

  /// Puts nodes in the place of one: they stand where it stood, and what the last of them computes has its output's name.
  ///
  /// - Parameter build: adds the nodes and returns the value that the node's readers are to read.
  mutating func replace(_ node: Node, _ build: (inout GraphEditor) -> String) {
    guard let index = index(of: node) else { return }
    let count = nodes.count
    let value = build(&self)
    var added = Array(nodes[count...])
    for position in added.indices where added[position].outputs == [value] {
      added[position].name = node.label
      added[position].outputs = [node.outputs[0]]
    }
    nodes.removeSubrange(count...)
    nodes.replaceSubrange(index...index, with: added)
  }

  /// Replaces a constant that one node reads; others that read it keep the old one.
  ///
  /// - Parameters:
  ///   - location: the position among the node's inputs, which may be behind the last.
  ///   - wish: the name of the value where there is none yet.
  mutating func setConstant(_ constant: Constant, at position: Int, of node: Int, named wish: String) {
    while nodes[node].inputs.count <= position { nodes[node].inputs.append(nil) }
    guard let old = nodes[node].inputs[position] else {
      nodes[node].inputs[position] = add(constant, named: wish)
      return
    }
    let readers = nodes.reduce(0) { $0 + $1.inputs.count { $0 == old } }
    if readers == 1, !outputs.contains(old) {
      constants[old] = constant
    } else {
      nodes[node].inputs[position] = add(constant, named: old)
    }
  }
}
