import Engine
import Networks
import Tensors

// Heads of attention: what a product of a softmax with values gives for each of them.

extension Graph {
  /// Whether a node multiplies values by an attention: by a softmax, or what views, factors, dropout and a mixing of heads make of
  /// one.
  func isAttention(_ node: Node) -> Bool {
    LayerKind(node, in: self) == .matrixProduct && node.inputs.contains { $0.map(comesFromSoftmax) ?? false }
  }

  private func comesFromSoftmax(_ value: String) -> Bool {
    var value = value
    while let node = producer(of: value) {
      let kind = LayerKind(node, in: self)
      if kind == .softmax { return true }
      let inputs = node.inputs.compactMap { $0 }.filter { constants[$0] == nil }
      guard inputs.count == 1, kind != .layerNorm, kind != .convolution else { return false }
      value = inputs[0]
    }
    return false
  }
}

extension PlanBuilder {
  /// The number of heads at the output of an attention, `[rows, …, heads, tokens, width]`; nil where heads are no axis of their own
  /// or rows do not belong to images.
  func headCount(of node: Node) -> Int? {
    let output = node.outputs[0]
    guard graph.isAttention(node), let shape = facts[output]?.shape, shape.rank > 3, images[output]?.rowsPerImage != nil else {
      return nil
    }
    return shape[-3]
  }
}

extension FeatureMap {
  /// The sum over all axes but images and heads of a row-major map `[rows, …, heads, tokens, width]`: `[samples × heads]`.
  func headSums(_ heads: Int) -> [Double] {
    let size = layout.shape[-2] * layout.shape[-1]
    var sums = [Double](repeating: 0, count: count * heads)
    guard size > 0 else { return sums }
    forEachRow { row, sample in
      let start = base + row * layout.sampleStride
      for block in 0..<layout.sampleStride / size {
        var sum = 0.0
        for i in block * size..<(block + 1) * size { sum += Double(start[i]) }
        sums[sample * heads + block % heads] += sum
      }
    }
    return sums
  }
}
