import Analysis
import Engine
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// Whole networks in the engine, against Zennit's numbers.
@Suite struct ZennitNetworkTests {
  static let networks = ["vgg", "resnet", "inception", "mobile"]
  static let specifications = CompositeTests.specifications.filter { $0 != "beta_smooth" }

  /// Relevance of a network's images at the input and at every layer, in the engine.
  private func relevance(_ graph: Graph, _ specification: String, _ images: Tensor<Float>, _ classes: [Int]) throws
    -> RelevanceResult
  {
    useOneThreadHere()
    let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite(specification), batch: images.shape[0])
    return try RelevanceProgram(plan).run(images, targets: classes)
  }

  /// Zennit 0.5.1, which made these numbers, leaves ε = 1e-5 in the batch norms that it has merged, so that each still divides by
  /// √(1 + ε).
  ///
  /// Where a denominator is almost zero that moves relevance by up to 5 % of the largest; the network is therefore given as
  /// Zennit 0.5.1 computes it.
  ///
  /// One image of `resnet` under the α2β1 composites meets such a denominator all the same: there Zennit 0.5.1 in single
  /// precision is itself 0.65e-3 (with oneDNN) to 1.1e-3 (without) off its own values in double precision, and the engine 1.4e-3,
  /// the same factor in every layer below. It is given 3e-3, since the order of sums hangs on the processor.
  @Test(arguments: networks, specifications)
  func networksAgreeWithZennit(name: String, specification: String) throws {
    let graph = try Twin.withEmptiedNorms(Graph(onnx: GoldenFiles.url("networks/\(name).onnx").path)).graph
    let golden = try HDF5File.open(GoldenFiles.url("networks/\(name).h5").path)
    let classes = try golden.dataset("label").read(as: Int64.self).elements.map(Int.init)
    let result = try relevance(graph, specification, golden.dataset("data").read(as: Float.self), classes)
    let group = String(specification.prefix { $0 != ":" })
    let label = "\(group) of \(name)"
    let share = name == "resnet" && group.hasPrefix("epsilon_alpha2_beta1") ? 3e-3 : 1e-3
    expectClose(
      result.prediction, try golden.dataset("logits").read(as: Double.self), Tolerance(relative: 1e-4), scaled: true,
      "logits of \(name)")
    expectCloseBySample(result.input, try golden.dataset("\(group)/R_x").read(as: Double.self), label, share)
    let layers = try golden.group("\(group)/layers")
    let numbers = try layers.children().sorted()
    #expect(numbers.count == result.signed.count)
    for (number, sums) in zip(numbers, result.signed) {
      expectCloseBySample(sums, try layers.dataset(number).read(as: Double.self), "\(label), layer \(number)", share)
    }
  }

  @Test(arguments: CompositeTests.specifications)
  func vggWithNormsAgreesWithZennit(specification: String) throws {
    let golden = try GoldenVGG.read()
    let result = try relevance(
      golden.graph(), specification, golden.x.tensor.map(Float.init), golden.target)
    let reference = try #require(golden.composites[String(specification.prefix { $0 != ":" })])
    expectClose(result.prediction, golden.logits.tensor, Tolerance(relative: 1e-5), scaled: true, "logits")
    expectCloseBySample(result.input, reference.R_x.tensor, specification)
    for (layer, sums) in zip(["conv1", "conv2", "fc1", "fc2"], result.signed) {
      expectCloseBySample(
        sums, try #require(reference.R_conv_or_linear_output_summed_over_space[layer]).tensor, "\(specification) at \(layer)")
    }
  }
}

/// Each sample within a share of its largest magnitude.
func expectCloseBySample<Actual: BinaryFloatingPoint>(
  _ actual: Tensor<Actual>, _ expected: Tensor<Double>, _ label: String, _ share: Double = 1e-3
) {
  guard actual.shape == expected.shape else {
    Issue.record("\(label): shape \(actual.shape) instead of \(expected.shape)")
    return
  }
  for sample in 0..<actual.shape[0] {
    expectClose(
      actual.rows(sample..<sample + 1), expected.rows(sample..<sample + 1), Tolerance(absolute: 1e-7, relative: share),
      scaled: true,
      "\(label), sample \(sample)")
  }
}
