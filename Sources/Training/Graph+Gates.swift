import Networks
import Tensors

extension Graph {
  /// The graph with a factor for every channel behind some values: a product with a constant `[1, C, 1, …]` of ones, to be
  /// trained (``TrainingSeams/gates``) and judged or pruned by.
  ///
  /// What read a value reads the product instead; the gate's node and constant are named after the value.
  ///
  /// - Returns: the graph, and the names of the constants in the values' order.
  /// - Throws: `EspalierError` if a value is a result of the graph, has no channels or does not exist.
  public func addingGates(at values: [String]) throws -> (graph: Graph, gates: [String]) {
    let facts = try facts(batch: 2)
    var editor = GraphEditor(self)
    var gates: [String] = []
    for value in values {
      guard let shape = facts[value]?.shape, shape.rank >= 2, constants[value] == nil, !isOutput(value) else {
        throw EspalierError("no gate can stand here", location: "value '\(value)'", accepted: "an inner value [N, C, …]")
      }
      let ones = Tensor<Float>(repeating: 1, shape: Shape([1, shape[1]] + [Int](repeating: 1, count: shape.rank - 2)))
      let gate = editor.add(.float(ones), named: value + ".gate")
      let product = editor.add(Op.Mul(), named: value + ".gated", inputs: [value, gate])
      for position in editor.nodes.indices where editor.nodes[position].outputs != [product] {
        editor.nodes[position].inputs = editor.nodes[position].inputs.map { $0 == value ? product : $0 }
      }
      gates.append(gate)
    }
    return (try editor.graph(), gates)
  }
}
