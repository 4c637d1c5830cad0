import Engine
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct OperatorTests {
  @Test(arguments: OperatorCase.all) func forwardAgreesWithTheTwin(_ example: OperatorCase) throws {
    let graph = try example.graph()
    let data = example.data()
    let expected = Twin(graph).forward(data.mapValues(\.doubles))
    let results = try run(graph, data, batch: example.batch)
    for output in example.outputs { expectClose(results[output]!, expected[output]!, single, scaled: true, output) }
  }

  @Test(arguments: OperatorCase.all.filter { $0.isPerSample && $0.batch > 1 })
  func partlyFilledShardsGiveTheRealSamples(_ example: OperatorCase) throws {
    let graph = try example.graph()
    let data = example.data(samples: example.batch - 1)
    let whole = try run(graph, example.data(), batch: example.batch)
    let results = try run(graph, data, batch: example.batch)
    for output in example.outputs { #expect(results[output] == whole[output]!.rows(0..<example.batch - 1)) }
  }

  @Test(arguments: OperatorCase.all.filter { !$0.isIntegerCast })
  func gradientsAgreeWithTheTwin(_ example: OperatorCase) throws {
    let graph = try example.graph()
    let data = example.data()
    let twin = Twin(graph)
    let values = twin.forward(data.mapValues(\.doubles))
    let seeds = Dictionary(uniqueKeysWithValues: example.outputs.map { ($0, noise(values[$0]!.shape, "∂" + $0)) })
    let expected = twin.backward(values: values, outputGradients: seeds.mapValues(\.doubles))
    let wanted = example.differentiable
    let differentiated = try Differentiated(graph, batch: example.batch, from: example.outputs, to: wanted)
    #expect(differentiated.reached == wanted.sorted())
    let program = try Program(differentiated.plan)
    for (name, tensor) in data { try program.setInput(name, to: tensor) }
    differentiated.seed(program, seeds)
    try program.run()
    for name in differentiated.reached {
      expectClose(program.result("∂" + name), expected[name]!, single, scaled: true, "∂" + name)
    }
  }

  @Test func everyOperatorIsRunOrRefusedByName() {
    let run = Set(OperatorCase.all.map(\.op.name))
    for op in OperatorCatalog.all where !run.contains(op.name) {
      #expect(KernelCatalog.neverRun.contains(op.name), "\(op.name) is neither run nor folded ahead")
    }
  }

  @Test func whatCannotBeRunIsRefusedByName() throws {
    let beyond = OperatorCase(
      Op.ConvTranspose(window: Window(strides: [3, 2]), outputShape: [12, 9]), .data([1, 2, 3, 3]), .weight([2, 4, 3, 3]))
    let integers = OperatorCase(Op.Cast(to: .integer), .data([2, 3]))
    let dynamicWeights = OperatorCase(Op.Conv(), .data([2, 3, 4, 4]), .data([2, 3, 1, 1]))
    let counted = OperatorCase(Op.NonZero(), .data([2, 3]))
    let coded = OperatorCase(
      Op.OneHot(), .data([2, 3]), .constant(.integers([4])), .constant(.float(Tensor([0, 1], shape: [2]))))
    for example in [beyond, integers, dynamicWeights, counted, coded] {
      let graph = try example.graph()
      #expect { try PlanBuilder(graph, batch: example.batch).forward() } throws: { "\($0)".contains(example.op.name) }
    }
  }

  // A wide layer is the same operator to the twin, and takes it minutes.
  @Test(arguments: OperatorCase.all.filter { !$0.isWide }) func twinsGradientsAgreeWithDifferences(_ example: OperatorCase) throws
  {
    let graph = try example.graph()
    Twin(graph).checkGradients(inputs: example.data().mapValues(\.doubles), of: example.differentiable)
  }
}

extension OperatorCase {
  var isIntegerCast: Bool { op is Op.Cast }

  /// Whether it has the 32 channels from which convolutions take Winograd's way.
  var isWide: Bool {
    if case .blocked(let shape)? = inputs.first { shape[1] >= 32 } else { false }
  }

  /// The variables that the engine gives gradients of: not a Gemm's with factors or a batch norm's stored statistics.
  var differentiable: [String] { op is Op.BatchNormalization ? variables.filter { $0 != "w3" && $0 != "w4" } : variables }
}
