import OrderedCollections
import Tensors

/// A workshop for a new graph: copies one, takes changes, and hands back a checked graph.
public struct GraphEditor {
  /// The graph's name.
  public var name: String
  /// What is fed.
  public var inputs: [GraphInput]
  /// The names of the results.
  public var outputs: [String]
  /// The operators, in any order that will do.
  public var nodes: [Node]
  /// Weights and other constants.
  public var constants: OrderedDictionary<String, Constant>
  /// Free text that travels with the file.
  public var metadata: [String: String]
  /// How the network lies in the file that it was read from.
  public var form: FileForm?

  private var nextID: Int
  private var names: Set<String>

  /// Starts from nothing.
  public init(name: String) {
    self.name = name
    inputs = []
    outputs = []
    nodes = []
    constants = [:]
    metadata = [:]
    nextID = 0
    names = []
  }

  /// Starts from a copy.
  public init(_ graph: Graph) {
    name = graph.name
    inputs = graph.inputs
    outputs = graph.outputs
    nodes = graph.nodes
    constants = graph.constants
    metadata = graph.metadata
    form = graph.form
    nextID = (graph.nodes.map(\.id).max() ?? -1) + 1
    names = Set(graph.constants.keys).union(graph.inputs.map(\.name)).union(graph.nodes.flatMap(\.outputs))
  }

  /// A name for a value that no other value has: the wish itself, or with a number behind it.
  public mutating func freshName(_ wish: String) -> String {
    var name = wish
    var number = 2
    while !names.insert(name).inserted {
      name = "\(wish).\(number)"
      number += 1
    }
    return name
  }

  /// Adds a constant under a fresh name and returns that name.
  public mutating func add(_ constant: Constant, named wish: String) -> String {
    let name = freshName(wish)
    constants[name] = constant
    return name
  }

  /// Adds a node with one output and returns the output's name, which is the node's own where none is given.
  @discardableResult
  public mutating func add(_ op: any Operator, named name: String, inputs: [String?], output: String? = nil) -> String {
    let value = freshName(output ?? name)
    nodes.append(Node(id: nextID, name: name, op: op, inputs: inputs, outputs: [value]))
    nextID += 1
    return value
  }

  /// Adds a node that defines a value which nothing defines any more.
  mutating func append(_ op: any Operator, named name: String, inputs: [String?], output: String) {
    nodes.append(Node(id: nextID, name: name, op: op, inputs: inputs, outputs: [output]))
    nextID += 1
  }

  /// Adds a node with several outputs and returns their names.
  @discardableResult
  public mutating func add(_ op: any Operator, named name: String, inputs: [String?], outputs: [String]) -> [String] {
    let values = outputs.map { $0.isEmpty ? "" : freshName($0) }
    nodes.append(Node(id: nextID, name: name, op: op, inputs: inputs, outputs: values))
    nextID += 1
    return values
  }

  /// Removes nodes; what read their outputs must be told to read something else.
  public mutating func remove(_ ids: Set<Int>) { nodes.removeAll { ids.contains($0.id) } }

  /// Makes every reader of one value, the graph's outputs among them, read another instead.
  public mutating func redirect(_ old: String, to new: String) {
    for index in nodes.indices {
      for position in nodes[index].inputs.indices where nodes[index].inputs[position] == old {
        nodes[index].inputs[position] = new
      }
    }
    for index in outputs.indices where outputs[index] == old { outputs[index] = new }
  }

  /// Drops nodes and constants that no result depends on.
  ///
  /// The nodes must be in execution order.
  public mutating func dropUnused() {
    var needed = Set(outputs)
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs.compactMap { $0 })
    }
    nodes.removeAll { !$0.outputs.contains(where: needed.contains) }
    constants.removeAll { !needed.contains($0.key) }
  }

  /// The edited graph.
  ///
  /// - Throws: `EspalierError` if it is not a graph any more.
  public func graph() throws -> Graph {
    try Graph(name: name, inputs: inputs, outputs: outputs, nodes: nodes, constants: constants, metadata: metadata, form: form)
  }
}
