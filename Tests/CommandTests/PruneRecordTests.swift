import Compression
import Foundation
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// What `prune` writes: the form of the file read, and a record of all that the result depends on.
@Suite struct PruneRecordTests {
  private let budget = ["--budget", "macs=0.5", "--latency-batch", "0"]
  private let data = ["--data", "hdf5:images.h5", "--batch", "8"]

  private func record(_ file: URL) throws -> [String: Any] {
    let text = try #require(try Graph(onnx: file.path).metadata["espalier.pruning"])
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func parameters(_ file: URL) throws -> [String: String] {
    try #require(try record(file)["parameters"] as? [String: String])
  }

  /// A float16 network of opset 17 comes back as one, and computes what onnxruntime computes with its channels masked.
  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"), arguments: [("float16", 17), ("float", 12)])
  func typeAndOperatorSetStay(_ type: String, _ opset: Int) throws {
    try withTemporaryFolder { folder in
      let (model, small) = (folder.appendingPathComponent("model.onnx"), folder.appendingPathComponent("small.onnx"))
      try Python.run(PruneRecordTests.model, model.path, type, "\(opset)")
      let outcome = try Tool.run(
        ["prune", "model.onnx", "--criterion", "l1", "--budget", "filters=0.5", "--latency-batch", "0", "--out", "small.onnx"],
        in: folder)
      #expect(outcome.status == 0 && outcome.talk.contains("as float32") == (type != "float"), "\(outcome)")
      let kept = try #require(try record(small)["kept"] as? [String: [Int]])
      try Python.run(
        PruneRecordTests.comparison, model.path, small.path, "\(kept["conv"] ?? [])", "\(kept["conv2"] ?? Array(0..<8))")
    }
  }

  /// Fine-tuning leaves the form of the file as it was, and float16 weights float16.
  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON")) func tuningKeepsTypeAndOperatorSet() throws {
    try withTemporaryFolder { folder in
      let (model, tuned) = (folder.appendingPathComponent("model.onnx"), folder.appendingPathComponent("tuned.onnx"))
      try Python.run(PruneRecordTests.model, model.path, "float16", "17")
      var random = Philox(seed: 2)
      let file = try HDF5File.create(folder.appendingPathComponent("images.h5").path)
      try file.write(Tensor((0..<24 * 192).map { _ in Float(random.normal()) }, shape: [24, 3, 8, 8]), to: "data")
      try file.write(Tensor((0..<24).map { Int64($0 % 3) }, shape: [24]), to: "label")
      try file.commit()
      let outcome = try Tool.run(
        "tune", "model.onnx", "--data", "hdf5:images.h5", "--epochs", "2", "--batch", "8", "--rate", "0.05", "--out",
        "tuned.onnx", in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      try Python.run(
        """
        import sys, numpy as np, onnx
        from onnx import numpy_helper as n
        a, b = (onnx.load(path) for path in sys.argv[1:])
        onnx.checker.check_model(b, full_check=True)
        assert a.opset_import == b.opset_import and a.graph.input == b.graph.input and a.graph.output == b.graph.output
        before, after = ({t.name: n.to_array(t) for t in m.graph.initializer} for m in (a, b))
        for name, weight in before.items():
            assert after[name].dtype == weight.dtype == np.float16, name
            assert after[name].shape == weight.shape and not np.array_equal(after[name], weight), name
        """, model.path, tuned.path)
    }
  }

  /// A `Resize` to sizes stays one in its own operator set, whether the sizes are computed or constant, and the batch stays open.
  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"), arguments: [13, 17, 18], ["batch", "1"])
  func resizeToSizesStays(opset: Int, batch: String) throws {
    try withTemporaryFolder { folder in
      let (model, small) = (folder.appendingPathComponent("model.onnx"), folder.appendingPathComponent("small.onnx"))
      try Python.run(PruneRecordTests.resizing, model.path, "\(opset)", batch)
      let outcome = try Tool.run(
        [
          "prune", "model.onnx", "--criterion", "l1", "--budget", "filters=0.7", "--protect", "second", "--latency-batch", "0",
          "--out", "small.onnx",
        ], in: folder)
      #expect(outcome.status == 0 && !outcome.talk.contains("instead of"), "\(outcome)")
      let kept = try #require(try record(small)["kept"] as? [String: [Int]])
      #expect(kept["first"]?.count == 3 && kept.count == 1)
      try Python.run(PruneRecordTests.resized, model.path, small.path, "\(kept["first"] ?? [])")
    }
  }

  /// A file whose only criterion is not named, one whose criterion is, and the criterion itself are one network.
  @Test(arguments: ["lrp", "taylor-2017"]) func scoresOfAFileAreNormalisedAsComputed(_ criterion: String) throws {
    try Sample.withModelAndImages { folder in
      let scored = try Tool.run(["score", "lenet.onnx", "--out", "scores.h5", "--criterion", criterion] + data, in: folder)
      #expect(scored.status == 0, "\(scored)")
      let files = try [
        ["--scores", "scores.h5"], ["--scores", "scores.h5", "--criterion", criterion], ["--criterion", criterion] + data,
      ].enumerated().map { position, source in
        let file = folder.appendingPathComponent("\(position).onnx")
        let outcome = try Tool.run(["prune", "lenet.onnx", "--out", "\(position).onnx"] + source + budget, in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try record(file)["criterion"] as? String == criterion)
        #expect(try parameters(file)["normalise"] == (criterion == "lrp" ? "none" : "l2"))
        return try Graph(onnx: file.path).constants
      }
      #expect(files[0] == files[1] && files[1] == files[2])
    }
  }

  /// The paper's own threshold can be asked for, and is another criterion in the file.
  @Test func parametersOfStatistics() throws {
    try Sample.withModelAndImages { folder in
      let text = "binary-entropy:threshold=0.5"
      for command in [
        ["score", "lenet.onnx", "--out", "scores.h5", "--site", "activation"],
        ["prune", "lenet.onnx", "--out", "a.onnx"] + budget,
      ] {
        let outcome = try Tool.run(command + ["--criterion", text] + data, in: folder)
        #expect(outcome.status == 0, "\(outcome)")
      }
      let read = try Tool.run(
        ["prune", "lenet.onnx", "--out", "b.onnx", "--scores", "scores.h5", "--criterion", text] + budget, in: folder)
      #expect(read.status == 0, "\(read)")
      let (a, b) = (folder.appendingPathComponent("a.onnx"), folder.appendingPathComponent("b.onnx"))
      #expect(try Graph(onnx: a.path).constants == Graph(onnx: b.path).constants)
      #expect(try record(a)["criterion"] as? String == text)
      for (criterion, words) in [
        (["binary-entropy:bins=2"], "'bins' is not a parameter"), (["apoz:threshold=1"], "'threshold' is not a parameter"),
        ([text, "binary-entropy"], "one statistic with other parameters"),
      ] {
        let outcome = try Tool.run(
          ["score", "lenet.onnx", "--out", "x.h5", "--quiet"] + criterion.flatMap { ["--criterion", $0] } + data, in: folder)
        #expect(outcome.failed(mentioning: words), "\(outcome)")
      }
    }
  }

  /// What a name was meant to be, and where criteria of weights are taken.
  @Test func namesThatAreNearlyRight() throws {
    try Sample.withModelAndImages { folder in
      let pruned = try Tool.run(
        ["prune", "lenet.onnx", "--out", "x.onnx", "--quiet", "--criterion", "taylor"] + data + budget, in: folder)
      #expect(
        ["taylor-2017", "taylor-2019", "taylor-signed"].allSatisfy { pruned.failed(mentioning: "'\($0)'", status: 64) },
        "\(pruned)")
      let scored = try Tool.run(["score", "lenet.onnx", "--out", "x.h5", "--quiet", "--criterion", "l1"] + data, in: folder)
      #expect(scored.failed(mentioning: "espalier prune and espalier sensitivity", status: 64), "\(scored)")
    }
  }

