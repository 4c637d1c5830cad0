import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// A network whose parameters are known in double precision, against Zennit.
@Suite struct TwinVGGTests {
  struct Golden: Decodable {
    var net_vgg_like_bn: Network
  }

  struct Network: Decodable {
    struct Composite: Decodable {
      var R_x: GoldenTensor
      var R_conv_or_linear_output_summed_over_space: [String: GoldenTensor]
    }
    var state_dict: [String: GoldenTensor]
    var x: GoldenTensor
    var logits: GoldenTensor
    var target: [Int]
    var composites: [String: Composite]
    var gradient: GoldenTensor
    var integrated_gradients_20: GoldenTensor
  }

  let golden: Network
  let twin: Twin
  let start: Tensor<Double>

  init() throws {
    let data = try Data(contentsOf: GoldenFiles.url("zennit-vgg-like-bn.json"))
    golden = try JSONDecoder().decode(Golden.self, from: data).net_vgg_like_bn
    twin = try TwinVGGTests.twin(golden.state_dict)
    start = oneHot(golden.target, count: 3)
  }

  static func twin(_ state: [String: GoldenTensor]) throws -> Twin {
    var editor = GraphEditor(name: "vgg-like")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(3), .fixed(8), .fixed(8)])]
    for (name, parameter) in state.sorted(by: { $0.key < $1.key }) {
      _ = editor.add(.float(parameter.tensor.map(Float.init)), named: name)
    }
    let convolution = Op.Conv(window: Window(padding: .explicit(begin: [1, 1], end: [1, 1])))
    let halves = Window(strides: [2, 2])
    let norms = ["weight", "bias", "running_mean", "running_var"]
    editor.add(convolution, named: "conv1", inputs: ["x", "conv1.weight", "conv1.bias"])
    editor.add(Op.BatchNormalization(), named: "bn1", inputs: ["conv1"] + norms.map { "bn1.\($0)" })
    editor.add(Op.Relu(), named: "relu1", inputs: ["bn1"])
    editor.add(Op.MaxPool(kernel: [2, 2], window: halves), named: "pool1", inputs: ["relu1"])
    editor.add(convolution, named: "conv2", inputs: ["pool1", "conv2.weight", "conv2.bias"])
    editor.add(Op.BatchNormalization(), named: "bn2", inputs: ["conv2"] + norms.map { "bn2.\($0)" })
    editor.add(Op.Relu(), named: "relu2", inputs: ["bn2"])
    editor.add(Op.AveragePool(kernel: [2, 2], window: halves), named: "pool2", inputs: ["relu2"])
    editor.add(Op.Flatten(), named: "flatten", inputs: ["pool2"])
    editor.add(Op.Gemm(transposeB: true), named: "fc1", inputs: ["flatten", "fc1.weight", "fc1.bias"])
    editor.add(Op.Relu(), named: "relu3", inputs: ["fc1"])
    editor.add(Op.Gemm(transposeB: true), named: "fc2", inputs: ["relu3", "fc2.weight", "fc2.bias"])
    editor.outputs = ["fc2"]
    var twin = Twin(try editor.graph())
    for (name, parameter) in state { twin.parameters[name] = parameter.tensor }
    return twin
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
      for place in mean.elements.indices { mean.elements[place] += gradient.elements[place] * x.elements[place] / 20 }
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
