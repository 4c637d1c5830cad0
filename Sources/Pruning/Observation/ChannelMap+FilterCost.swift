import Networks
import Tensors

extension ChannelMap {
  /// The MACs of one filter of every linear layer for one image, by the node's number.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  func macsOfFilters() throws -> [Int: Double] {
    let batch = max(graph.fixedBatch ?? 2, 1)
    let facts = try graph.facts(batch: batch)
    var result: [Int: Double] = [:]
    for layer in linear {
      guard let node = graph.node(id: layer.node) else { continue }
      let cost = node.op.cost(
        inputs: node.inputs.map { $0.flatMap { facts[$0]?.shape } }, outputs: node.outputs.compactMap { facts[$0]?.shape })
      result[node.id] = Double(cost.macs) / Double(batch * max(layer.outputs.count, 1))
    }
    return result
  }
}
