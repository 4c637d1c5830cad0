internal import Networks
internal import Tensors

extension ModelReader {
  /// Reads that branch of an `If` which is taken, in its place: exporters write one where the number of axes, or of elements,
  /// decides.
  ///
  /// - Throws: `EspalierError` where the condition depends on the network's input.
  mutating func readBranch(_ message: Onnx_NodeProto, owner: Int) throws {
    let name = try isTrue(message.input.first ?? "") ? "then_branch" : "else_branch"
    guard let branch = message.attribute.first(where: { $0.name == name })?.g, branch.output.count >= message.output.count else {
      throw EspalierError("attribute '\(name)' is missing, or has too few outputs")
    }
    for tensor in branch.initializer {
      guard constants.updateValue(try tensors.constant(tensor), forKey: tensor.name) == nil else {
        throw EspalierError("the name is given twice", location: "initializer '\(tensor.name)'")
      }
    }
    for node in branch.node {
      let label = node.name.isEmpty ? node.output.first ?? "" : node.name
      try naming(location: "\(node.opType) '\(label)'") { try read(node, id: nextID(of: owner), label: label) }
    }
    for (result, output) in zip(branch.output, message.output) where !output.isEmpty {
      nodes.append(Node(id: nextID(of: owner), name: output, op: Op.Identity(), inputs: [result.name], outputs: [output]))
    }
  }

  /// A number for a node that stands in no list of the file.
  private mutating func nextID(of owner: Int) -> Int {
    let id = model.graph.node.count + owners.count
    owners[id] = owners[owner] ?? owner
    return id
  }

  /// Whether a condition holds, whatever the number of images.
  private func isTrue(_ condition: String) throws -> Bool {
    if let value = (constants[condition] ?? written[condition])?.integers?.first { return value != 0 }
    var needed: Set<String> = [condition]
    var ancestors: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      ancestors.append(node)
      needed.formUnion(node.inputs.compactMap { $0 })
    }
    let inputs = try model.graph.input.filter { constants[$0.name] == nil && needed.contains($0.name) }.compactMap {
      try input($0)
    }
    let known = constants.filter { needed.contains($0.key) }
    let graph = try Graph(name: "", inputs: inputs, outputs: [condition], nodes: ancestors.reversed(), constants: known)
    guard let few = try graph.facts(batch: 2)[condition]?.value?.integers?.first,
      let more = try graph.facts(batch: 3)[condition]?.value?.integers?.first, few == more
    else {
      throw EspalierError("its condition '\(condition)' depends on the network's input", accepted: "one that is known ahead")
    }
    return few != 0
  }
}
