internal import Networks
internal import Tensors

extension Graph {
  /// The types that the elements of every value have in a file: what its form says, and where that says nothing, what follows
  /// from the values that the same node reads.
  func elementTypes() -> [String: ElementType] {
    let known = form?.elementTypes ?? [:]
    var types: [String: ElementType] = [:]
    for (name, constant) in constants where known[name].map({ $0.isFloat == (constant.floats != nil) }) ?? false {
      types[name] = known[name]
    }
    for input in inputs { types[input.name] = known[input.name] ?? .float }
    /// The type of a constant of which nothing is known, once a node says what it takes.
    func settle(_ name: String?, _ wish: ElementType) {
      guard let name, types[name] == nil, let constant = constants[name] else { return }
      types[name] = constant.type(near: wish)
    }
    for node in nodes {
      let type = Swift.type(of: node.op) as? any ONNXOperator.Type
      let roles = type?.inputTypes ?? [:]
      for (position, wish) in roles where position < node.inputs.count { settle(node.inputs[position], wish) }
      let shared = node.inputs.enumerated().filter { roles[$0.offset] == nil }.compactMap(\.element)
      let result: ElementType
      switch node.op {
      case let constant as Op.ConstantValue: result = constant.value.type(near: known[node.outputs[0]])
      case let constant as Op.ConstantOfShape: result = constant.value.type(near: known[node.outputs[0]])
      case let cast as Op.Cast where cast.target == .bool: result = .bool
      case let cast as Op.Cast:
        let wish = known[node.outputs[0]]
        result = wish.map { $0.isFloat == cast.toFloat } ?? false ? wish! : cast.toFloat ? .float : .int64
      case _ where type?.outputType != nil:
        let operands = shared.lazy.compactMap { types[$0] }.first
        for name in shared { settle(name, operands ?? .bool) }
        result = type!.outputType!
      default:
        let settled = shared.lazy.compactMap { types[$0] }.first
        result = settled ?? shared.lazy.compactMap { constants[$0]?.type(near: nil) }.first ?? .float
        for name in shared { settle(name, result) }
      }
      for output in node.outputs where !output.isEmpty { types[output] = result }
    }
    for (name, constant) in constants where types[name] == nil { types[name] = constant.type(near: nil) }
    return types
  }
}
