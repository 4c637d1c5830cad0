import Analysis
import Networks
import Tensors

/// A number for every filter that the network's weights alone yield: the more, the more the filter counts.
///
/// Criteria that need data are read from statistics of a pass: `ScoreCatalog` in `Analysis/Statistics` lists them.
public protocol WeightCriterion: Sendable {
  /// The name by which it is asked for, with dashes.
  static var name: String { get }
  /// One line for people: what it is, with its source.
  static var summary: String { get }

  /// Whether its scores are comparable between layers as they are.
  static var isComparable: Bool { get }

  /// Takes its parameters out of a list.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  init(_ parameters: inout ParameterList) throws

  /// The scores of every linear layer, by its name.
  ///
  /// - Throws: `EspalierError` naming a layer that it cannot score.
  func scores(_ network: ScoredNetwork) throws -> FilterScores
}

extension WeightCriterion {
  public static var isComparable: Bool { false }
}

/// A network as criteria observe it: its linear layers with their weights, one row a filter.
public struct ScoredNetwork: Sendable {
  /// A linear layer.
  public struct Layer: Sendable {
    /// The layer's name.
    public var name: String
    /// The node.
    public var node: Node
    /// The weights, `[filters, inputs of a filter · kernel]`; those of a transposed convolution or an untransposed matrix are
    /// brought into this order.
    public var weights: Tensor<Float>
    /// The bias, one number a filter; nil where there is none.
    public var bias: [Float]?
    /// The batch norm that is the only reader of the layer's output; nil where there is none.
    public var norm: Node?
  }

  /// The channel groups.
  public let groups: ChannelGroups
  /// The linear layers in execution order.
  public let layers: [Layer]

  /// The graph.
  public var graph: Graph { groups.map.graph }

  /// Observes a network.
  ///
  /// - Throws: `EspalierError` naming a layer with a weight that is NaN.
  public init(_ groups: ChannelGroups) throws {
    let graph = groups.map.graph
    self.groups = groups
    layers = try groups.map.linear.compactMap { own in
      guard let layer = groups.map.layers[own.node], let rows = graph.filters(of: layer.node, count: own.outputs.count) else {
        return nil
      }
      guard rows.elements.allSatisfy(\.isFinite) else {
        throw EspalierError("a weight is NaN or infinite", location: "layer '\(layer.name)'", accepted: "finite weights")
      }
      let bias = graph.position(of: .bias, in: layer.node).flatMap { layer.node.inputs[$0] }
      let readers = graph.consumers(of: layer.node.outputs[0])
      return Layer(
        name: layer.name, node: layer.node, weights: rows,
        bias: bias.flatMap { graph.constants[$0]?.floats }.map { tensor in
          tensor.count == own.outputs.count
            ? tensor.elements : [Float](repeating: tensor.elements.first ?? 0, count: own.outputs.count)
        }, norm: readers.count == 1 && readers[0].op.role == .normalization ? readers[0] : nil)
    }
  }
}

extension Graph {
  /// The weights of a linear layer, one row a filter; nil where they are no constant.
  func filters(of node: Node, count: Int) -> Tensor<Float>? {
    guard let position = position(of: .weight, in: node), let weight = node.inputs[position].flatMap({ constants[$0]?.floats })
    else {
      return nil
    }
    let shape = weight.shape
    switch node.op {
    case let transposed as Op.ConvTranspose:
      // [C, M/g, k…]: group by group, filters first.
      let (group, perGroup) = (transposed.group, shape[1])
      let taps = shape.dimensions.dropFirst(2).reduce(1, *)
      let ins = shape[0] / max(group, 1)
      var rows = Tensor<Float>(repeating: 0, shape: [group * perGroup, ins * taps])
      for g in 0..<group {
        for i in 0..<ins {
          for o in 0..<perGroup {
            for t in 0..<taps {
              rows.elements[(g * perGroup + o) * ins * taps + i * taps + t] =
                weight.elements[((g * ins + i) * perGroup + o) * taps + t]
            }
          }
        }
      }
      return rows
    case let gemm as Op.Gemm: return gemm.transposeB ? weight : weight.transposed([1, 0])
    default:
      if node.op.role == .matrixProduct { return position == 1 ? weight.transposed([1, 0]) : weight }
      return weight.reshaped([count, shape.count / max(count, 1)])
    }
  }
}

extension ScoredNetwork {
  /// Scores layer by layer.
  func scores(_ body: (Layer) throws -> [Double]) rethrows -> FilterScores {
    FilterScores(Dictionary(try layers.map { ($0.name, try body($0)) }, uniquingKeysWith: { first, _ in first }))
  }
}

extension ScoredNetwork.Layer {
  /// The weights of each filter.
  var filters: [ArraySlice<Float>] {
    let width = weights.shape[1]
    return (0..<weights.shape[0]).map { weights.elements[$0 * width..<($0 + 1) * width] }
  }
}
