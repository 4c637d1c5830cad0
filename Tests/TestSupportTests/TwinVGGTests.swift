import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// A network whose parameters are known in double precision, against Zennit.
@Suite struct TwinVGGTests {
  let golden: GoldenVGG
  let twin: Twin
  let start: Tensor<Double>

  init() throws {
    golden = try GoldenVGG.read()
    var twin = Twin(try golden.graph())
    for (name, parameter) in golden.state_dict { twin.parameters[name] = parameter.tensor }
    self.twin = twin
    start = oneHot(golden.target, count: 3)
  }

  @Test func logitsAndGradientAgreeWithPyTorch() throws {
    let x = golden.x.tensor
    let values = twin.forward(["x": x])
    expectClose(try #require(values["fc2"]), golden.logits.tensor, Tolerance(absolute: 1e-12), "logits")
    let gradient = try #require(twin.backward(values: values, outputGradients: ["fc2": start])["x"])
    expectClose(gradient, golden.gradient.tensor, Tolerance(absolute: 1e-13), "gradient")
  }

  @Test func integratedGradientsAgreeWithZennit() throws {
    let x = golden.x.tensor
    var mean = x.map { _ in 0.0 }
    for step in 1...20 {
      let values = twin.forward(["x": x.map { Double(step) / 20 * $0 }])
      let gradient = try #require(twin.backward(values: values, outputGradients: ["fc2": start])["x"])
      for position in mean.elements.indices { mean.elements[position] += gradient.elements[position] * x.elements[position] / 20 }
    }
    expectClose(mean, golden.integrated_gradients_20.tensor, Tolerance(absolute: 1e-12), "integrated gradients")
  }

  @Test(arguments: TwinComposite.named(low: [-3], high: [3]).keys.sorted())
  func compositesAgreeWithZennit(name: String) throws {
    let composite = try #require(TwinComposite.named(low: [-3], high: [3])[name])
    let expected = try #require(golden.composites[name])
    let result = TwinRelevance(twin).propagate(["x": golden.x.tensor], composite: composite) { _ in start }
    expectClose(try #require(result.relevance["x"]), expected.R_x.tensor, Tolerance(absolute: 4e-11), name)
    #expect(result.layers.map(\.node.name) == ["conv1", "conv2", "fc1", "fc2"])
    for layer in result.layers {
      let sums = try #require(expected.R_conv_or_linear_output_summed_over_space[layer.node.name])
      expectClose(layer.sums, sums.tensor, Tolerance(absolute: 1.5e-10), "\(name) at \(layer.node.name)")
    }
  }
}
