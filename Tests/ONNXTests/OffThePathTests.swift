import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// Operators that nothing needs do not keep a file from being read (`Resources/off-the-path`).
@Suite struct OffThePathTests {
  private func read(_ name: String, output: String? = nil) throws -> (graph: Graph, notices: [String]) {
    var notices: [String] = []
    let file = TestModels.resources.appendingPathComponent("off-the-path/\(name).onnx").path
    let graph = try Graph(onnx: file, output: output, notice: { notices.append($0) })
    return (graph, notices)
  }

  /// The networks without what is off the path.
  private let plain = ["Conv", "Relu", "GlobalAveragePool", "Flatten", "Gemm"]

  @Test func aDeadBranchIsRead() throws {
    let (graph, notices) = try read("dead-branch")
    #expect(graph.nodes.map(\.op.name) == plain + ["Erf"])
    #expect(notices.isEmpty)
    #expect(try graph.canonized().nodes.map(\.op.name) == plain)
  }

  @Test func aDeadFunctionIsRead() throws {
    let (graph, notices) = try read("dead-function")
    #expect(graph.nodes.count == plain.count + 2 && notices.isEmpty)
    #expect(try graph.canonized().nodes.map(\.op.name) == plain)
  }

  @Test func anUnknownOperatorThatNothingNeedsIsLeftOut() throws {
    let (graph, notices) = try read("dead-unknown")
    #expect(graph.nodes.map(\.op.name) == plain)
    #expect(notices.count == 1 && notices[0].hasPrefix("left out") && notices[0].hasSuffix("which no output depends on"))
  }

  @Test(arguments: [nil, "y"]) func anotherOutputIsLeftOutAndWhatIsWrittenIsWhole(output: String?) throws {
    let (graph, notices) = try read("label-output", output: output)
    #expect(graph.outputs == ["y"])
    #expect(graph.nodes.map(\.op.name) == plain)
    #expect(notices == ["left out ArgMax, with the output 'best'"])
    try withTemporaryFolder { folder in
      let copy = folder.appendingPathComponent("copy.onnx").path
      try graph.writeONNX(to: copy)
      #expect(try Graph(onnx: copy).outputs == ["y"])
    }
  }

  @Test func anOperatorThatIsNeededIsRefusedByName() throws {
    let error = #expect(throws: EspalierError.self) { try read("label-output", output: "best") }
    #expect(error?.problem == "operator ArgMax is not supported")
    #expect(error?.accepted == "--output y")
  }

  @Test func expressionsOfConstantsAreFolded() throws {
    let (graph, notices) = try read("constant-expression")
    #expect(notices.isEmpty)
    let folded = try graph.canonized()
    #expect(folded.nodes.map(\.op.name) == plain)
    let name = try #require(folded.nodes[0].inputs[1])
    let stored = try #require(graph.constants["w0"]?.floats)
    #expect(folded.constants[name]?.floats == stored.map { Float(Double($0).squareRoot()) })
  }
}
