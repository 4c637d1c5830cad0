import Networks
import Tensors

extension Graph {
  /// The values that cannot be negative: outputs of rectifiers and what pools, joins and reshapes of them give.
  ///
  /// Where a layer's input is one of them, the half of a rule that takes negative inputs is left out.
  func nonnegativeValues() -> Set<String> {
    var result: Set<String> = []
    for (name, constant) in constants {
      if let floats = constant.floats, floats.elements.allSatisfy({ $0 >= 0 }) { result.insert(name) }
    }
    for node in nodes {
      let inputs = node.inputs.compactMap { $0 }.filter { constants[$0]?.integers == nil }
      let first = inputs.first.map(result.contains) ?? false
      let isNonnegative: Bool =
        switch node.op.sign {
        case .nonnegative: true
        case .ofFirst: first
        case .ofAll: inputs.allSatisfy(result.contains)
        case .any: clipBounds(of: node).map { $0.high >= 0 && ($0.low >= 0 || first) } ?? false
        }
      if isNonnegative { result.formUnion(node.outputs) }
    }
    return result
  }

  /// The bounds of a `Clip`, where both are known; nil for another operator.
  private func clipBounds(of node: Node) -> ClipBounds? {
    guard node.op is Op.Clip else { return nil }
    func bound(_ position: Int, _ open: Float) -> Float? {
      guard position < node.inputs.count, let name = node.inputs[position] else { return open }
      return constants[name]?.floats?.elements.first
    }
    guard let low = bound(1, -.infinity), let high = bound(2, .infinity) else { return nil }
    return ClipBounds(low: low, high: high)
  }
}
