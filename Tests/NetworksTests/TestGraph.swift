import Networks
import Tensors
import TestSupport
import Testing

/// Builds small graphs with random weights, one input `input` and one output `output`.
struct TestGraph {
  var editor = GraphEditor(name: "test")
  private var random = Philox(seed: 3)

  /// Starts with images of the given lengths behind the batch.
  init(_ lengths: [Int], batch: Dimension = .symbolic("N")) {
    editor.inputs = [GraphInput(name: editor.freshName("input"), dimensions: [batch] + lengths.map(Dimension.fixed))]
  }

  mutating func weight(_ name: String, _ shape: Shape, around centre: Double = 0) -> String {
    let elements = (0..<shape.count).map { _ in Float(centre + 0.3 * random.normal()) }
    return editor.add(.float(Tensor(elements, shape: shape)), named: name)
  }

  mutating func integers(_ values: [Int], _ name: String = "integers") -> String { editor.add(.integers(values), named: name) }

  mutating func add(_ op: any Networks.Operator, _ inputs: String?..., named name: String? = nil) -> String {
    editor.add(op, named: name ?? "\(op.name)_\(editor.nodes.count)", inputs: inputs)
  }

  mutating func conv(
    _ x: String, _ channels: Int, _ filters: Int, kernel: Int = 3, padding: Int = 1, group: Int = 1, bias: Bool = true,
    named name: String = "conv"
  ) -> String {
    let window = Window(padding: .explicit(begin: [padding, padding], end: [padding, padding]))
    let weight = weight(name + ".weight", [filters, channels / group, kernel, kernel])
    return add(Op.Conv(group: group, window: window), x, weight, bias ? self.weight(name + ".bias", [filters]) : nil, named: name)
  }

  mutating func norm(_ x: String, _ channels: Int, named name: String = "bn") -> String {
    let shape: Shape = [channels]
    return add(
      Op.BatchNormalization(epsilon: 0.01), x, weight(name + ".weight", shape, around: 1), weight(name + ".bias", shape),
      weight(name + ".running_mean", shape), weight(name + ".running_var", shape, around: 2), named: name)
  }

  /// The graph whose result is a value, renamed `output`.
  mutating func graph(_ output: String) throws -> Graph {

    let name = editor.freshName("output")
    for position in editor.nodes.indices {
      editor.nodes[position].outputs = editor.nodes[position].outputs.map { $0 == output ? name : $0 }
    }
    editor.redirect(output, to: name)
    editor.outputs = [name]
    return try editor.graph()
  }
}

extension Graph {
  /// The names of the operators, in execution order.
  var operators: [String] { nodes.map(\.op.name) }

  /// The results for random input at a batch size, computed by the twin.
  func twinOutputs(batch: Int) -> [Tensor<Double>] {
    let values = Twin(self).forward(
      [String: Tensor<Double>](
        uniqueKeysWithValues: inputs.map { input in
          var random = Philox(seed: 5, stream: Philox.stream(named: input.name))
          let shape = Shape(
            input.dimensions.map { if case .fixed(let length) = $0 { length } else { batch } })
          return (input.name, Tensor((0..<shape.count).map { _ in random.normal() }, shape: shape))
        }))
    return outputs.compactMap { values[$0] }
  }
}

/// Expects a rewritten graph to compute what the graph did, under the same names, and its nodes to be among the old ones.
func expectSame(
  _ rewritten: Graph, _ graph: Graph, batches: [Int] = [1, 3], sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(rewritten.inputs.map(\.name) == graph.inputs.map(\.name), sourceLocation: sourceLocation)
  #expect(rewritten.outputs == graph.outputs, sourceLocation: sourceLocation)
  for node in rewritten.nodes { #expect(graph.node(id: node.id)?.label == node.label, sourceLocation: sourceLocation) }
  for batch in batches {
    for (actual, expected) in zip(rewritten.twinOutputs(batch: batch), graph.twinOutputs(batch: batch)) {
      expectClose(
        actual, expected, Tolerance(absolute: 1e-6, relative: 1e-5), scaled: true, sourceLocation: sourceLocation)
    }
  }
}
