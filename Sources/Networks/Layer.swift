import Tensors

/// A node under the name that results are stored by.
public struct Layer: Identifiable, Sendable {
  /// The name: the node's own without a leading slash and with every other slash as a dot; its first output's where it has none,
  /// or one that HDF5 could not store (`.`, or nothing); the second of a name ends in `~2`.
  public let name: String
  /// The node.
  public let node: Node
  /// The node's position in execution order.
  public let order: Int

  /// The node's number.
  public var id: Int { node.id }
}

extension Graph {
  /// Every node under its name, in execution order.
  public var layers: [Layer] {
    var taken: Set<String> = []
    return nodes.enumerated().map { order, node in
      let wish = [node.label, node.outputs.first ?? ""].map(Graph.stored).first { !["", "."].contains($0) } ?? "layer"
      var name = wish
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(wish)~\(number)"
        number += 1
      }
      return Layer(name: name, node: node, order: order)
    }
  }

  /// A name without what parts the names of HDF5, or ends a text in C.
  private static func stored(_ name: String) -> String {
    String((name.hasPrefix("/") ? name.dropFirst() : name[...]).map { $0 == "/" ? "." : $0 == "\0" ? "\u{FFFD}" : $0 })
  }

  /// The convolutions, transposed convolutions and linear layers: nodes that multiply by a constant weight, which is their
  /// second input.
  public var linearLayers: [Layer] {
    let known = knownValues
    return layers.filter { layer in
      guard layer.node.op.isLinear, case let weight?? = layer.node.inputs.dropFirst().first else { return false }
      return known.contains(weight)
    }
  }

  /// The values that do not depend on what is fed: constants, and what is computed from them alone, as weights are that reach
  /// their layer through an `Identity`.
  var knownValues: Set<String> {
    var known = Set(constants.keys)
    for node in nodes where node.inputs.allSatisfy({ $0.map(known.contains) ?? true }) { known.formUnion(node.outputs) }
    return known
  }
}

extension Operator {
  /// Whether this is a convolution, a transposed convolution or a matrix product.
  public var isLinear: Bool { role == .convolution || role == .matrixProduct }
}
