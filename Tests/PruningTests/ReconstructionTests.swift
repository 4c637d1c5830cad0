import Foundation
import Networks
import Pruning
import TestSupport
import Tensors
import Testing

/// Layers behind pruned ones, fitted anew.
@Suite struct ReconstructionTests {
  /// The tiny VGG without some channels of its first layer, and what its second one sees at all positions of all images.
  private func pruned(_ images: Int = 4) throws -> (twin: CriterionTwin, pruned: PrunedNetwork, rows: [[Double]]) {
    let twin = try CriterionTwin(TinyNetworks.vgg(), images)
    let group = try #require(twin.groups.removable.first { $0.name == "conv1" })
    let pruned = try Pruner.remove(Set([1, 2, 4].map { group.channels[$0].id }), of: twin.map)
    let node = try #require(twin.map.graph.nodes.first { $0.label == "conv2" })
    var rows: [[Double]] = []
    for image in 0..<images {
      let x = twin.values(image)[node.inputs[0]!]!
      for position in 0..<16 {
        rows.append(
          (0..<54).map { k in
            let (c, i, j) = (k / 9, position / 4 + k % 9 / 3 - 1, position % 4 + k % 3 - 1)
            return 0..<4 ~= i && 0..<4 ~= j ? x.elements[(c * 4 + i) * 4 + j] : 0
          })
      }
    }
    return (twin, pruned, rows)
  }

  private let left = [0, 3, 5].flatMap { c in (0..<9).map { c * 9 + $0 } }

  private func weights(_ graph: Graph, _ name: String) -> [Float] { graph.constants[name]!.floats!.elements }

  /// The kernels are those of numpy.linalg.lstsq on the same rows.
  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON names no Python")) func kernelsAreNumpys() throws {
    let (twin, pruned, rows) = try pruned()
    let fitted = try Reconstruction(.kernels, positions: 16, ridge: 0).fit(
      pruned.graph, twin.network, without: pruned.removed, on: twin.seen())
    let weight = twin.weight("conv2.weight").elements
    let outputs = rows.map { row in (0..<8).map { dot(row, Array(weight[$0 * 54..<($0 + 1) * 54])) } }
    let text = try Python.run(
      """
      import json, sys, numpy
      rows, outputs = (numpy.array(a) for a in json.loads(sys.argv[1]))
      print(json.dumps(numpy.linalg.lstsq(rows, outputs, rcond=None)[0].T.ravel().tolist()))
      """, String(decoding: try JSONEncoder().encode([rows.map { row in left.map { row[$0] } }, outputs]), as: UTF8.self))
    let expected = try JSONDecoder().decode([Double].self, from: Data(text.utf8))
    expectClose(
      weights(fitted.graph, "conv2.weight").map(Double.init), expected, Tolerance(absolute: 1e-4, relative: 1e-4), scaled: true)
  }

  /// One factor a channel: the normal equations over all rows and filters, in plain loops.
  @Test func scalesAreLeastSquares() throws {
    let (twin, pruned, rows) = try pruned()
    let fitted = try Reconstruction(.scales, positions: 16, ridge: 0).fit(
      pruned.graph, twin.network, without: pruned.removed, on: twin.seen())
    let weight = twin.weight("conv2.weight").elements
    var (matrix, right) = ([[Double]](repeating: [0, 0, 0], count: 3), [0.0, 0, 0])
    for row in rows {
      for filter in 0..<8 {
        func part(_ c: Int) -> Double { (0..<9).reduce(0) { $0 + weight[filter * 54 + c * 9 + $1] * row[c * 9 + $1] } }
        let own = [0, 3, 5].map(part)
        let whole = (0..<6).reduce(0) { $0 + part($1) }
        for a in 0..<3 {
          right[a] += own[a] * whole
          for b in 0..<3 { matrix[a][b] += own[a] * own[b] }
        }
      }
    }
    let factors = solution(matrix, right)
    let expected = (0..<8).flatMap { filter in left.enumerated().map { weight[filter * 54 + $1] * factors[$0 / 9] } }
    expectClose(
      weights(fitted.graph, "conv2.weight").map(Double.init), expected, Tolerance(absolute: 1e-5, relative: 1e-5), scaled: true)
  }

  /// On what was drawn the error cannot grow, whatever the ridge, and kernels fit no worse than scales.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"], [0, 1e-6, 0.1, 100]) func errorNeverGrows(
    _ name: String, _ ridge: Double
  )
    throws
  {
    let twin = try CriterionTwin(TinyNetworks.all().first { $0.name == name }!.graph, 12)
    for seed in 0..<4 {
      let pruned = try Pruner.remove(randomRemoval(twin.map, seed: UInt64(seed)), of: twin.map)
      var errors: [Reconstruction.Mode: [String: Double]] = [:]
      for mode in [Reconstruction.Mode.scales, .kernels] {
        let fitted = try Reconstruction(mode, positions: 6, ridge: ridge, seed: 3).fit(
          pruned.graph, twin.network, without: pruned.removed, on: twin.seen())
        for layer in fitted.layers {
          #expect(layer.after <= layer.before + 1e-6, "\(layer)")
          #expect(layer.heldOut > 0 && layer.heldOutAfter != nil)
          errors[mode, default: [:]][layer.name] = layer.after
        }
        #expect(try fitted.graph.summary().macs == pruned.graph.summary().macs)
      }
      if ridge < 1e-3 {
        for (layer, error) in errors[.kernels] ?? [:] { #expect(error <= errors[.scales]![layer]! + 1e-4, "\(layer)") }
      }
    }
  }

  /// The fit is of the layer's outputs as they were: with enough positions the network comes closer to the unpruned one.
  @Test func theNetworkComesCloser() throws {
    let (twin, pruned, _) = try pruned(60)
    let input = ["input": twin.images.map(Double.init)]
    let whole = Twin(twin.graph).forward(input)["output"]!
    func distance(_ graph: Graph) -> Double {
      let other = Twin(graph).forward(input)["output"]!
      return zip(whole.elements, other.elements).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let fitted = try Reconstruction(.kernels).fit(pruned.graph, twin.network, without: pruned.removed, on: twin.seen())
    #expect(distance(fitted.graph) < distance(pruned.graph))
    #expect(fitted.layers.map(\.name) == ["conv2"])
  }
}
