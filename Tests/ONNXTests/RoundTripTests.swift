import Foundation
import Networks
import ONNX
import Tensors
import TestSupport
import Testing

/// What is read and written again is the same network.
@Suite struct RoundTripTests {
  @Test(arguments: TestModels.golden + TestModels.older + TestModels.real)
  func structureSurvives(_ file: URL) throws {
    let graph = try Graph(onnx: file.path)
    try withTemporaryFolder { folder in
      let (once, twice) = (folder.appendingPathComponent("once.onnx"), folder.appendingPathComponent("twice.onnx"))
      try graph.writeONNX(to: once.path)
      let back = try Graph(onnx: once.path)
      expectSame(graph, back)
      try back.writeONNX(to: twice.path)
      #expect(try Data(contentsOf: once) == Data(contentsOf: twice))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["once.onnx", "twice.onnx"])
    }
  }

  @Test func ownNetworksSurvive() throws {
    try withTemporaryFolder { folder in
      for (name, graph) in TinyNetworks.all() {
        let file = folder.appendingPathComponent("\(name).onnx").path
        try graph.writeONNX(to: file)
        expectSame(graph, try Graph(onnx: file))
      }
    }
  }

  @Test func metadataAndDocumentationSurvive() throws {
    var editor = GraphEditor(try Graph(onnx: TestModels.golden[0].path))
    editor.metadata = ["espalier.preprocessing": "resize = 256\nß", "onnx.doc_string": "model", "onnx.graph.doc_string": "graph"]
    let graph = try editor.graph()
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("model.onnx").path
      try graph.writeONNX(to: file)
      #expect(try Graph(onnx: file).metadata == graph.metadata)
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"))
  func onnxruntimeComputesTheSame() throws {
    try compare(TestModels.golden + TestModels.older + TestModels.real)
  }

  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"))
  func onnxruntimeComputesTheSameForRealGraphs() throws {
    try compare(try TestModels.light())
  }

  private func compare(_ files: [URL]) throws {
    try withTemporaryFolder { folder in
      for file in files {
        let copy = folder.appendingPathComponent("copy.onnx").path
        do {
          try Graph(onnx: file.path).writeONNX(to: copy)
          try Python.run(RoundTripTests.comparison, file.path, copy)
        } catch { Issue.record(error, "\(file.lastPathComponent)") }
      }
    }
  }

  /// Checks a copy with ONNX's checker and runs it beside the original on random numbers.
  private static let comparison = """
    import sys
    import numpy as np
    import onnx
    import onnxruntime as ort
    original, copy = sys.argv[1:]
    onnx.checker.check_model(copy, full_check=True)
    ort.set_default_logger_severity(3)
    a, b = (ort.InferenceSession(p, providers=["CPUExecutionProvider"]) for p in (original, copy))
    random = np.random.default_rng(0)
    own = {t.name for t in onnx.load(original).graph.initializer}
    feed = {
        i.name: random.normal(size=[2 if isinstance(d, str) or not d else d for d in i.shape]).astype(np.float32)
        for i in a.get_inputs() if i.name not in own
    }
    for x, y in zip(a.run(None, feed), b.run(None, feed), strict=True):
        assert x.shape == y.shape, (x.shape, y.shape)
        scale = np.abs(x).max()
        assert np.abs(x - y).max() <= 1e-5 * scale, (np.abs(x - y).max(), scale)
    for output, ran in zip(onnx.load(copy, load_external_data=False).graph.output, b.run(None, feed), strict=True):
        declared = output.type.tensor_type
        assert declared.HasField("shape") and len(declared.shape.dim) == ran.ndim, output
    """
}

/// Records an issue unless two graphs are the same but for the numbers of their nodes.
func expectSame(_ a: Graph, _ b: Graph, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(a.name == b.name, sourceLocation: sourceLocation)
  #expect(a.inputs == b.inputs, sourceLocation: sourceLocation)
  #expect(a.outputs == b.outputs, sourceLocation: sourceLocation)
  #expect(a.metadata == b.metadata, sourceLocation: sourceLocation)
  #expect(a.constants == b.constants, sourceLocation: sourceLocation)
  #expect(a.nodes.map(\.name) == b.nodes.map(\.name), sourceLocation: sourceLocation)
  #expect(a.nodes.map(\.inputs) == b.nodes.map(\.inputs), sourceLocation: sourceLocation)
  #expect(a.nodes.map(\.outputs) == b.nodes.map(\.outputs), sourceLocation: sourceLocation)
  #expect(a.nodes.map { AnyHashable($0.op) } == b.nodes.map { AnyHashable($0.op) }, sourceLocation: sourceLocation)
}