  /// All that the result depends on stands in the record; what says little about a filter is said.
  @Test func theRecordIsWhole() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(
        [
          "prune", "lenet.onnx", "--out", "small.onnx", "--criterion", "group-fisher", "--target", "predicted", "--tune", "1",
          "--no-flip",
        ] + data
          + budget, in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let file = folder.appendingPathComponent("small.onnx")
      let (all, parameters) = (try record(file), try parameters(file))
      #expect(
        parameters["target"] == "predicted" && parameters["output"] == "output" && parameters["augmentation"] == "pad-crop 2")
      let digests = try #require(all["digests"] as? [String: String])
      #expect(digests["tuning-data"]?.count == 64 && digests["data"] != nil)
      let chain = try ChainRecord(Graph(onnx: file.path).metadata).steps
      #expect(digests["model"]?.count == 64 && digests["model"] == chain.first?.began && chain.map(\.step) == ["prune", "tune"])
      let proof = try #require(all["proof"] as? [String: Any])
      let outputs = try #require(proof["outputs"] as? [[String: Any]])
      #expect(outputs.count == 1 && outputs[0]["name"] as? String == "output" && (outputs[0]["scale"] as? Double ?? 0) > 0)
    }
  }

  /// A network of random weights guesses, and a budget that small cuts layers to their floors: both are said and recorded.
  @Test func chanceAndFloors() throws {
    try Sample.withModelAndImages { folder in
      // Every class has as many of each image, so that nothing can be told from them.
      try Sample.images(400, in: folder, labels: { ($0 * 7 + $0 / 10) % 10 }, name: "many.h5")
      let outcome = try Tool.run(
        [
          "prune", "lenet.onnx", "--out", "small.onnx", "--criterion", "l1", "--budget", "filters=0.06", "--floor", "0",
          "--latency-batch", "0", "--data", "hdf5:many.h5",
        ], in: folder)
      #expect(outcome.status == 0 && outcome.talk.contains("is cut to its floor of 1 channel"), "\(outcome)")
      #expect(outcome.talk.contains("after pruning: accuracy 10.00 % is no better than guessing"), "\(outcome)")
      let notes = try #require(try record(folder.appendingPathComponent("small.onnx"))["notes"] as? [String])
      #expect(notes.contains { $0.contains("floor") } && notes.contains { $0.contains("guessing") })
      let kept = try Tool.run(
        ["prune", "lenet.onnx", "--out", "same.onnx", "--criterion", "l1", "--budget", "macs=1", "--latency-batch", "0"],
        in: folder)
      #expect(kept.status == 0 && kept.talk.contains("kept already"), "\(kept)")
      let none = try Tool.run(
        ["prune", "lenet.onnx", "--out", "none.onnx", "--criterion", "l1", "--quiet", "--protect", "*"] + budget, in: folder)
      #expect(none.failed(mentioning: "no filter may go"), "\(none)")
    }
  }

  /// Stopped while it tunes, it goes on with the network that it had pruned, and tells of the layers that it had fitted.
  @Test func stoppedWhileTuning() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(3000, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        [
          "prune", "lenet.onnx", "--criterion", "taylor-2019", "--data", "hdf5:many.h5", "--limit", "64", "--batch", "8",
          "--tune", "2",
          "--reconstruct", "scales", "--workers", "1", "--out", out,
        ] + budget
      }
      let process = try Tool.start(command("small.onnx"), in: folder)
      while process.isRunning, Sample.step("1-prune", ".done", in: folder) == nil { usleep(2000) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if let scores = Sample.step("1-prune", ".scores.h5", in: folder) { try FileManager.default.removeItem(at: scores) }
      let again = try Tool.run(command("small.onnx"), in: folder)
      #expect(again.status == 0 && again.talk.contains("step 1 of 2, prune: done by an earlier run"), "\(again)")
      #expect(again.output.contains("outputs of fitted layers"))
      #expect(try Tool.run(command("whole.onnx"), in: folder).status == 0)
      let files = ["small.onnx", "whole.onnx"].map { folder.appendingPathComponent($0) }
      #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]))
    }
  }

  private static let model = """
    import sys, numpy as np, onnx
    from onnx import TensorProto as T, helper as h
    path, kind, opset = sys.argv[1], sys.argv[2], int(sys.argv[3])
    elem = {'float16': T.FLOAT16, 'double': T.DOUBLE, 'float': T.FLOAT}[kind]
    random = np.random.default_rng(0)
    w = lambda key, *s: h.make_tensor(key, elem, s, (random.normal(size=s) * 0.3).astype(np.float16).astype(np.float64).ravel().tolist())
    nodes = [
        h.make_node('Conv', ['x', 'w', 'b'], ['c'], name='conv', pads=[1, 1, 1, 1]),
        h.make_node('Relu', ['c'], ['r'], name='relu'),
        h.make_node('Conv', ['r', 'w2'], ['c2'], name='conv2'),
        h.make_node('Relu', ['c2'], ['r2'], name='relu2'),
        h.make_node('ReduceMean', ['r2'], ['g'], name='mean', axes=[2, 3], keepdims=0),
        h.make_node('Gemm', ['g', 'v'], ['y'], name='fc', transB=1),
    ]
    g = h.make_graph(nodes, 'net', [h.make_tensor_value_info('x', elem, ['batch', 3, 8, 8])], [h.make_tensor_value_info('y', elem, ['batch', 3])],
                     [w('w', 6, 3, 3, 3), w('b', 6), w('w2', 8, 6, 3, 3), w('v', 3, 8)],
                     value_info=[h.make_tensor_value_info('c', elem, ['batch', 6, 8, 8])])
    m = h.make_model(g, opset_imports=[h.make_opsetid('', opset)], ir_version=8, producer_name='somebody')
    onnx.checker.check_model(m); onnx.save(m, path)
    """

  /// The masked network is the original whose later weights are 0 where they read what went.
  private static let comparison = """
    import sys, json, numpy as np, onnx, onnxruntime as ort
    from onnx import numpy_helper as n
    path, small, kept, kept2 = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
    a, b = onnx.load(path), onnx.load(small)
    onnx.checker.check_model(b, full_check=True)
    assert a.opset_import == b.opset_import and a.ir_version == b.ir_version and a.producer_name == b.producer_name
    assert a.graph.input == b.graph.input and a.graph.output == b.graph.output
    info = b.graph.value_info[0]
    assert info.name == 'c' and [d.dim_param or d.dim_value for d in info.type.tensor_type.shape.dim] == ['batch', len(kept), 8, 8], info
    assert [x.op_type for x in a.graph.node] == [x.op_type for x in b.graph.node] and len(b.graph.node[4].input) == 1
    weights = {t.name: n.to_array(t) for t in a.graph.initializer}
    for t in b.graph.initializer: assert n.to_array(t).dtype == weights[t.name].dtype, t.name
    mine = {t.name: n.to_array(t) for t in b.graph.initializer}
    assert np.array_equal(mine['w'], weights['w'][kept]) and np.array_equal(mine['w2'], weights['w2'][kept2][:, kept])
    for name, axis, keep in [('w2', 1, kept), ('v', 1, kept2)]:
        t = next(t for t in a.graph.initializer if t.name == name)
        x = n.to_array(t).copy()
        gone = [i for i in range(x.shape[axis]) if i not in keep]
        x[:, gone] = 0
        t.CopyFrom(n.from_array(x, name))
    sessions = [ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']) for m in (a, b)]
    x = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype(weights['w'].dtype)
    p, q = (s.run(None, {'x': x})[0].astype(np.float64) for s in sessions)
    tolerance = {'float16': 5e-3, 'float32': 1e-5, 'float64': 1e-6}[str(weights['w'].dtype)]
    assert np.abs(p - q).max() <= tolerance * np.abs(p).max(), (p, q)
    """

  /// Two convolutions with a `Resize` to sizes between them: computed for an open batch, constant for one of 1.
  private static let resizing = """
    import sys, numpy as np, onnx
    from onnx import TensorProto as T, helper as h, numpy_helper as n
    path, opset, batch = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    batch = int(batch) if batch.isdigit() else batch
    random = np.random.default_rng(3)
    w = lambda key, *s: n.from_array((random.normal(size=s) * 0.3).astype(np.float32), key)
    i = lambda key, *v: n.from_array(np.array(v, np.int64), key)
    constants = [w('w', 6, 3, 3, 3), w('w2', 4, 6, 3, 3), w('v', 3, 4 * 18 * 13)]
    nodes = [
        h.make_node('Conv', ['x', 'w'], ['c'], name='first', pads=[1, 1, 1, 1]),
        h.make_node('Relu', ['c'], ['r'], name='relu'),
    ]
    if batch == 1:
        constants.append(i('sizes', 1, 6, 20, 15))
    else:
        constants += [i('start', 0), i('end', 2), i('size', 20, 15)]
        nodes += [
            h.make_node('Shape', ['r'], ['shape'], name='shape'),
            h.make_node('Slice', ['shape', 'start', 'end'], ['head'], name='head'),
            h.make_node('Concat', ['head', 'size'], ['sizes'], name='sizes', axis=0),
        ]
    nodes += [
        h.make_node('Resize', ['r', '', '', 'sizes'], ['u'], name='up', mode='nearest', nearest_mode='floor',
                    coordinate_transformation_mode='asymmetric'),
        h.make_node('Conv', ['u', 'w2'], ['d'], name='second'), h.make_node('Flatten', ['d'], ['f'], name='flat'),
        h.make_node('Gemm', ['f', 'v'], ['y'], name='fc', transB=1),
    ]
    g = h.make_graph(nodes, 'net', [h.make_tensor_value_info('x', T.FLOAT, [batch, 3, 6, 9])],
                     [h.make_tensor_value_info('y', T.FLOAT, [batch, 3])], constants)
    m = h.make_model(g, opset_imports=[h.make_opsetid('', opset)], ir_version=8)
    onnx.checker.check_model(m, full_check=True); onnx.save(m, path)
    """

  private static let resized = """
    import sys, json, numpy as np, onnx, onnxruntime as ort
    from onnx import numpy_helper as n
    path, small, kept = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    a, b = onnx.load(path), onnx.load(small)
    onnx.checker.check_model(b, full_check=True)
    assert a.opset_import == b.opset_import and a.graph.input == b.graph.input and a.graph.output == b.graph.output
    up = next(x for x in b.graph.node if x.op_type == 'Resize')
    assert len(up.input) == 4 and up.input[3], up
    for t in a.graph.initializer:
        if t.name == 'w2':
            x = n.to_array(t).copy()
            x[:, [i for i in range(6) if i not in kept]] = 0
            t.CopyFrom(n.from_array(x, 'w2'))
    sessions = [ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']) for m in (a, b)]
    rows = a.graph.input[0].type.tensor_type.shape.dim[0].dim_value or 3
    x = np.random.default_rng(1).normal(size=(rows, 3, 6, 9)).astype(np.float32)
    p, q = (s.run(None, {'x': x})[0] for s in sessions)
    assert np.abs(p - q).max() <= 1e-5 * np.abs(p).max(), (p, q)
    """
}
