import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct TwinOperatorTests {
  static let names = OperatorCase.operators.keys.sorted()

  @Test func everyOperatorHasACase() throws {
    let covered = Set(OperatorCase.operators.values.map(\.name))
    #expect(Set(OperatorCatalog.all.map { $0.name }).subtracting(covered) == ["Constant", "Swish"])  // onnxruntime runs no Swish
    #expect(Set(OperatorCase.all.keys) == Set(TwinOperatorTests.names))
  }

  @Test(arguments: names)
  func valuesAreThoseOfOnnxruntime(name: String) throws {
    let example = try #require(OperatorCase.all[name])
    let twin = try example.twin(OperatorCase.operators[name]!, training: name.hasSuffix("training"))
    let values = twin.forward(example.feeds)
    // onnxruntime's second and third output of a batch norm are running statistics, which the twin leaves to training.
    let compared = name.hasSuffix("training") ? example.outputs.prefix(1) : example.outputs[...]
    // It computes the weights of a cubic in single precision.
    let tolerance = Tolerance(absolute: name.hasPrefix("cubic") ? 5e-6 : 1e-6, relative: 2e-6)
    for (position, expected) in compared.enumerated() {
      let actual = try #require(values["y\(position)"])
      expectClose(actual, expected.tensor, tolerance, name)
    }
  }

  /// Cases whose gradient does not exist, or whose numbers lie on a kink.
  static let differentiable = names.filter {
    ![
      "cast", "cast to bool", "constant of shape", "shape", "gather one", "integer quotient", "where", "mod", "mod like C",
      "range", "scatter",
      "scatter rows", "one hot", "one hot last", "eye", "eye of integers", "non-zero", "ceil", "floor", "round", "sign", "tile",
      "repeat", "depth to space", "pixel shuffle", "space to depth",
    ].contains($0) && !["logic", "instance norm", "einsum"].contains(where: $0.hasPrefix)
  }

  @Test(arguments: differentiable)
  func gradientsAreDifferenceQuotients(name: String) throws {
    let example = try #require(OperatorCase.all[name])
    var twin = try example.twin(OperatorCase.operators[name]!, training: name.hasSuffix("training"))
    if example.outputs.count > 1, name.hasPrefix("batch norm") {
      var editor = GraphEditor(twin.graph)
      editor.outputs = ["y0"]
      twin = Twin(try editor.graph(), training: true)
    }
    twin.checkGradients(inputs: example.feeds, of: example.differentiableInputs(named: name), name)
  }

  @Test func firstOfEqualsWins() throws {
    for op: any Networks.Operator in [Op.MaxPool(kernel: [2, 2]), Op.GlobalMaxPool()] {
      let x = Tensor<Double>(repeating: 1, shape: [1, 1, 2, 2])
      let twin = try TwinRuleTests.twin(op, x: x)
      let gradients = twin.backward(values: twin.forward(["x": x]), outputGradients: ["y": Tensor([3], shape: [1, 1, 1, 1])])
      #expect(gradients["x"]?.elements == [3, 0, 0, 0])
    }
  }

  @Test func localResponseOfEvenSizeReachesFurtherAfter() throws {
    // ONNX: from c − ⌊(size − 1) / 2⌋ to c + ⌈(size − 1) / 2⌉.
    let x = Tensor<Double>([1, 2, 3, 4], shape: [1, 4, 1, 1])
    let twin = try TwinRuleTests.twin(Op.LRN(size: 2, alpha: 2, beta: 1, bias: 1), x: x)
    expectClose(
      twin.forward(["x": x])["y"]!.elements, [1 / 6.0, 2 / 14.0, 3 / 26.0, 4 / 17.0], Tolerance(relative: 1e-14))
    twin.checkGradients(inputs: ["x": x], of: ["x"])
  }

  @Test func paddingWraps() throws {
    let x = Tensor<Double>([1, 2, 3], shape: [3])
    let pads = Tensor<Double>([2, 4], shape: [2])
    let twin = try TwinRuleTests.twin(Op.Pad(mode: .wrap), x: x, parameters: [pads])
    #expect(twin.forward(["x": x])["y"]?.elements == [2, 3, 1, 2, 3, 1, 2, 3, 1])
  }

  @Test func shapesAreComputed() throws {
    // x.reshape(x.shape[0], x.shape[1] × x.shape[2] ÷ 2, −1), as exporters write it.
    var editor = GraphEditor(name: "shapes")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(3), .fixed(3), .fixed(4)])]
    let two = editor.add(Op.ConstantValue(value: .integers([2])), named: "two", inputs: [])
    let open = editor.add(.integers([-1]), named: "open")
    func length(_ axis: Int) -> String {
      editor.add(Op.ShapeOf(start: axis, end: axis + 1), named: "length\(axis)", inputs: ["x"])
    }
    let product = editor.add(Op.Mul(), named: "product", inputs: [length(1), length(2)])
    let half = editor.add(Op.Div(), named: "half", inputs: [product, two])
    let target = editor.add(Op.Concat(axis: 0), named: "target", inputs: [length(0), half, open])
    editor.outputs = [editor.add(Op.Reshape(), named: "y", inputs: ["x", target])]
    let x = Tensor<Double>((0..<72).map(Double.init), shape: [2, 3, 3, 4])
    let values = Twin(try editor.graph()).forward(["x": x])
    #expect(values["half"]?.elements == [4])
    #expect(values["y"]?.shape == [2, 4, 9])
    #expect(values["y"]?.elements == x.elements)
  }

  @Test func crossEntropyHasItsGradient() {
    let logits = Tensor<Double>([1, -2, 0.5, 3, 3, -1], shape: [2, 3])
    // −log softmax at the target, worked out by hand for a plain and an even distribution.
    let even = crossEntropy(logits: Tensor(repeating: 700, shape: [1, 4]), targets: [2])
    expectClose([even.loss], [log(4.0)], Tolerance(relative: 1e-14))
    for smoothing in [0, 0.1] {
      let gradient = crossEntropy(logits: logits, targets: [2, 0], labelSmoothing: smoothing).gradient
      gradientCheck(at: logits, gradient: gradient) {
        crossEntropy(logits: $0, targets: [2, 0], labelSmoothing: smoothing).loss
      }
    }
  }

  @Test(arguments: TinyNetworks.all().map(\.name))
  func tinyNetworksHaveTheirGradients(name: String) throws {
    let graph = try #require(TinyNetworks.all().first { $0.name == name }).graph
    let images = TinyNetworks.images(2).map(Double.init)
    for training in [false, true] {
      let twin = Twin(graph, training: training)
      #expect(twin.forward(["input": images])["output"]?.shape == [2, 4])
      // The weights of the first layer are those whose gradient comes through all the others.
      let weights = graph.constants.keys.prefix(2)
      twin.checkGradients(inputs: ["input": images], of: weights + ["fc.bias"].filter { graph.constants[$0] != nil }, name)
    }
  }
}

extension OperatorCase {
  /// Bounds of a clip and the filling of a border have no gradient here, nor have statistics that training replaces.
  fileprivate func differentiableInputs(named name: String) -> [String] {
    let count =
      switch name {
      case "batch norm in training": 3
      case let name where ["clip", "pad", "linear", "nearest", "cubic"].contains { name.hasPrefix($0) }: 1
      default: inputs.count
      }
    return inputs.indices.prefix(count).filter { inputs[$0].map { !$0.integers } ?? false }.map { "x\($0)" }
  }
}
