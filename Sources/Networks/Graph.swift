import HeapModule
import OrderedCollections
import Tensors

/// The length of an axis of a graph's input: a number, or a name for what is chosen when the graph is run.
public enum Dimension: Hashable, Sendable {
  case fixed(Int)
  case symbolic(String)
}

/// What a graph is fed: a value's name and the declared lengths of its axes.
///
/// The first axis is the batch.
public struct GraphInput: Hashable, Sendable {
  /// The value's name.
  public var name: String
  /// The declared length of each axis, `[N, C, H, W]` for images.
  public var dimensions: [Dimension]

  /// Makes an input.
  public init(name: String, dimensions: [Dimension]) {
    self.name = name
    self.dimensions = dimensions
  }
}

/// One application of an operator.
public struct Node: Identifiable, Sendable {
  /// A number that the node keeps when the graph is rewritten; new nodes get new numbers.
  public let id: Int
  /// The node's name in the file; may be empty or shared.
  public var name: String
  /// What it computes.
  public var op: any Operator
  /// The values that it reads; nil where an optional one is left out.
  public var inputs: [String?]
  /// The values that it defines; an empty name for one that nothing needs.
  public var outputs: [String]

  /// Makes a node.
  ///
  /// Graphs get their nodes through ``GraphEditor``, which numbers them.
  public init(id: Int, name: String, op: any Operator, inputs: [String?], outputs: [String]) {
    self.id = id
    self.name = name
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The node's name, or its first output's where it has none.
  public var label: String { name.isEmpty ? outputs.first ?? "" : name }
}

/// A network: an immutable value that holds operators in execution order and their weights.
///
/// Rewrites (``GraphEditor``, canonizers, surgery) return a new graph; nodes keep their identity, names and order.
public struct Graph: Sendable {
  /// The graph's name.
  public let name: String
  /// What is fed; the first is the images.
  public let inputs: [GraphInput]
  /// The names of the results.
  public let outputs: [String]
  /// The operators, each after all that it depends on.
  public let nodes: [Node]
  /// Weights and other constants by the name of the value.
  public let constants: OrderedDictionary<String, Constant>
  /// Free text that travels with the file, such as `espalier.preprocessing`.
  public let metadata: [String: String]
  /// How the network lies in the file that it was read from; nil for one that was made here.
  public let form: FileForm?

  private let producers: [String: Int]
  private let readers: [String: [Int]]

  /// Makes a graph, sorting the nodes into execution order (kept as given where that is one) and checking it.
  ///
  /// - Throws: `EspalierError` naming the node, for a value that is defined twice or never, a cycle, or a wrong number of
  ///   inputs.
  public init(
    name: String, inputs: [GraphInput], outputs: [String], nodes: [Node], constants: OrderedDictionary<String, Constant>,
    metadata: [String: String] = [:], form: FileForm? = nil
  ) throws {
    let ordered = try Graph.executionOrder(nodes, known: Set(inputs.map(\.name)).union(constants.keys))
    var producers: [String: Int] = [:]
    var readers: [String: [Int]] = [:]
    for (position, node) in ordered.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = position }
      for case let input? in node.inputs { readers[input, default: []].append(position) }
    }
    for output in outputs
    where producers[output] == nil && constants[output] == nil && !inputs.contains(where: { $0.name == output }) {
      throw EspalierError("no node defines the graph's output '\(output)'")
    }
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = ordered
    self.constants = constants
    self.metadata = metadata
    self.form = form
    self.producers = producers
    self.readers = readers
  }

  /// The node that defines a value, or nil for an input or a constant.
  public func producer(of value: String) -> Node? { producers[value].map { nodes[$0] } }

  /// The nodes that read a value, in execution order, each once for every time it does.
  public func consumers(of value: String) -> [Node] { (readers[value] ?? []).map { nodes[$0] } }

  /// The node's position in execution order.
  public func order(of node: Node) -> Int? { node.outputs.first { !$0.isEmpty }.flatMap { producers[$0] } }

  /// The node with a number.
  public func node(id: Int) -> Node? { nodes.first { $0.id == id } }

  /// Whether a value is one of the graph's results.
  public func isOutput(_ value: String) -> Bool { outputs.contains(value) }

  private static func executionOrder(_ nodes: [Node], known: Set<String>) throws -> [Node] {
    var definer: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      let arity = type(of: node.op).arity
      guard arity.contains(node.inputs.count) else {
        throw EspalierError(
          "\(node.op.name) has \(node.inputs.count) inputs", location: "node '\(node.label)'",
          accepted: arity.lowerBound == arity.upperBound ? "\(arity.lowerBound)" : "\(arity.lowerBound) to \(arity.upperBound)")
      }
      for output in node.outputs where !output.isEmpty {
        guard definer.updateValue(index, forKey: output) == nil, !known.contains(output) else {
          throw EspalierError("value '\(output)' is defined twice", location: "node '\(node.label)'")
        }
      }
    }
    var waiting = [Int](repeating: 0, count: nodes.count)
    var dependents = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for case let input? in node.inputs where !known.contains(input) {
        guard let source = definer[input] else {
          throw EspalierError("reads value '\(input)', which nothing defines", location: "node '\(node.label)'")
        }
        waiting[index] += 1
        dependents[source].append(index)
      }
    }
    // The smallest ready position first: a list that is in order already stays as it is.
    var ready = Heap(nodes.indices.filter { waiting[$0] == 0 })
    var order: [Node] = []
    while let next = ready.popMin() {
      order.append(nodes[next])
      for dependent in dependents[next] {
        waiting[dependent] -= 1
        if waiting[dependent] == 0 { ready.insert(dependent) }
      }
    }
    guard order.count == nodes.count else {
      let stuck = nodes.indices.first { waiting[$0] > 0 }!
      throw EspalierError("depends on its own output", location: "node '\(nodes[stuck].label)'")
    }
    return order
  }
}
