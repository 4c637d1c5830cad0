import Foundation
import Networks
import Tensors

/// How alike the maps stay when the network forgets what it learned, layer by layer from the output down: a good explanation of
/// the network changes.
///
/// The weights and biases of the convolutions and linear layers, batch norms folded in, are replaced by normal numbers with each
/// parameter's own mean and deviation, one layer more in every stage; `stages` takes that many of the layers, evenly spread, the
/// last of them always with all layers replaced. The number is the mean over the stages of Spearman's rank correlation between
/// the magnitudes (`sign=absolute`, default) of an image's map and of its map from the network as it was, for the same class;
/// equal values share their mean rank. Not defined where a map is the same everywhere.
///
/// Adebayo et al. draw from the layer's initialiser, which a file does not tell.
///
/// Source: Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity checks for saliency maps", NeurIPS 2018, section 3.
public struct RandomisationMeasure: NetworkMeasure {
  public static let name = "randomisation"
  public static let parameters = "stages=all,sign=absolute,seed=0"

  /// The most stages; nil for one a layer.
  public let stages: Int?
  /// What negative relevance counts.
  public let sign: RelevanceSign
  /// The seed of the weights.
  public let seed: UInt64

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    let text = parameters.text("stages")
    stages = text == nil || text == "all" ? nil : Int(text ?? "")
    guard text == nil || text == "all" || stages.map({ $0 > 0 }) ?? false else {
      throw EspalierError("stages is \(text ?? "")", accepted: "all, or a whole number, 1 or more")
    }
    sign = try parameters.choice("sign", default: .absolute)
    seed = try parameters.seed()
  }

  public var better: MeasureDirection { .lower }

  public func stages(of graph: Graph) throws -> [(name: String, graph: Graph)] {
    var graph = try graph.canonized()
    let layers = Array(graph.linearLayers.reversed())
    guard !layers.isEmpty else {
      throw EspalierError("the network has no layer with weights", location: RandomisationMeasure.name)
    }
    let count = min(stages ?? layers.count, layers.count)
    let ends = Set((1...count).map { Int((Double($0 * layers.count) / Double(count)).rounded()) - 1 })
    var result: [(name: String, graph: Graph)] = []
    for (position, layer) in layers.enumerated() {
      graph = try graph.withRandomParameters(of: layer.node, seed: seed)
      if ends.contains(position) { result.append((layer.name, graph)) }
    }
    return result
  }

  public func similarity(_ map: RelevanceMap, _ original: RelevanceMap) -> Double? {
    let correlation = RankCorrelation.of(map.values(sign), original.values(sign))
    return correlation.isNaN ? nil : correlation
  }
}

extension Graph {
  /// The graph with other parameters of one layer: normal numbers with each one's own mean and deviation, drawn by its name.
  func withRandomParameters(of node: Node, seed: UInt64) throws -> Graph {
    var editor = GraphEditor(self)
    for case let name? in node.inputs.dropFirst() {
      guard let old = constants[name]?.floats, old.count > 0 else { continue }
      let mean = old.elements.reduce(0) { $0 + Double($1) } / Double(old.count)
      let variance = old.elements.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(old.count)
      let deviation = variance.squareRoot()
      var random = Philox(seed: seed, stream: Philox.stream(named: name))
      editor.constants[name] = .float(old.map { _ in Float(mean + deviation * random.normal()) })
    }
    return try editor.graph()
  }
}
