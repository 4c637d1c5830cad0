import Networks
import Tensors

extension Graph {
  /// The MACs of one filter of every linear layer for one image, by the node's number.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  func macsOfFilters() throws -> [Int: Double] {
    let batch = max(fixedBatch ?? 2, 1)
    let facts = try facts(batch: batch)
    var result: [Int: Double] = [:]
    for node in nodes where node.op.isLinear {
      let output = facts[node.outputs[0]]?.shape ?? []
      let cost = node.op.cost(
        inputs: node.inputs.map { $0.flatMap { facts[$0]?.shape } }, outputs: node.outputs.compactMap { facts[$0]?.shape })
      guard output.rank > 1 else { continue }
      result[node.id] = Double(cost.macs) / Double(batch * max(output[1], 1))
    }
    return result
  }
}
