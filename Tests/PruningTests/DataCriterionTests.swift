import Foundation
import Networks
import Pruning
import Scheduling
import TestSupport
import Tensors
import Testing

/// Criteria of images against the double twin.
@Suite struct DataCriterionTests {
  /// Masks moved by a little, at all coupled inputs at once: residual sums, grouped and depthwise convolutions, concatenation.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"], GroupRemoval.allCases)
  func groupFisher(_ name: String, _ removal: GroupRemoval) throws {
    let twin = try CriterionTwin(TinyNetworks.all().first { $0.name == name }!.graph, groups: removal)
    var expected = try twin.ofFilters { channel in
      try twin.maskGradients(channel.id) { logits, target in crossEntropy(logits: logits, targets: [target]).loss }
        .reduce(0) { $0 + $1 * $1 }
    }
    for (layer, scores) in try twin.scores("group-fisher:per=none").complete {
      expectClose(scores, expected[layer]!, Tolerance(absolute: 1e-7, relative: 1e-3), scaled: true, "\(name) \(layer)")
    }
    let live = try LiveNetwork(twin.map)
    expected = try twin.scores("group-fisher:per=none").complete
    for (text, saved) in [("memory", \NetworkCost.activations), ("macs", \NetworkCost.macs)] {
      let scores = try twin.scores("group-fisher:per=\(text)").complete
      for own in twin.map.linear {
        guard let layer = twin.map.layers[own.node]?.name, let plain = expected[layer], scores[layer] != nil else { continue }
        let divided = own.outputs.enumerated().map { plain[$0] / Double(live.saving($1)[keyPath: saved]) }
        expectClose(scores[layer]!, divided, Tolerance(relative: 1e-12), "\(layer) per \(text)")
      }
    }
  }

  @Test(arguments: ["vgg", "residual", "inception", "mobile"]) func inputXGradient(_ name: String) throws {
    let twin = try CriterionTwin(TinyNetworks.all().first { $0.name == name }!.graph)
    let expected = try twin.ofFilters { channel in
      try twin.maskGradients(channel.id) { logits, target in logits.elements[target] }.reduce(0) { $0 + abs($1) }
    }
    let found = try twin.scores("input-x-gradient").complete
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (layer, scores) in found {
      expectClose(scores, expected[layer]!, Tolerance(absolute: 1e-6, relative: 1e-3), scaled: true, "\(name) \(layer)")
    }
  }

