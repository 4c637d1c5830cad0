import Engine
import Networks
import Tensors

/// Finds the layer at which numbers stop being numbers, once it is known that they do.
///
/// That takes a pass of its own over one image, which observes every value: nothing is paid for as long as all is well.
struct NonFiniteSearch: Sendable {
  let graph: Graph
  let output: String?
  let composite: Composite
  let start: RelevanceStart

  /// Checks what was found out about a shard.
  ///
  /// - Parameter isPropagated: whether relevance went back to the input by the composite.
  /// - Throws: `EspalierError` naming the first image whose outputs or relevance are NaN or infinite, and the layer.
  func check(_ result: RelevanceResult, of shard: AttributionShard, isPropagated: Bool) throws {
    func isFinite(_ tensor: Tensor<Float>, _ row: Int) -> Bool {
      let size = tensor.count / max(shard.count, 1)
      return tensor.elements[row * size..<(row + 1) * size].allSatisfy(\.isFinite)
    }
    func isFinite(_ tensors: [Tensor<Double>], _ row: Int) -> Bool {
      tensors.allSatisfy { $0.elements[row * $0.shape[1]..<(row + 1) * $0.shape[1]].allSatisfy(\.isFinite) }
    }
    for row in 0..<shard.count {
      let image = "image \(shard.indices[row])"
      if !isFinite(result.prediction, row) {
        let layer = try? layer(shard, row, backwards: false)
        throw EspalierError("the network's output is NaN or infinite\(layer ?? "")", location: image, accepted: "finite outputs")
      }
      if !isFinite(result.input, row) || !isFinite(result.signed, row) {
        let layer = isPropagated ? try? layer(shard, row, backwards: true) : nil
        throw EspalierError("its relevance is NaN or infinite\(layer ?? "")", location: image, accepted: "finite relevance")
      }
    }
  }

  /// The node behind which a number of an image is none, as a clause; empty if none is found.
  private func layer(_ shard: AttributionShard, _ row: Int, backwards: Bool) throws -> String {
    let compiler = try PassCompiler(graph, output: output, batch: graph.fixedBatch ?? 1)
    let (network, builder) = (compiler.network, compiler.builder)
    let relevance = try RelevancePass(network, composite: composite, builder)
    var labels: [Int: String] = [:]
    func observe(_ slot: Slot, _ node: Node) {
      labels[builder.observe(slot, label: node.label)] = "\(node.op.name) '\(node.label)'"
    }
    let watched = Set(network.nodes.flatMap(\.outputs).filter { !$0.isEmpty })
    let kept = backwards ? relevance.keptValues() : []
    try builder.forward(keeping: kept, watching: backwards ? [] : watched, isDifferentiable: backwards) { value, slot in
      if let node = network.producer(of: value) { observe(slot, node) }
    }
    if backwards {
      let seed = try compiler.seed(.relevance(start))
      _ = try builder.reverse(from: [compiler.output: seed], to: [compiler.input]) { node, arriving, wanted in
        let sent = try relevance.cross(node, arriving, wanted)
        for case let slot? in sent { observe(slot, node) }
        return sent
      }
    }
    let pass = compiler.finish()
    let program = try Program(pass.plan)
    var found: String?
    for (tap, label) in labels {
      program.observers[tap] = { maps in
        if found == nil, !maps[0].tensor().elements.allSatisfy(\.isFinite) { found = label }
      }
    }
    try pass.run(
      program, shard.images.rows(row..<row + 1), others: shard.others.mapValues { $0.rows(row..<row + 1) },
      targets: [shard.targets[row]])
    return found.map { ", first behind \($0)" } ?? ""
  }
}
