import Engine
import Networks
import Tensors

/// Where the time of forward passes goes, by kinds of layers, in networks side by side.
public struct LatencyProfile: Sendable, Encodable {
  /// Layers of one kind.
  public struct Part: Sendable, Encodable {
    /// What they are, such as "convolution 3 × 3"; an activation that is computed with a layer counts as part of it.
    public var kind: String
    /// The median time of a pass in them, in milliseconds, in each network.
    public var milliseconds: [Double]
    /// Their MACs in a pass, in each network.
    public var macs: [Int]
  }

  /// The kinds, what takes longest in the first network first.
  public var parts: [Part]

  /// Times every step of programs, in turn.
  ///
  /// - Parameter graphs: what the programs run.
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  init(_ programs: [Program], of graphs: [Graph], batch: Int, passes: Int) throws {
    let kinds = graphs.map { graph in
      Dictionary(graph.nodes.map { ($0.label, LatencyProfile.kind($0, in: graph)) }, uniquingKeysWith: { first, _ in first })
    }
    var macs = graphs.map { _ in [String: Int]() }
    for (position, graph) in graphs.enumerated() {
      let facts = try graph.facts(batch: batch)
      for node in graph.nodes {
        let cost = node.op.cost(
          inputs: node.inputs.map { $0.flatMap { facts[$0]?.shape } }, outputs: node.outputs.compactMap { facts[$0]?.shape })
        macs[position][LatencyProfile.kind(node, in: graph), default: 0] += cost.macs
      }
    }
    var times = graphs.map { _ in [String: [Double]]() }
    for pass in 0..<passes {
      for (position, program) in programs.enumerated() {
        try program.run { label, duration in
          let kind = kinds[position][label] ?? "changes of layout"
          times[position][kind, default: [Double](repeating: 0, count: passes)][pass] += duration / .milliseconds(1)
        }
      }
    }
    let medians = times.map { $0.mapValues { $0.sorted()[passes / 2] } }
    parts = Set(medians.flatMap(\.keys)).map { kind in
      Part(kind: kind, milliseconds: medians.map { $0[kind] ?? 0 }, macs: macs.map { $0[kind] ?? 0 })
    }.sorted { ($1.milliseconds[0], $0.kind) < ($0.milliseconds[0], $1.kind) }
  }

  /// What a node's time is counted as.
  private static func kind(_ node: Node, in graph: Graph) -> String {
    switch node.op.role {
    case .convolution:
      let weight = node.inputs.count > 1 ? node.inputs[1].flatMap { graph.constants[$0]?.floats?.shape } : nil
      guard let weight, weight.rank > 2 else { return "convolution" }
      let kernel = weight.dimensions.dropFirst(2).map { "\($0)" }.joined(separator: " × ")
      guard let op = node.op as? Op.Conv else { return "transposed convolution \(kernel)" }
      return (op.group == 1 ? "" : weight[1] == 1 ? "depthwise " : "grouped ") + "convolution \(kernel)"
    case .matrixProduct: return "linear"
    case .average, .maximum: return "pooling"
    default: return "everything else"
    }
  }
}
