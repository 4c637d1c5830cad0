import Tensors

/// Computes ahead what does not depend on the input, shape arithmetic included.
///
/// A `Reshape`, `Expand` or `Resize` whose target follows the batch gets one that says so without arithmetic: a copied or left
/// over length, a length of 1, sizes of the axes that change alone.
public struct ConstantFolding: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    let (few, more) = try graph.factsAtTwoBatches()
    var editor = GraphEditor(graph)
    for node in graph.nodes {
      let values = node.outputs.map { name in few[name]?.value.flatMap { $0 == more[name]?.value ? $0 : nil } }
      if zip(node.outputs, values).allSatisfy({ $0.isEmpty || ($1 != nil && !graph.isOutput($0)) }) {
        for case (let name, let value?) in zip(node.outputs, values) where !name.isEmpty { editor.constants[name] = value }
        editor.remove([node.id])
      } else if let position = editor.index(of: node) {
        try editor.freeFromBatch(position, few, more)
      }
    }
    editor.dropUnused()
    return try editor.graph()
  }
}

extension GraphEditor {
  /// Gives a node whose target is computed from the batch size one that is not.
  fileprivate mutating func freeFromBatch(_ position: Int, _ few: [String: Fact], _ more: [String: Fact]) throws {
    let node = nodes[position]
    func facts(_ input: Int) -> (few: Fact, more: Fact)? {
      guard input < node.inputs.count, let name = node.inputs[input], let a = few[name], let b = more[name] else { return nil }
      return (a, b)
    }
    guard let data = facts(0), let output = few[node.outputs[0]], let larger = more[node.outputs[0]] else { return }
    let shapes = [(data.few.shape, output.shape), (data.more.shape, larger.shape)]
    switch node.op {
    case is Op.Reshape:
      guard let target = facts(1), target.few.value != target.more.value,
        let lengths = Op.Reshape.target(thatMakes: shapes)
      else { return }
      nodes[position].op = Op.Reshape()
      nodes[position].inputs[1] = add(.integers(lengths), named: node.label + ".target")
    case is Op.Squeeze:
      // Without axes it would drop the batch too where that is 1.
      guard node.inputs.count < 2 || node.inputs[1] == nil, data.few.shape.rank == data.more.shape.rank else { return }
      let axes = data.few.shape.dimensions.indices.filter { data.few.shape[$0] == 1 && data.more.shape[$0] == 1 }
      if axes.isEmpty {
        (nodes[position].op, nodes[position].inputs) = (Op.Identity(), [node.inputs[0]])
      } else {
        nodes[position].inputs = [node.inputs[0], add(.integers(axes), named: node.label + ".axes")]
      }
    case is Op.Expand:
      guard let target = facts(1), target.few.value != target.more.value else { return }
      let lengths = zip(output.shape.dimensions, larger.shape.dimensions).map { $0 == $1 ? $0 : 1 }
      guard try shapes.allSatisfy({ try $0.0.broadcast(with: Shape(validating: lengths)) == $0.1 }) else { return }
      nodes[position].inputs[1] = add(.integers(lengths), named: node.label + ".target")
    case is Op.Resize:
      guard let sizes = facts(3), sizes.few.value != sizes.more.value else { return }
      setSizes(ofResize: position, thatMake: shapes)
    default: return
    }
  }
}

extension Op.Reshape {
  /// A target without a batch size in it that makes each first shape the second, or nil if there is none.
  static func target(thatMakes shapes: [(from: Shape, to: Shape)]) -> [Int]? {
    guard let first = shapes.first, shapes.allSatisfy({ $0.to.rank == first.to.rank && $0.from.rank == first.from.rank }) else {
      return nil
    }
    let lengths = first.to.dimensions.indices.map { axis in
      if shapes.allSatisfy({ $0.to[axis] == first.to[axis] }), first.to[axis] > 0 { return first.to[axis] }
      return shapes.allSatisfy { axis < $0.from.rank && $0.from[axis] == $0.to[axis] } ? 0 : -1
    }
    guard lengths.count(where: { $0 == -1 }) <= 1,
      shapes.allSatisfy({ (try? Op.Reshape().resolve(lengths, from: $0.from)) == $0.to })
    else { return nil }
    return lengths
  }
}
