import Tensors

/// The weights of a linear layer in double precision, seen as `[outer, inner, taps]` whatever the operator's own order is.
struct LinearWeights {
  private var op: any Operator
  private let shape: Shape
  private var weight: [Double]
  private var bias: [Double]?
  private let biasName: String
  /// The number of channels that go in.
  let inputChannels: Int
  /// The number of channels that come out.
  let outputChannels: Int

  /// Reads the weights of a convolution, a transposed one or a linear layer; nil for another node, or where they are not
  /// constants.
  init?(_ node: Node, _ graph: Graph) {
    guard node.inputs.count >= 2, let name = node.inputs[1], let tensor = graph.constants[name]?.floats else { return nil }
    op = node.op
    shape = tensor.shape
    weight = tensor.elements.map(Double.init)
    switch node.op {
    case let conv as Op.Conv:
      inputChannels = shape[1] * conv.group
      outputChannels = shape[0]
    case let conv as Op.ConvTranspose:
      inputChannels = shape[0]
      outputChannels = shape[1] * conv.group
    case let gemm as Op.Gemm where !gemm.transposeA:
      inputChannels = shape[gemm.transposeB ? 1 : 0]
      outputChannels = shape[gemm.transposeB ? 0 : 1]
      weight = weight.map { $0 * Double(gemm.alpha) }
    default: return nil
    }
    let stem = name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : node.label
    biasName = stem + ".bias"
    guard node.inputs.count > 2, let given = node.inputs[2] else { return }
    guard let terms = graph.constants[given]?.floats, terms.count == 1 || terms.count == outputChannels,
      terms.shape.dimensions.last ?? 1 == terms.count
    else { return nil }
    let factor = Double((node.op as? Op.Gemm)?.beta ?? 1)
    let all = terms.count == outputChannels ? terms.elements : Array(repeating: terms.elements[0], count: outputChannels)
    bias = all.map { Double($0) * factor }
  }

  /// The weights of `scale · layer(x) + shift`.
  func scalingOutputs(_ fold: ChannelScale) -> LinearWeights {
    var copy = self
    forEachKernel { kernel, _, output in
      for position in kernel { copy.weight[position] *= fold.scale[output] }
    }
    let terms = bias ?? [Double](repeating: 0, count: outputChannels)
    if bias != nil || fold.shift.contains(where: { $0 != 0 }) {
      copy.bias = terms.indices.map { terms[$0] * fold.scale[$0] + fold.shift[$0] }
    }
    return copy
  }

  /// The weights of `layer(scale · x + shift)`.
  func scalingInputs(_ fold: ChannelScale) -> LinearWeights {
    var copy = self
    var terms = bias ?? [Double](repeating: 0, count: outputChannels)
    forEachKernel { kernel, input, output in
      for position in kernel {
        copy.weight[position] *= fold.scale[input]
        terms[output] += weight[position] * fold.shift[input]
      }
    }
    if bias != nil || fold.shift.contains(where: { $0 != 0 }) { copy.bias = terms }
    return copy
  }

  /// Whether every output sees the same number of inputs, so that a constant added to them adds a constant to it.
  func seesNoEdge(of input: Shape) -> Bool {
    switch op {
    case let conv as Op.Conv:
      guard let placement = try? conv.window.placement(input: input.spatial, kernel: shape.spatial) else { return false }
      return (placement.begin + placement.end).allSatisfy { $0 == 0 }
    case is Op.Gemm: return true
    default: return false
    }
  }

  /// Writes the weights back, the factors of a matrix product multiplied out.
  func store(in editor: inout GraphEditor, at position: Int) {
    editor.setConstant(.float(Tensor(weight.map { Float($0) }, shape: shape)), at: 1, of: position, named: biasName)
    if let bias {
      editor.setConstant(.float(Tensor(bias.map { Float($0) }, shape: [bias.count])), at: 2, of: position, named: biasName)
    }
    if var gemm = op as? Op.Gemm {
      gemm.alpha = 1
      gemm.beta = 1
      editor.nodes[position].op = gemm
    }
  }

  /// Visits the elements of the weight that connect an input channel with an output channel, for all pairs that it connects.
  private func forEachKernel(_ visit: (_ positions: Range<Int>, _ input: Int, _ output: Int) -> Void) {
    let taps = shape.dimensions.dropFirst(2).reduce(1, *)
    // Whether the first axis is the output's, and how many of its channels a group has.
    let (isOutputFirst, perGroup) =
      switch op {
      case let conv as Op.Conv: (true, shape[0] / conv.group)
      case let conv as Op.ConvTranspose: (false, shape[0] / conv.group)
      case let gemm as Op.Gemm: (gemm.transposeB, shape[0])
      default: (true, shape[0])
      }
    for first in 0..<shape[0] {
      for second in 0..<shape[1] {
        let start = (first * shape[1] + second) * taps
        let grouped = first / perGroup * shape[1] + second
        visit(start..<start + taps, isOutputFirst ? grouped : first, isOutputFirst ? first : grouped)
      }
    }
  }
}