  /// Gradients of every weight, image by image, by the twin's backward pass.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"]) func obdOfFisher(_ name: String) throws {
    let twin = try CriterionTwin(TinyNetworks.all().first { $0.name == name }!.graph)
    var expected: [String: [Double]] = [:]
    let plain = Twin(twin.map.graph)
    for image in twin.targets.indices {
      let values = twin.values(image)
      let seed = crossEntropy(logits: values["output"]!, targets: [twin.targets[image]]).gradient
      let gradients = plain.backward(values: values, outputGradients: ["output": seed])
      for layer in twin.network.layers {
        let name = layer.node.inputs[1]!
        let (weight, gradient) = (twin.weight(name), gradients[name]!)
        let width = weight.count / weight.shape[0]
        for filter in 0..<weight.shape[0] {
          let positions = filter * width..<(filter + 1) * width
          let sum = positions.reduce(0.0) { $0 + pow(weight.elements[$1] * gradient.elements[$1], 2) }
          expected[layer.name, default: [Double](repeating: 0, count: weight.shape[0])][filter] +=
            sum / 2 / Double(twin.targets.count)
        }
      }
    }
    let scores = try twin.scores("obd:form=fisher").complete
    #expect(scores.keys.sorted() == expected.keys.sorted())
    for (layer, values) in scores {
      expectClose(values, expected[layer]!, Tolerance(absolute: 1e-9, relative: 1e-4), scaled: true, "\(name) \(layer)")
    }
  }

  /// The paper's propagation with whole Jacobians, a row an output element, squared.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"]) func obd(_ name: String) throws {
    let twin = try CriterionTwin(TinyNetworks.all().first { $0.name == name }!.graph, 2)
    var expected: [String: [Double]] = [:]
    let plain = Twin(twin.map.graph)
    for image in twin.targets.indices {
      let values = twin.values(image)
      let logits = values["output"]!
      let exponentials = logits.elements.map(exp)
      let seed = Tensor(
        exponentials.map { $0 / exponentials.reduce(0, +) }.map { $0 * (1 - $0) }, shape: logits.shape)
      let curvature = plain.propagate(["output": seed]) { node, arrived in
        var sums: [Tensor<Double>?] = node.inputs.map { _ in nil }
        for (output, h) in arrived.enumerated() {
          guard let h else { continue }
          for position in h.elements.indices where h.elements[position] != 0 {
            var row: [Tensor<Double>?] = node.outputs.map { Tensor(repeating: 0, shape: values[$0]!.shape) }
            row[output]!.elements[position] = 1
            for (input, entries) in plain.gradientsOfInputs(of: node, values: values, gradients: row).enumerated() {
              guard let entries else { continue }
              let part = entries.map { $0 * $0 * h.elements[position] }
              sums[input] = sums[input].map { sum in Tensor(zip(sum.elements, part.elements).map(+), shape: sum.shape) } ?? part
            }
          }
        }
        return sums
      }
      for layer in twin.network.layers {
        // A weight's second derivative is the sum over its uses of the output's times the squared input.
        var squared = values
        let data = layer.node.inputs[0]!
        squared[data] = values[data]!.map { $0 * $0 }
        let second = plain.gradientsOfInputs(
          of: layer.node, values: squared, gradients: [curvature[layer.node.outputs[0]]!])[1]!
        let weight = twin.weight(layer.node.inputs[1]!)
        let width = weight.count / weight.shape[0]
        for filter in 0..<weight.shape[0] {
          let positions = filter * width..<(filter + 1) * width
          let sum = positions.reduce(0.0) { $0 + weight.elements[$1] * weight.elements[$1] * second.elements[$1] }
          expected[layer.name, default: [Double](repeating: 0, count: weight.shape[0])][filter] +=
            sum / 2 / Double(twin.targets.count)
        }
      }
    }
    let scores = try twin.scores("obd").complete
    #expect(scores.keys.sorted() == expected.keys.sorted())
    for (layer, values) in scores {
      expectClose(values, expected[layer]!, Tolerance(absolute: 1e-9, relative: 1e-4), scaled: true, "\(name) \(layer)")
    }
  }

  /// What each channel adds to every output of the layer behind, at all positions: rows `[channel][position and filter]`.
  private func contributions(_ twin: CriterionTwin, to reader: String) throws -> [[Double]] {
    let node = try #require(twin.map.graph.nodes.first { $0.label == reader })
    let weight = twin.weight(reader + ".weight")
    let (filters, channels) = (weight.shape[0], try #require(["conv2": 6, "fc1": 8, "fc2": 10][reader]))
    var rows = [[Double]](repeating: [], count: channels)
    for image in twin.targets.indices {
      let x = twin.values(image)[node.inputs[0]!]!
      for filter in 0..<filters {
        if weight.shape.rank == 2 {
          let part = weight.shape[1] / channels
          for c in 0..<channels {
            rows[c].append(
              (0..<part).reduce(0.0) {
                $0 + weight.elements[filter * weight.shape[1] + c * part + $1] * x.elements[c * part + $1]
              })
          }
        } else {
          let size = x.shape[2]
          for position in 0..<size * size {
            for c in 0..<channels {
              var sum = 0.0
              for tap in 0..<9 {
                let (i, j) = (position / size + tap / 3 - 1, position % size + tap % 3 - 1)
                guard 0..<size ~= i, 0..<size ~= j else { continue }
                sum += weight.elements[(filter * channels + c) * 9 + tap] * x.elements[(c * size + i) * size + j]
              }
              rows[c].append(sum)
            }
          }
        }
      }
    }
    return rows
  }

  @Test(arguments: [("conv1", "conv2"), ("conv2", "fc1"), ("fc1", "fc2")])
  func thinetRemoves(_ layer: String, _ reader: String) throws {
    let twin = try CriterionTwin(TinyNetworks.vgg())
    let rows = try contributions(twin, to: reader)
    var (left, order) = (Array(rows.indices), [Int]())
    var sum = [Double](repeating: 0, count: rows[0].count)
    while !left.isEmpty {
      let next = left.min { a, b in
        let (x, y) = (zip(sum, rows[a]).map(+), zip(sum, rows[b]).map(+))
        return dot(x, x) < dot(y, y)
      }!
      order.append(next)
      sum = zip(sum, rows[next]).map(+)
      left.removeAll { $0 == next }
    }
    // All positions and filters are drawn.
    let scores = try twin.scores("thinet:positions=100000").complete(layer)
    #expect(rows.indices.sorted { scores[$0] < scores[$1] } == order)
    #expect(scores.max() == 1)
  }

  @Test(arguments: [("conv1", "conv2"), ("conv2", "fc1"), ("fc1", "fc2")])
  func thinetKeeps(_ layer: String, _ reader: String) throws {
    let twin = try CriterionTwin(TinyNetworks.vgg())
    let rows = try contributions(twin, to: reader)
    let whole = rows[0].indices.map { position in rows.reduce(0) { $0 + $1[position] } }
    var (kept, residual) = ([Int](), whole)
    while kept.count < rows.count {
      // A unit that is never on adds nothing.
      func gain(_ c: Int) -> Double {
        let norm = dot(rows[c], rows[c])
        return norm > 0 ? dot(rows[c], residual) * dot(rows[c], residual) / norm : -1
      }
      kept.append(rows.indices.filter { !kept.contains($0) }.max { gain($0) < gain($1) }!)
      guard gain(kept[kept.count - 1]) >= 0 else { continue }
      let matrix = kept.map { a in kept.map { dot(rows[a], rows[$0]) } }
      let factors = solution(matrix, kept.map { dot(rows[$0], whole) })
      residual = whole.indices.map { position in
        whole[position] - zip(kept, factors).reduce(0) { $0 + rows[$1.0][position] * $1.1 }
      }
    }
    let scores = try twin.scores("thinet:greedy=kept,positions=100000").complete(layer)
    let isOn = rows.map { dot($0, $0) > 0 }
    #expect(rows.indices.sorted { scores[$0] > scores[$1] }.filter { isOn[$0] } == kept.filter { isOn[$0] })
    #expect(isOn.count { $0 } >= 6)
  }

  /// Activations of the first layer's channels where the second reads them, `[channel][position]`.
  private func activations(_ twin: CriterionTwin) throws -> [[Double]] {
    let node = try #require(twin.map.graph.nodes.first { $0.label == "conv2" })
    var rows = [[Double]](repeating: [], count: 6)
    for image in twin.targets.indices {
      let x = twin.values(image)[node.inputs[0]!]!
      for c in 0..<6 { rows[c] += x.elements[c * 16..<(c + 1) * 16] }
    }
    return rows
  }

  /// L with a β of 0.7, where no two filters are so far from each other that how far does not matter.
  private func kernel(_ rows: [[Double]]) -> [[Double]] {
    rows.indices.map { i in
      rows.indices.map { j in
        let square = zip(rows[i], rows[j]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return exp(-0.7 / Double(rows[0].count) * square) + (i == j ? 0.01 : 0)
      }
    }
  }

  @Test func divnetGreedy() throws {
    let twin = try CriterionTwin(TinyNetworks.vgg())
    let kernel = kernel(try activations(twin))
    var order: [Int] = []
    while order.count < 6 {
      func volume(_ set: [Int]) -> Double { determinant(set.map { i in set.map { kernel[i][$0] } }) }
      order.append((0..<6).filter { !order.contains($0) }.max { volume(order + [$0]) < volume(order + [$1]) }!)
    }
    let scores = try twin.scores("divnet:positions=1000,beta=0.7").complete("conv1")
    // All diagonal elements are level: which one comes first is rounding.
    #expect(Set(scores).count == 6)
    let own = (0..<6).sorted { scores[$0] > scores[$1] }
    func logs(_ order: [Int]) -> [Double] {
      (1...6).map { k in log(determinant(order[..<k].map { i in order[..<k].map { kernel[i][$0] } })) }
    }
    if own[0] == order[0] { expectClose(logs(own), logs(order), Tolerance(absolute: 1e-3)) }
    for k in 1..<6 {
      let reached = logs(own)[k]
      for other in 0..<6 where !own[..<k].contains(other) {
        let set = Array(own[..<k]) + [other]
        #expect(log(determinant(set.map { i in set.map { kernel[i][$0] } })) <= reached + 1e-3)
      }
    }
  }

  /// Sets are drawn as often as their determinants say.
  @Test func divnetSamples() throws {
    let twin = try CriterionTwin(TinyNetworks.vgg(), 3)
    let kernel = kernel(try activations(twin))
    var shares: [Set<Int>: Double] = [:]
    for a in 0..<6 { for b in a + 1..<6 { shares[[a, b]] = determinant([a, b].map { i in [a, b].map { kernel[i][$0] } }) } }
    let whole = shares.values.reduce(0, +)
    var counts: [Set<Int>: Int] = [:]
    let draws = 600
    for seed in 0..<draws {
      let text = "divnet:method=sample,keep=0.34,positions=1000,beta=0.7,seed=\(seed)"
      let scores = try twin.scores(text).complete("conv1")
      counts[Set((0..<6).sorted { scores[$0] > scores[$1] }.prefix(2)), default: 0] += 1
    }
    // χ² of 14 degrees of freedom: 36.1 is exceeded once in a thousand times; the seeds are fixed.
    let chi = shares.reduce(0.0) { sum, entry in
      let expected = Double(draws) * entry.value / whole
      return sum + pow(Double(counts[entry.key] ?? 0) - expected, 2) / expected
    }
    #expect(chi < 36.1, "\(chi)")
  }

  /// A filter that is twice another one, in front of a ReLU, is fused without a difference.
  @Test func divnetFusesMultiplesExactly() throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    for name in ["fc1.weight", "fc1.bias"] {
      var tensor = try #require(editor.constants[name]?.floats)
      let width = tensor.count / 10
      for k in 0..<width { tensor.elements[7 * width + k] = 2 * tensor.elements[2 * width + k] }
      editor.constants[name] = .float(tensor)
    }
    let twin = try CriterionTwin(editor.graph(), 40)
    let criterion = try #require(try CriterionCatalog.dataCriterion("divnet"))
    let group = try #require(twin.groups.removable.first { $0.name == "fc1" })
    let gone = group.channels[7].id
    let pruned = try Pruner.prune(
      try ChannelGroups(twin.map, protecting: ["conv*"]),
      by: FilterScores(["fc1": (0..<10).map { $0 == 7 ? 0 : 1 }]), Selection(Budget(.filters, 23.0 / 24), floor: 0),
      fusion: { try #require(criterion as? any FusingCriterion).fusion(of: $0, twin.network, twin.seen()) })
    #expect(pruned.removed == [gone])
    let input = ["input": twin.images.map(Double.init)]
    let (before, after) = (Twin(twin.graph).forward(input)["output"]!, Twin(pruned.graph).forward(input)["output"]!)
    expectClose(after, before, Tolerance(absolute: 1e-4, relative: 1e-4), scaled: true)
  }

  @Test func taylorWithFLOPs() throws {
    let twin = try CriterionTwin(TinyNetworks.vgg())
    var images = twin.seen()
    images.catalogued = { name in
      #expect(name == "taylor-2017")
      return FilterScores(["conv1": [3, 4, 0, 0, 0, 0], "fc1": [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]])
    }
    let criterion = try #require(try CriterionCatalog.dataCriterion("taylor-2017-flops:lambda=0.5"))
    let scores = try criterion.scores(twin.network, images).complete
    // A filter of conv1: 64 positions of 3 · 9 products; one of fc1: 32.
    let (conv, dense) = (0.5 * 2 * 64 * 27 / 1e6, 0.5 * 2 * 32 / 1e6)
    expectClose(scores["conv1"]!, [0.6 - conv, 0.8 - conv] + [Double](repeating: -conv, count: 4), Tolerance(absolute: 1e-12))
    expectClose(scores["fc1"]!, [Double](repeating: -dense, count: 9) + [1 - dense], Tolerance(absolute: 1e-12))
  }

  /// The same bits for any number of workers.
  @Test(arguments: ["group-fisher", "input-x-gradient", "obd", "obd:form=fisher", "thinet", "divnet"]) func widthChangesNothing(
    _ name: String
  )
    throws
  {
    let twin = try CriterionTwin(TinyNetworks.residual(), 9)
    let criterion = try #require(try CriterionCatalog.dataCriterion(name))
    let first = try criterion.scores(twin.network, twin.seen(width: 1))
    let second = try criterion.scores(twin.network, twin.seen(width: 3))
    #expect(first.layers == second.layers)
    #expect(first.layers.values.allSatisfy { $0.allSatisfy { $0?.isFinite ?? false } })
  }

  /// Random networks of every structure are scored, and pruned by the scores with proof.
  @Test(arguments: ["group-fisher", "obd:form=fisher", "thinet", "divnet"]) func randomNetworks(_ name: String) throws {
    for seed in 0..<12 {
      let graph = try RandomNetworks.graph(seed: UInt64(seed))
      guard graph.inputs.count == 1, graph.outputs.count == 1 else { continue }
      let twin = try CriterionTwin(graph, 3)
      guard !twin.groups.removable.isEmpty, try graph.facts(batch: 2)[graph.outputs[0]]?.shape.rank == 2 else { continue }
      let classes = try graph.facts(batch: 2)[graph.outputs[0]]!.shape[1]
      let images = CriterionImages(
        twin.images, targets: twin.targets.map { $0 % classes }, batch: 2, scheduler: BlockScheduler(width: 2))
      let criterion = try #require(try CriterionCatalog.dataCriterion(name))
      let scores = try criterion.scores(twin.network, images)
      let fusion = criterion as? any FusingCriterion
      guard scores.layers.values.contains(where: { !$0.isEmpty }) else { continue }
      _ = try Pruner.prune(
        twin.groups, by: scores, Selection(Budget(.filters, 0.8), floor: 0),
        fusion: fusion.map { fusion in { try fusion.fusion(of: $0, twin.network, images) } })
    }
  }
}
