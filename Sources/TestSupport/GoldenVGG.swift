import Foundation
import Networks
import Tensors

/// The small network of `zennit-vgg-like-bn.json`, with what Zennit makes of it.
public struct GoldenVGG: Decodable, Sendable {
  /// What one composite gives.
  public struct Composite: Decodable, Sendable {
    public var R_x: GoldenTensor
    public var R_conv_or_linear_output_summed_over_space: [String: GoldenTensor]
  }

  public var state_dict: [String: GoldenTensor]
  public var x: GoldenTensor
  public var logits: GoldenTensor
  public var target: [Int]
  public var composites: [String: Composite]
  public var gradient: GoldenTensor
  public var integrated_gradients_20: GoldenTensor

  /// The reference values.
  public static func read() throws -> GoldenVGG {
    struct File: Decodable { var net_vgg_like_bn: GoldenVGG }
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: GoldenFiles.url("zennit-vgg-like-bn.json"))).net_vgg_like_bn
  }

  /// The network, batch norms not merged.
  public func graph() throws -> Graph {
    var editor = GraphEditor(name: "vgg-like")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(3), .fixed(8), .fixed(8)])]
    for (name, parameter) in state_dict.sorted(by: { $0.key < $1.key }) {
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
    return try editor.graph()
  }
}
