import Networks
import Tensors

extension Graph {
  /// The values that cannot be negative: outputs of rectifiers and what pools, joins and reshapes of them give.
  ///
  /// Where a layer's input is one of them, the half of a rule that looks at negative inputs is left out.
  func nonnegativeValues() -> Set<String> {
    var result: Set<String> = []
    for (name, constant) in constants {
      if let floats = constant.floats, floats.elements.allSatisfy({ $0 >= 0 }) { result.insert(name) }
    }
    for node in nodes {
      let inputs = node.inputs.compactMap { $0 }
      let isNonnegative: Bool =
        switch node.op {
        case is Op.Relu, is Op.Sigmoid, is Op.HardSigmoid, is Op.Softmax: true
        case is Op.Clip:
          node.inputs.count > 1
            && (node.inputs[1].flatMap { constants[$0]?.floats?.elements.first }.map { $0 >= 0 } ?? false)
        case is Op.MaxPool, is Op.AveragePool, is Op.GlobalAveragePool, is Op.GlobalMaxPool, is Op.ReduceMean, is Op.Flatten,
          is Op.Reshape,
          is Op.Squeeze, is Op.Unsqueeze, is Op.Transpose, is Op.Split, is Op.Slice, is Op.Identity, is Op.Dropout, is Op.LRN:
          inputs.first.map(result.contains) ?? false
        case is Op.Concat, is Op.Add, is Op.Sum, is Op.Mul: inputs.allSatisfy(result.contains)
        case is Op.Resize: inputs.first.map(result.contains) ?? false
        case is Op.Pad: inputs.filter { constants[$0]?.integers == nil }.allSatisfy(result.contains)
        default: false
        }
      if isNonnegative { result.formUnion(node.outputs) }
    }
    return result
  }
}
