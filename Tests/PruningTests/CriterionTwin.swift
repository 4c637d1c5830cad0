import Networks
import Pruning
import Scheduling
import TestSupport
import Tensors
import Testing

/// What criteria are compared with: plain loops in double precision over the twin's values, which share nothing with the engine.
struct CriterionTwin {
  let graph: Graph
  let map: ChannelMap
  let groups: ChannelGroups
  let network: ScoredNetwork
  let images: Tensor<Float>
  let targets: [Int]

  init(_ graph: Graph, _ count: Int = 5, groups removal: GroupRemoval = .equalShares) throws {
    self.graph = graph
    map = try ChannelMap(graph, groups: removal)
    groups = try ChannelGroups(map)
    network = try ScoredNetwork(groups)
    images = TinyNetworks.images(count, seed: 4)
    targets = (0..<count).map { $0 % 4 }
  }

  /// The images as criteria take them.
  func seen(width: Int = 2, batch: Int = 2) -> CriterionImages {
    CriterionImages(images, targets: targets.map { $0 }, batch: batch, scheduler: BlockScheduler(width: width))
  }

  func scores(_ text: String) throws -> FilterScores {
    guard let criterion = try CriterionCatalog.dataCriterion(text) else { throw EspalierError("no criterion '\(text)'") }
    return try criterion.scores(network, seen())
  }

  func weight(_ name: String) -> Tensor<Double> { Tensor<Double>(map.graph.constants[name]!) }

  /// Every value for one image.
  func values(_ image: Int) -> [String: Tensor<Double>] {
    Twin(map.graph).forward(["input": images.rows(image..<image + 1).map(Double.init)])
  }

  /// Each image's ∂/∂m of a class: by a mask 1 ± ε at the inputs of all layers that read it, in the masked graph.
  func maskGradients(_ id: Int, of measure: (_ logits: Tensor<Double>, _ target: Int) -> Double) throws -> [Double] {
    let masked = try map.graph(masking: [id])
    let step = 1e-5
    func measured(_ value: Double, _ image: Int) -> Double {
      var twin = Twin(masked)
      for (name, tensor) in twin.parameters where name.hasSuffix(".mask") {
        twin.parameters[name] = tensor.map { $0 == 0 ? value : $0 }
      }
      let output = twin.forward(["input": images.rows(image..<image + 1).map(Double.init)])[graph.outputs[0]]!
      return measure(output, targets[image])
    }
    return targets.indices.map { (measured(1 + step, $0) - measured(1 - step, $0)) / (2 * step) }
  }

  /// A score a filter of the layers that may lose some, from one a class.
  func ofFilters(_ score: (CoupledChannel) throws -> Double) throws -> [String: [Double]] {
    var classes: [Int: Double] = [:]
    for channel in groups.removable.flatMap(\.channels) { classes[channel.id] = try score(channel) }
    var result: [String: [Double]] = [:]
    for own in map.linear where own.outputs.allSatisfy({ classes[$0] != nil }) {
      result[map.layers[own.node]!.name] = own.outputs.map { classes[$0]! }
    }
    return result
  }
}

/// The determinant of a square matrix, by elimination with pivots.
func determinant(_ matrix: [[Double]]) -> Double {
  var (rows, result) = (matrix, 1.0)
  for i in rows.indices {
    let pivot = (i..<rows.count).max { abs(rows[$0][i]) < abs(rows[$1][i]) }!
    if rows[pivot][i] == 0 { return 0 }
    if pivot != i { (rows[pivot], rows[i], result) = (rows[i], rows[pivot], -result) }
    result *= rows[i][i]
    for j in i + 1..<max(rows.count, i + 1) {
      let factor = rows[j][i] / rows[i][i]
      for k in i..<rows.count { rows[j][k] -= factor * rows[i][k] }
    }
  }
  return result
}

/// The solution of a linear system, by elimination with pivots.
func solution(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
  var (rows, values) = (matrix, right)
  for i in rows.indices {
    let pivot = (i..<rows.count).max { abs(rows[$0][i]) < abs(rows[$1][i]) }!
    if pivot != i { (rows[pivot], rows[i], values[pivot], values[i]) = (rows[i], rows[pivot], values[i], values[pivot]) }
    for j in rows.indices where j != i {
      let factor = rows[j][i] / rows[i][i]
      for k in i..<rows.count { rows[j][k] -= factor * rows[i][k] }
      values[j] -= factor * values[i]
    }
  }
  return values.indices.map { values[$0] / rows[$0][$0] }
}

/// The inner product.
func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

extension FilterScores {
  /// The scores of layers all of whose filters have one.
  var complete: [String: [Double]] {
    #expect(layers.values.allSatisfy { $0.allSatisfy { $0 != nil } })
    return layers.mapValues { $0.compactMap { $0 } }
  }

  /// The scores of a layer all of whose filters have one.
  func complete(_ layer: String) -> [Double] {
    let own = layers[layer] ?? []
    #expect(!own.isEmpty && own.allSatisfy { $0 != nil }, "\(layer)")
    return own.compactMap { $0 }
  }
}
