import Foundation
import Networks
import ONNX
import Tensors
import TestSupport
import Testing

/// What is written has the form of what was read: operator set, element types, declarations, names and who made it.
@Suite struct FileFormTests {
  @Test(arguments: TestModels.golden + TestModels.older) func formsSurvive(_ file: URL) throws {
    let graph = try Graph(onnx: file.path)
    try withTemporaryFolder { folder in
      let copy = folder.appendingPathComponent("copy.onnx").path
      #expect(try graph.writeONNX(to: copy) == nil)
      var (before, after) = (try #require(graph.form), try #require(try Graph(onnx: copy).form))
      // Shapes that the file left open are told where inference finds them.
      for name in before.declarations.keys where before.declarations[name]?.dimensions == nil {
        before.declarations[name]?.dimensions = after.declarations[name]?.dimensions
      }
      // A mask that nothing reads, and the constant that a left-out input of older sets became.
      before.elementTypes = before.elementTypes.filter { after.elementTypes[$0.key] != nil }
      after.elementTypes = after.elementTypes.filter { before.elementTypes[$0.key] != nil }
      #expect(before == after)
    }
  }

  @Test func whatIsMadeHereHasTheNewerForm() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("made.onnx").path
      #expect(try TinyNetworks.vgg().writeONNX(to: file) == nil)
      let form = try #require(try Graph(onnx: file).form)
      #expect(form.opset == 18 && form.producer == "Espalier" && form.otherFloats.isEmpty)
    }
  }

  /// An operator that the file's set does not have raises the set, and says so.
  @Test func asHighAsIsNeeded() throws {
    try withTemporaryFolder { folder in
      var editor = GraphEditor(try Graph(onnx: TestModels.resources.appendingPathComponent("older/clip6.onnx").path))
      let output = editor.add(Op.HardSwish(), named: "swish", inputs: [editor.outputs[0]])
      editor.outputs = [output]
      let file = folder.appendingPathComponent("raised.onnx").path
      let notice = try #require(try editor.graph().writeONNX(to: file))
      #expect(notice.contains("opset 14 instead of 7") && notice.contains("swish"))
      let back = try Graph(onnx: file)
      #expect(back.form?.opset == 14 && back.nodes.map(\.op.name) == ["Clip", "HardSwish"])
    }
  }

  /// A weight beyond its type is refused by name; a constant that a rewrite made is stored as its neighbours are.
  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON")) func weightsBeyondTheirType() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("half.onnx").path
      try Python.run(FileFormTests.models, folder.path)
      var editor = GraphEditor(try Graph(onnx: file))
      let two = editor.add(.float(Tensor(scalar: 2)), named: "two")
      let output = editor.add(Op.Mul(), named: "twice", inputs: [editor.outputs[0], two])
      editor.outputs = [output]
      let copy = folder.appendingPathComponent("copy.onnx").path
      try editor.graph().writeONNX(to: copy)
      #expect(try Graph(onnx: copy).form?.elementTypes["two"] == .float16)
      editor.constants["two"] = .float(Tensor(scalar: 1e6))
      let error = #expect(throws: EspalierError.self) { try editor.graph().writeONNX(to: copy) }
      #expect(error?.description.contains("'two'") == true && error?.description.contains("float16") == true)
    }
  }

  /// onnx's own view: nothing that the file says is lost, and the checker passes.
  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"))
  func nothingIsLost() throws {
    try withTemporaryFolder { folder in
      try Python.run(FileFormTests.models, folder.path)
      let made = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).filter {
        $0.pathExtension == "onnx"
      }
      #expect(made.count == 5)
      for file in made + TestModels.older where !TestModels.isWrittenOut(file) {
        let copy = folder.appendingPathComponent("copy").path
        try Graph(onnx: file.path).writeONNX(to: copy)
        do { try Python.run(FileFormTests.comparison, file.path, copy) } catch {
          Issue.record(error, "\(file.lastPathComponent)")
        }
      }
    }
  }

  /// Networks of other types than float32, with everything said about them that a file can say.
  private static let models = """
    import sys, numpy as np, onnx
    from onnx import TensorProto as T, helper as h, numpy_helper as n
    random = np.random.default_rng(0)
    def make(name, elem, opset, mixed=False):
        t = h.tensor_dtype_to_np_dtype(elem)
        w = lambda key, *s: h.make_tensor(key, elem, s, (random.normal(size=s) * 0.3).astype(np.float32).ravel().tolist())
        first = T.FLOAT if mixed else elem
        nodes = [] if not mixed else [h.make_node('Cast', ['x'], ['xh'], name='down', to=elem)]
        x = 'xh' if mixed else 'x'
        nodes += [
            h.make_node('Conv', [x, 'w', 'b'], ['c'], name='conv', pads=[1, 1, 1, 1], doc_string='the first'),
            h.make_node('Clip', ['c', 'low', 'high'], ['r'], name='clip'),
            h.make_node('ReduceMean', ['r'] + (['axes'] if opset >= 18 else []), ['f'], name='mean', keepdims=0,
                        **({} if opset >= 18 else {'axes': [2, 3]})),
            h.make_node('Gemm', ['f', 'v', 'd'], ['g'], name='fc', transB=1),
        ]
        if mixed: nodes.append(h.make_node('Cast', ['g'], ['y'], name='up', to=T.FLOAT))
        else: nodes.append(h.make_node('Identity', ['g'], ['y'], name='last'))
        p = nodes[0].metadata_props.add(); p.key, p.value = 'origin', 'layer 0'
        weights = [w('w', 6, 3, 3, 3), w('b', 6), w('v', 4, 6), w('d', 4), h.make_tensor('low', elem, [], [0.0]), h.make_tensor('high', elem, [], [6.0])]
        if opset >= 18: weights.append(n.from_array(np.array([2, 3], np.int64), 'axes'))
        i = h.make_tensor_value_info('x', first, ['batch', 3, 8, 8], doc_string='images')
        o = h.make_tensor_value_info('y', first, ['batch', 4], doc_string='scores')
        g = h.make_graph(nodes, 'net', [i], [o], weights, doc_string='a graph',
                         value_info=[h.make_tensor_value_info('c', elem, ['batch', 6, 'height', 8]), h.make_tensor_value_info('f', elem, ['batch', 6])])
        m = h.make_model(g, opset_imports=[h.make_opsetid('', opset), h.make_opsetid('com.example', 3)], ir_version=8,
                         producer_name='somebody', producer_version='9', domain='org.example', model_version=7, doc_string='a model')
        h.set_model_props(m, {'key': 'value'})
        onnx.checker.check_model(m)
        onnx.save(m, f'{sys.argv[1]}/{name}.onnx')
    make('half', T.FLOAT16, 17)
    make('half-mixed', T.FLOAT16, 18, mixed=True)
    make('brain', T.BFLOAT16, 22)
    make('double', T.DOUBLE, 13)
    make('float', T.FLOAT, 15)
    """

  private static let comparison = """
    import sys, numpy as np, onnx
    from onnx import numpy_helper as n
    a, b = (onnx.load(p) for p in sys.argv[1:])
    onnx.checker.check_model(b, full_check=True)
    for key in ['ir_version', 'producer_name', 'producer_version', 'domain', 'model_version', 'doc_string']:
        assert getattr(a, key) == getattr(b, key), key
    sets = lambda m: sorted((o.domain, o.version) for o in m.opset_import)
    assert sets(a) == sets(b), sets(b)
    assert a.metadata_props == b.metadata_props and a.graph.doc_string == b.graph.doc_string
    assert a.graph.input == b.graph.input, b.graph.input
    assert a.graph.value_info == b.graph.value_info, b.graph.value_info
    for x, y in zip(a.graph.output, b.graph.output, strict=True):
        assert x.name == y.name and x.doc_string == y.doc_string
        assert x.type.tensor_type.elem_type == y.type.tensor_type.elem_type
        if x.type.tensor_type.HasField('shape'): assert x == y, y
    for x, y in zip(a.graph.node, b.graph.node, strict=True):
        assert (x.name, x.op_type, x.doc_string, x.metadata_props) == (y.name, y.op_type, y.doc_string, y.metadata_props), y
        if x.op_type != 'Dropout' and x.op_type != 'Resize': assert x.input == y.input, y
        assert list(x.output)[:len(y.output)] == list(y.output), y
        mine = {k.name for k in y.attribute}
        dropped = {'kernel_shape', 'spatial', 'seed', 'num_outputs', 'cubic_coeff_a', 'storage_order', 'axis', 'alpha', 'value_floats', 'value_ints', 'value_float', 'training_mode', 'momentum', 'nearest_mode'}
        assert {k.name for k in x.attribute} - dropped <= mine, (x, y)
    old = {t.name: t for t in a.graph.initializer}
    new = {t.name: t for t in b.graph.initializer}
    for name, t in old.items():
        if name in new:
            assert t.data_type == new[name].data_type, name
            assert n.to_array(t).tobytes() == n.to_array(new[name]).tobytes() or t.data_type == onnx.TensorProto.DOUBLE, name
        else: assert not any(name in node.input for node in b.graph.node)
    """
}
