import Foundation
import Networks
import ONNX
import Tensors
import TestSupport
import Testing

/// What single forms of files turn into.
@Suite struct ReadingTests {
  @Test func everyOperatorIsRead() {
    for type in OperatorCatalog.all { #expect(ONNXSupport.includes(type), "\(type.name) is neither read nor refused") }
  }

  @Test(arguments: zip(TestModels.golden, [15, 44, 22, 27])) func goldenNetworksAreWhole(_ file: URL, _ nodes: Int) throws {
    let graph = try Graph(onnx: file.path)
    #expect(graph.nodes.count == nodes)
    #expect(graph.inputs.map(\.name) == ["input"])
    #expect(graph.inputs[0].dimensions[0] == .symbolic("N"))
    #expect(graph.outputs == ["output"])
    let facts = try graph.facts(batch: 3)
    #expect(facts["output"]?.shape.dimensions.first == 3)
  }

  @Test func olderClipTakesItsBoundsAsInputs() throws {
    let graph = try older("clip6")
    let bounds = graph.nodes[0].inputs.dropFirst().map { $0.flatMap { graph.constants[$0]?.floats } }
    #expect(bounds == [Tensor(scalar: -0.5), Tensor(scalar: 0.25)])
  }

  @Test func olderSoftmaxOverMapsIsWrittenOut() throws {
    #expect(try operators("softmax-map11") == ["Shape", "Flatten", "Softmax", "Reshape"])
    #expect(try operators("softmax-pooled9") == ["GlobalAveragePool", "Softmax"])
    #expect(try operators("softmax-matrix9") == ["Softmax"])
    #expect(try operators("softmax13") == ["Softmax"])
  }

  @Test func upsampleBecomesResize() throws {
    let graph = try older("upsample7")
    #expect(graph.nodes[0].op as? Op.Resize == Op.Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor))
    #expect(try graph.facts(batch: 2)["y"]?.shape == [2, 4, 12, 9])
  }

  @Test func initializersThatAreInputsAreConstants() throws {
    let graph = try older("initializer-input3")
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(Array(graph.constants.keys) == ["w"])
  }

  @Test func typedAndDoublePrecisionDataAreFloats() throws {
    #expect(try older("float-typed").constants["w"] == .float(Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])))
    #expect(try older("double-typed").constants["w"] == .float(Tensor([1, -2, 0.5, 4, 5, 6], shape: [6])))
    #expect(try older("arithmetic15").constants["m"] == .int64(Tensor([-1], shape: [1])))
  }

  @Test func externalDataAreRead() throws {
    let graph = try Graph(onnx: TestModels.resources.appendingPathComponent("refused/external.onnx").path)
    #expect(graph.constants["w"] == .float(Tensor([1, 2, 3, 4], shape: [4, 1, 1])))
  }

  @Test func notANumberIsReadOnDemand() throws {
    let file = TestModels.resources.appendingPathComponent("refused/nan.onnx").path
    #expect(try Graph(onnx: file, allowingNaN: true).constants["w"]?.floats?.elements[1].isNaN == true)
  }

  @Test func inputsBecomeConstants() throws {
    let file = TestModels.resources.appendingPathComponent("refused/integer-input.onnx").path
    let graph = try Graph(onnx: file, fixing: ["i": .integers([0, 1])])
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.constants["i"] == .integers([0, 1]))
    #expect(throws: EspalierError.self) { try Graph(onnx: file, fixing: ["other": .integers([0])]) }
  }

  @Test func testCasesAreRead() throws {
    let example = try ONNXTestCase.load(TestModels.resources.appendingPathComponent("case"))
    #expect(example.inputs.keys.sorted() == ["x"])
    #expect(example.graph.constants.keys.sorted() == ["max", "min"])
    #expect(example.outputs["y"] == .float(Tensor([-1, 0, 1], shape: [3])))
  }

  private func older(_ name: String) throws -> Graph {
    try Graph(onnx: TestModels.resources.appendingPathComponent("older/\(name).onnx").path)
  }

  private func operators(_ name: String) throws -> [String] { try older(name).nodes.map(\.op.name) }
}
