import Foundation
import Tensors

/// Makes one operator of an activation that is written out in several: `x · Sigmoid(x)` becomes ``Op/Swish``, `Min(Max(x, 0), 6)`
/// a ``Op/Clip``, a GELU by `Erf` or `Tanh` a ``Op/Gelu``.
///
/// Exporters write activations that their operator set lacks in many ways: constants stand left or right, before or behind, as
/// factors or divisors. All that counts here is the function of one number that some operators compute together, from one value
/// and constants of one element: it is evaluated at some sixty positions and compared with every activation there is. Constants
/// that were rounded (0.7071, half precision) still mean what they stand for: the function may differ by 0.03 % of itself, or as
/// much.
public struct ActivationRecognition: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    guard graph.nodes.contains(where: { $0.op is any PositionwiseOperator }) else { return graph }
    return try graph.rewritten { node, graph, facts, editor, touched in
      guard node.op is any PositionwiseOperator, let position = editor.index(of: node) else { return [] }
      var best: (function: ScalarFunction, activation: Activation)?
      for function in ScalarFunction.all(endingIn: node, graph, facts)
      where function.nodes.count > 1 || node.op is Op.Min || node.op is Op.Max {
        if let activation = Activation(function.callAsFunction) { best = (function, activation) }
      }
      guard let best, touched.isDisjoint(with: best.function.nodes.map(\.id)) else { return [] }
      editor.nodes[position].op = best.activation.op
      editor.nodes[position].inputs =
        [best.function.source]
        + best.activation.bounds.map { bound in bound.map { editor.add(.float(Tensor(scalar: $0)), named: "\(node.label).bound") }
        }
      return Set(best.function.nodes.map(\.id))
    }
  }
}

/// A function of one number that nodes compute together, element by element: of one value and constants of one element.
struct ScalarFunction {
  /// The value that it is a function of.
  let source: String
  /// The nodes, in execution order.
  let nodes: [Node]
  private let constants: [String: Double]

  /// The most nodes that an activation is looked for in.
  private static let limit = 24

  /// The functions that a node is the end of, from the shortest to the longest.
  static func all(endingIn root: Node, _ graph: Graph, _ facts: [String: Fact]) -> [ScalarFunction] {
    guard let target = facts[root.outputs[0]], target.value == nil else { return [] }
    var (constants, open, nodes) = ([String: Double](), Set<String>(), [Node]())
    var result: [ScalarFunction] = []
    func take(_ node: Node) -> Bool {
      guard node.op is any PositionwiseOperator, node.outputs.count == 1, facts[node.outputs[0]]?.shape == target.shape else {
        return false
      }
      nodes.append(node)
      for case let input? in node.inputs {
        if let value = facts[input]?.value {
          guard value.shape.count == 1, let number = value.number else { return false }
          constants[input] = number
        } else {
          open.insert(input)
        }
      }
      return true
    }
    guard take(root) else { return [] }
    while nodes.count <= limit {
      if open.count == 1, let source = open.first, facts[source]?.shape == target.shape {
        result.append(ScalarFunction(source: source, nodes: nodes.reversed(), constants: constants))
      }
      // What comes last of the open values cannot lead to the others: it must be computed here, or there is no common source.
      let next = open.compactMap { name in graph.producer(of: name).flatMap { node in graph.order(of: node).map { ($0, node) } } }
        .max { $0.0 < $1.0 }
      guard let next, open.remove(next.1.outputs[0]) != nil, take(next.1) else { return result }
    }
    return result
  }

  private init(source: String, nodes: [Node], constants: [String: Double]) {
    self.source = source
    self.nodes = nodes
    self.constants = constants
  }

  /// The function's value.
  func callAsFunction(_ x: Double) -> Double {
    var values = constants
    values[source] = x
    for node in nodes {
      values[node.outputs[0]] = (node.op as? any PositionwiseOperator)?.value(of: node.inputs.map { $0.flatMap { values[$0] } })
    }
    return values[nodes[nodes.count - 1].outputs[0]] ?? .nan
  }
}

extension Constant {
  /// The first element.
  fileprivate var number: Double? {
    switch self {
    case .float(let tensor): tensor.elements.first.map(Double.init)
    case .int64(let tensor): tensor.elements.first.map(Double.init)
    }
  }
}

/// An activation that is one operator.
struct Activation {
  /// The operator.
  let op: any Operator
  /// The inputs behind the first: a clip's bounds.
  let bounds: [Float?]

  /// Positions at which functions are compared: none of them a kink of an activation.
  private static let positions: [Double] =
    (-32...32).map { Double($0) * 0.253 + 0.0017 } + [-40, -21.3, -14.1, 14.1, 21.3, 40]

  /// The activation that a function is, or nil if it is none.
  init?(_ function: (Double) -> Double) {
    let values = Activation.positions.map(function)
    guard values.allSatisfy(\.isFinite) else { return nil }
    var best: (activation: Activation, distance: Double)?
    for candidate in Activation.candidates(function) {
      var distance = 0.0
      for (x, y) in zip(Activation.positions, values) {
        let expected = candidate.value(x)
        distance = max(distance, abs(y - expected) / max(1, abs(expected)))
      }
      // Of two that are equally near the one that comes first, which is the plainer.
      if distance < 3e-4, distance < (best?.distance ?? .infinity) - 1e-9 { best = (candidate, distance) }
    }
    guard let best else { return nil }
    self = best.activation
  }

  private init(_ op: any Operator, bounds: [Float?] = []) {
    self.op = op
    self.bounds = bounds
  }

  private func value(_ x: Double) -> Double {
    if let op = op as? any ElementwiseOperator { return op.value(x) }
    return min(max(x, Double(bounds[0] ?? -.infinity)), Double(bounds[1] ?? .infinity))
  }

  /// The activations that a function may be, with the parameters that fit it.
  private static func candidates(_ f: (Double) -> Double) -> [Activation] {
    var result = [
      Op.Relu(), Op.Sigmoid(), Op.Tanh(), Op.HardSwish(), Op.Gelu(), Op.Gelu(approximatesByTanh: true), Op.Mish(), Op.Softplus(),
      Op.Softsign(), Op.Swish(), Op.Selu(),
    ].map { (op: any Operator) in Activation(op) }
    let slope = -f(-1)
    if slope > 0, slope < 0.99 { result.append(Activation(Op.LeakyRelu(alpha: Float(slope)))) }
    let limit = -f(-1e4)
    if limit.isFinite, limit > 0 {
      result.append(Activation(Op.Elu(alpha: Float(limit))))
      result.append(Activation(Op.Celu(alpha: Float(limit))))
    }
    let share = f(1)
    if share > 0, share < 1 { result.append(Activation(Op.Swish(alpha: Float(log(share / (1 - share)))))) }
    let (far, bound) = (1e6, 1e5)
    let (low, high) = (f(-far), f(far))
    let (middle, step) = (f(0), 1e-3)
    if middle > 0.01, middle < 0.99, abs(low) < 1e-6, abs(high - 1) < 1e-6 {
      let alpha = (f(step) - f(-step)) / (2 * step)
      if alpha > 0 { result.append(Activation(Op.HardSigmoid(alpha: Float(alpha), beta: Float(middle)))) }
    }
    if low.isFinite, high.isFinite, low < high, low > -bound || high < bound {
      result.append(Activation(Op.Clip(), bounds: [low > -bound ? Float(low) : nil, high < bound ? Float(high) : nil]))
    }
    return result
  }
}
