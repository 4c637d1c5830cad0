import Tensors

/// Puts operators that are made of others in terms of these: instance norms, norms and sums of squares over axes, Einsum,
/// Tile, blocks of pixels as channels.
public struct Decomposition: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      switch node.op {
      case let op as Op.InstanceNormalization:
        guard let shape = node.inputs[0].flatMap({ facts[$0]?.shape }) else { return [] }
        editor.replace(node) { $0.instanceNormalization(op, node, shape) }
      case is Op.ReduceL1: editor.replace(node) { $0.sum(node, of: Op.Abs(), twice: false) }
      case is Op.ReduceSumSquare: editor.replace(node) { $0.sum(node, of: Op.Mul(), twice: true) }
      case is Op.ReduceL2:
        editor.replace(node) { editor in
          let sum = editor.sum(node, of: Op.Mul(), twice: true)
          // The gradient of a vector of zeros is zero, as in PyTorch, where that of a root of zero is infinite.
          let least = editor.add(.float(Tensor([Float.leastNormalMagnitude], shape: [])), named: "\(node.label).least")
          let bounded = editor.add(Op.Max(), named: "\(node.label).bounded", inputs: [sum, least])
          return editor.add(Op.Sqrt(), named: "\(node.label).root", inputs: [bounded])
        }
      case let op as Op.Einsum:
        guard let parts = EinsumParts(op) else { return [] }
        editor.replace(node) { parts.build(node, &$0) }
      case let op as any BlockOperator:
        guard let shape = node.inputs[0].flatMap({ facts[$0]?.shape }), op.parts(of: shape) != nil else { return [] }
        editor.replace(node) { op.build(node, shape, &$0)! }
      case is Op.Tile:
        guard let shape = node.inputs[0].flatMap({ facts[$0]?.shape }),
          let repeats = node.inputs[1].flatMap({ facts[$0]?.value?.integers }),
          zip(shape.dimensions, repeats).allSatisfy({ $0 == 1 || $1 == 1 })
        else { return [] }
        editor.replace(node) { $0.add(Op.Expand(), named: node.label, inputs: node.inputs) }
      default: return []
      }
      return [node.id]
    }
  }
}

extension GraphEditor {
  /// A layer norm over space, with a batch norm behind it that has the factor and the shift of each channel.
  fileprivate mutating func instanceNormalization(_ op: Op.InstanceNormalization, _ node: Node, _ shape: Shape) -> String {
    let space = Shape(Array(shape.dimensions.dropFirst(2)))
    let ones = add(.float(Tensor(repeating: 1, shape: space)), named: "\(node.label).ones")
    let normalised = add(
      Op.LayerNormalization(axis: 2, epsilon: op.epsilon), named: "\(node.label).normalised", inputs: [node.inputs[0], ones])
    let mean = add(.float(Tensor(repeating: 0, shape: [shape[1]])), named: "\(node.label).mean")
    let variance = add(.float(Tensor(repeating: 1, shape: [shape[1]])), named: "\(node.label).variance")
    return add(
      Op.BatchNormalization(epsilon: 0), named: node.label,
      inputs: [normalised, node.inputs[1], node.inputs[2], mean, variance])
  }

  /// The sum over a reduction's axes of a function of the elements.
  fileprivate mutating func sum(_ node: Node, of op: any Operator, twice: Bool) -> String {
    guard let reduction = node.op as? any Reduction else { preconditionFailure("\(node.op.name) is no reduction") }
    let terms = add(op, named: "\(node.label).terms", inputs: twice ? [node.inputs[0], node.inputs[0]] : [node.inputs[0]])
    return add(
      Op.ReduceSum(keepsAxes: reduction.keepsAxes, emptyMeansNone: reduction.emptyMeansNone), named: "\(node.label).sum",
      inputs: [terms] + node.inputs.dropFirst())
  }
}

/// How an Einsum of two operands is a product of stacks of matrices: axes in another order and of length 1 between them, so that
/// what one operand lacks is broadcast.
private struct EinsumParts {
  let operands: [[Character]]
  let result: [Character]
  private let leading: [Character]
  private let row: Character?
  private let column: Character?
  private let sum: Character?

  /// Nil for one operand, for letters that one operand alone has and the result lacks, and for sums over two letters.
  init?(_ op: Op.Einsum) {
    guard op.operands.count == 2 else { return nil }
    (operands, result) = (op.operands, op.result)
    let (a, b) = (operands[0], operands[1])
    let summed = (a + b).filter { !op.result.contains($0) }
    guard Set(summed).count <= 1, summed.isEmpty || summed.count == 2 else { return nil }
    let (left, right) = (a.filter { !b.contains($0) }, b.filter { !a.contains($0) })
    let shared = a.filter { b.contains($0) && op.result.contains($0) }
    sum = summed.first
    row = left.last { $0 != summed.first }
    column = right.last { $0 != summed.first }
    leading = shared + left.dropLast() + right.dropLast()
  }

  func build(_ node: Node, _ editor: inout GraphEditor) -> String {
    let a = arranged(0, leading + [row, sum], node, &editor)
    let b = arranged(1, leading + [sum, column], node, &editor)
    var value = editor.add(Op.MatMul(), named: "\(node.label).product", inputs: [a, b])
    var letters: [Character?] = leading + [row, column]
    let missing = letters.indices.filter { letters[$0] == nil }
    if !missing.isEmpty {
      let axes = editor.add(.integers(missing), named: "\(node.label).axes")
      value = editor.add(Op.Squeeze(), named: "\(node.label).squeezed", inputs: [value, axes])
      letters = letters.filter { $0 != nil }
    }
    let order = result.map { letter in letters.firstIndex(of: letter)! }
    guard order != Array(order.indices) else { return value }
    return editor.add(Op.Transpose(permutation: order), named: "\(node.label).ordered", inputs: [value])
  }

  /// An operand with its axes in an order, of length 1 where it has none of that letter.
  private func arranged(_ operand: Int, _ order: [Character?], _ node: Node, _ editor: inout GraphEditor) -> String? {
    let own = operands[operand]
    let present = order.compactMap { $0 }.filter { own.contains($0) }
    var value = node.inputs[operand]
    let permutation = present.map { own.firstIndex(of: $0)! }
    if permutation != Array(permutation.indices) {
      value = editor.add(Op.Transpose(permutation: permutation), named: "\(node.label).operand", inputs: [value])
    }
    let missing = order.indices.filter { position in order[position].map { !own.contains($0) } ?? true }
    guard !missing.isEmpty else { return value }
    let axes = editor.add(.integers(missing), named: "\(node.label).axes")
    return editor.add(Op.Unsqueeze(), named: "\(node.label).operand", inputs: [value, axes])
  }
}
