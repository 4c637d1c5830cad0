/// A part of a network that people speak of as one: a residual block, a stage.
public struct Block: Sendable {
  /// Its name.
  public let name: String
  /// Its nodes.
  public let nodes: [Node]
  /// Its last value.
  public let output: String
}

extension Graph {
  /// The blocks.
  public var blocks: [Block] {
    nodes.compactMap { node in
      guard node.op is Op.Add, node.inputs.allSatisfy({ $0.map { constants[$0] == nil } ?? false }) else { return nil }
      var output = node.outputs[0]
      let readers = consumers(of: output)
      if readers.count == 1, readers[0].op is Op.Relu { output = readers[0].outputs[0] }
      return Block(name: node.label, nodes: [node], output: output)
    }
  }
}
