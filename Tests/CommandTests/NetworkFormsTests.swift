import Foundation
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// What runs feed into networks of other forms than one image in and a row of class scores out, and what they take out.
///
/// Right values are onnxruntime's on the same files, in `Resources/forms`.
@Suite struct NetworkFormsTests {
  private func withForms(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let forms = testResource("forms")
      for name in try FileManager.default.contentsOfDirectory(atPath: forms.path) {
        try FileManager.default.copyItem(at: forms.appendingPathComponent(name), to: folder.appendingPathComponent(name))
      }
      try body(folder)
    }
  }

  private func succeeds(_ arguments: [String], in folder: URL) throws -> Tool.Outcome {
    let run = try Tool.run(arguments, in: folder)
    #expect(run.status == 0, "\(arguments): \(run.talk)")
    return run
  }

  private func accuracy(_ arguments: String..., in folder: URL) throws -> Double? {
    let run = try succeeds(["evaluate"] + arguments + ["--json"], in: folder)
    return (try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])?["top1"] as? Double
  }

  private func read<Scalar: HDF5Scalar>(_ file: String, _ dataset: String, in folder: URL) throws -> Tensor<Scalar> {
    try HDF5File.open(folder.appendingPathComponent(file).path).dataset(dataset).read()
  }

  /// onnxruntime's output of a model of the folder for datasets of a file.
  private func peer(_ model: String, _ file: String, _ feeds: [String: String], in folder: URL) throws -> Tensor<Double> {
    let script = """
      import sys, json, h5py, numpy, onnxruntime
      onnxruntime.set_default_logger_severity(3)
      data = h5py.File(sys.argv[2])
      feeds = {name: data[dataset][:].astype('float32') for name, dataset in json.loads(sys.argv[3]).items()}
      y = onnxruntime.InferenceSession(sys.argv[1]).run(None, feeds)[0].reshape(len(data['data']), -1)
      print(json.dumps([y.shape, y.ravel().tolist()]))
      """
    let names = String(decoding: try JSONSerialization.data(withJSONObject: feeds), as: UTF8.self)
    let text = try Python.run(
      script, folder.appendingPathComponent(model).path, folder.appendingPathComponent(file).path, names)
    let parts = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any])
    return Tensor(try #require(parts[1] as? [Double]), shape: Shape(try #require(parts[0] as? [Int])))
  }

  private func expectPrediction(_ file: String, _ expected: Tensor<Double>, in folder: URL) throws {
    let found: Tensor<Float> = try read(file, "prediction", in: folder)
    expectClose(found.map(Double.init), expected, Tolerance(absolute: 1e-5, relative: 1e-5), file)
  }

  // MARK: Several inputs

  @Test func furtherInputsComeFromTheData() throws {
    try withForms { folder in
      #expect(try accuracy("two-images.onnx", "--data", "hdf5:two-inputs.h5", in: folder) == 1)
      let run = try succeeds(
        ["relevance", "two-images.onnx", "--data", "hdf5:two-inputs.h5", "--out", "a.h5"], in: folder)
      #expect(run.talk.contains("the images go to input 'x'; 'x2' takes hdf5:two-inputs.h5/x2"), "\(run.talk)")
      for attributor in ["integrated-gradients:n=3", "smoothgrad:n=2", "occlusion:window=4,stride=4", "grad-cam"] {
        _ = try succeeds(
          [
            "relevance", "two-images.onnx", "--data", "hdf5:two-inputs.h5", "--attributor", attributor, "--out", "b.h5",
          ], in: folder)
        #expect(
          try read("b.h5", "prediction", in: folder) as Tensor<Float> == read("a.h5", "prediction", in: folder), "\(attributor)")
      }
      #expect(
        try HDF5File.open(folder.appendingPathComponent("a.h5").path).text(attribute: "inputs") == "x2=hdf5:two-inputs.h5/x2")
      for verb in [
        ["score", "--criterion", "lrp", "--criterion", "taylor-2019", "--out", "s.h5"], ["stats", "--out", "t.h5"],
        ["measure", "--method", "gradient", "--measure", "pixel-flipping:steps=2"],
        [
          "prune", "--criterion", "taylor-2019", "--budget", "filters=0.5", "--latency-batch", "0", "--tune", "1", "--out",
          "p.onnx",
        ],
        ["sensitivity", "--criterion", "l1", "--out", "sweep.json"],
      ] {
        _ = try succeeds([verb[0], "two-images.onnx", "--data", "hdf5:two-inputs.h5"] + verb.dropFirst(), in: folder)
      }
    }
  }

  @Test(.enabled(if: Python.isAvailable)) func furtherInputsAreThoseOfThePeer() throws {
    try withForms { folder in
      for (model, feeds) in [
        ("two-images.onnx", ["x": "data", "x2": "x2"]), ("image-and-vector.onnx", ["x": "data", "meta": "meta"]),
      ] {
        _ = try succeeds(["relevance", model, "--data", "hdf5:two-inputs.h5", "--skip", "1", "--out", "a.h5"], in: folder)
        let whole = try peer(model, "two-inputs.h5", feeds, in: folder)
        try expectPrediction("a.h5", whole.rows(1..<4), in: folder)
      }
      _ = try succeeds(
        [
          "relevance", "two-images.onnx", "--data", "hdf5:two-inputs.h5", "--input", "x2=hdf5:two-inputs.h5/data", "--out",
          "a.h5",
        ], in: folder)
      try expectPrediction(
        "a.h5", try peer("two-images.onnx", "two-inputs.h5", ["x": "data", "x2": "data"], in: folder), in: folder)
    }
  }

  @Test func anInputThatNothingFeedsIsRefused() throws {
    try withForms { folder in
      let zeros = try Tool.run(
        "evaluate", "two-images.onnx", "--data", "hdf5:two-inputs.h5", "--input", "x2=0", in: folder)
      #expect(zeros.status == 0 && zeros.talk.contains("'x2' takes 0"), "\(zeros.talk)")
      for verb in [
        ["evaluate"], ["relevance", "--out", "r.h5"], ["score", "--criterion", "lrp", "--out", "r.h5"],
        ["stats", "--out", "r.h5"],
        ["measure", "--measure", "sparseness"], ["tune", "--out", "t.onnx"],
        ["prune", "--criterion", "l1", "--budget", "filters=0.5", "--out", "p.onnx"],
        ["sensitivity", "--criterion", "l1", "--out", "s.json"],
      ] {
        let run = try Tool.run([verb[0], "two-images.onnx", "--data", "hdf5:n-k-1-1.h5"] + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "input 'x2'"), "\(verb): \(run.talk)")
      }
      for (option, message) in [("x2=cat", "'cat'"), ("x2=hdf5:none.h5/a", "none.h5"), ("x2", "NAME=NUMBER")] {
        let run = try Tool.run("evaluate", "two-images.onnx", "--data", "hdf5:two-inputs.h5", "--input", option, in: folder)
        #expect(run.status != 0 && run.talk.contains(message), "\(run)")
      }
      for (option, message) in [("x3=1", "'x3'"), ("x=1", "images go to"), ("x2=hdf5:two-inputs.h5/meta", "4×3×8×8")] {
        let run = try Tool.run("evaluate", "two-images.onnx", "--data", "hdf5:two-inputs.h5", "--input", option, in: folder)
        #expect(run.failed(mentioning: message), "\(run)")
      }
    }
  }

  // MARK: One output

  @Test func oneOutputIsALogit() throws {
    try withForms { folder in
      // onnxruntime's outputs above 0, or 0.5 behind the sigmoid, and NumPy's binary cross-entropy of them.
      for (model, share, zeros, loss) in [("logit.onnx", 0.9, 0.15, 0.45244729), ("sigmoid.onnx", 0.75, 0, 2.11173511)] {
        #expect(try accuracy(model, "--data", "hdf5:labels-0-1.h5", in: folder) == share, "\(model)")
        #expect(try accuracy(model, "--data", "hdf5:all-0.h5", in: folder) == zeros, "\(model)")
        let run = try succeeds(["evaluate", model, "--data", "hdf5:labels-0-1.h5", "--json"], in: folder)
        let report = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        // A sigmoid near 1 leaves few digits of 1 − p in single precision, of which the expected loss is made.
        #expect(abs((report?["loss"] as? Double ?? 0) - loss) < 5e-5 * loss, "\(model): \(run.output)")
        for target in [["--target", "0"], ["--target", "predicted"], []] {
          _ = try succeeds(["relevance", model, "--data", "hdf5:labels-0-1.h5", "--out", "r.h5"] + target, in: folder)
          let maps: Tensor<Float> = try read("r.h5", "attribution", in: folder)
          #expect(maps.shape == [20, 3, 8, 8] && maps.elements.contains { $0 != 0 })
        }
        let refused = try Tool.run(
          "relevance", model, "--data", "hdf5:labels-0-1.h5", "--target", "label", "--out", "q.h5", in: folder)
        #expect(refused.status == 1 && refused.talk.contains("one output"), "\(refused)")
        _ = try succeeds(["stats", model, "--data", "hdf5:labels-0-1.h5", "--out", "t.h5"], in: folder)
        _ = try succeeds(
          ["score", model, "--data", "hdf5:all-0.h5", "--criterion", "taylor-2019", "--criterion", "lrp", "--out", "s.h5"],
          in: folder)
        let scores: Tensor<Double> = try read("s.h5", "scores/taylor-2019/conv", in: folder)
        #expect(scores.elements.contains { $0 > 0 }, "the binary loss has a gradient")
      }
      let tuned = try succeeds(
        ["tune", "logit.onnx", "--data", "hdf5:labels-0-1.h5", "--epochs", "2", "--batch", "8", "--out", "t.onnx"],
        in: folder)
      #expect(!tuned.talk.contains("loss 0.0000"), "\(tuned.talk)")
      let strange = try Tool.run("evaluate", "logit.onnx", "--data", "hdf5:labels-of-others.h5", in: folder)
      #expect(strange.status == 1 && strange.talk.contains("0 to 1"), "\(strange)")
    }
  }

  /// Each image is there twice, under both labels: half is right, whatever the network.
  @Test func guessingIsSaidOfOneOutputToo() throws {
    try withForms { folder in
      var random = Philox(seed: 6)
      let half = (0..<100 * 192).map { _ in Float(random.normal()) }
      let file = try HDF5File.create(folder.appendingPathComponent("twice.h5").path)
      try file.write(Tensor(half + half, shape: [200, 3, 8, 8]), to: "data")
      try file.write(Tensor((0..<200).map { Int64($0 / 100) }, shape: [200]), to: "label")
      try file.commit()
      let remark = "accuracy 50.00 % is no better than guessing among 2 classes (50.00 %)"
      let evaluated = try succeeds(["evaluate", "logit.onnx", "--data", "hdf5:twice.h5"], in: folder)
      #expect(evaluated.talk.contains(remark), "\(evaluated.talk)")
      let prune = ["prune", "logit.onnx", "--criterion", "l1", "--budget", "filters=0.5", "--latency-batch", "0"]
      let pruned = try succeeds(prune + ["--data", "hdf5:twice.h5", "--out", "p.onnx"], in: folder)
      for when in ["before", "after"] { #expect(pruned.talk.contains("\(when) pruning: \(remark)"), "\(pruned.talk)") }
      // Of few images it says little.
      let few = try succeeds(prune + ["--data", "hdf5:all-0.h5", "--out", "p.onnx"], in: folder)
      #expect(!few.talk.contains("guessing"), "\(few.talk)")
    }
  }

  // MARK: Outputs of other shapes

  @Test func scoresWithTrailingOnesAreScores() throws {
    try withForms { folder in
      let data = ["--data", "hdf5:n-k-1-1.h5"]
      #expect(try accuracy("n-k-1-1.onnx", "--data", "hdf5:n-k-1-1.h5", in: folder) == 0.5)
      _ = try succeeds(["relevance", "n-k-1-1.onnx", "--out", "r.h5"] + data, in: folder)
      if Python.isAvailable {
        try expectPrediction("r.h5", try peer("n-k-1-1.onnx", "n-k-1-1.h5", ["x": "data"], in: folder), in: folder)
      }
      for verb in [
        ["score", "--criterion", "lrp", "--criterion", "taylor-2019", "--out", "s.h5"], ["measure", "--measure", "sparseness"],
        ["prune", "--criterion", "group-fisher", "--budget", "filters=0.5", "--latency-batch", "0", "--out", "p.onnx"],
        ["tune", "--epochs", "1", "--out", "t.onnx"], ["stats", "--out", "st.h5"],
      ] {
        _ = try succeeds([verb[0], "n-k-1-1.onnx"] + data + verb.dropFirst(), in: folder)
      }
    }
  }

  /// A last Softmax is left out only where it is one.
  @Test func aLastLogSoftmaxOverNoAxisIsRefused() throws {
    try Sample.withModelAndImages { folder in
      var editor = GraphEditor(try Graph(onnx: folder.appendingPathComponent("lenet.onnx").path))
      editor.outputs = [editor.add(Op.LogSoftmax(axis: 5), named: "last", inputs: [editor.outputs[0]])]
      try editor.graph().writeONNX(to: folder.appendingPathComponent("last.onnx").path)
      for verb in [
        ["relevance", "--out", "r.h5"], ["score", "--criterion", "lrp", "--out", "r.h5"], ["measure", "--measure", "sparseness"],
        ["evaluate"],
      ] {
        let run = try Tool.run([verb[0], "last.onnx", "--data", "hdf5:images.h5", "--quiet"] + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "LogSoftmax 'last': there is no axis 5"), "\(run)")
      }
    }
  }

  /// A network that answers for positions is explained with images' labels, and is judged and trained with those of pixels alone.
  @Test func mapsOfClassesAskForLabelsOfPixels() throws {
    try withForms { folder in
      var editor = GraphEditor(try Graph(onnx: folder.appendingPathComponent("n-k-1-1.onnx").path))
      // Without the mean over space the network labels positions.
      let pool = try #require(editor.nodes.first { $0.op is Op.GlobalAveragePool })
      editor.redirect(pool.outputs[0], to: try #require(pool.inputs[0]))
      editor.dropUnused()
      try editor.graph().writeONNX(to: folder.appendingPathComponent("positions.onnx").path)
      for verb in [
        ["relevance", "--out", "r.h5"], ["score", "--criterion", "lrp", "--out", "s.h5"], ["measure", "--measure", "sparseness"],
      ] {
        let run = try Tool.run([verb[0], "positions.onnx", "--data", "hdf5:n-k-1-1.h5"] + verb.dropFirst(), in: folder)
        #expect(run.status == 0, "\(verb): \(run.talk)")
      }
      for verb in [["evaluate"], ["tune", "--out", "t.onnx"]] {
        let run = try Tool.run([verb[0], "positions.onnx", "--data", "hdf5:n-k-1-1.h5"] + verb.dropFirst(), in: folder)
        #expect(run.status == 1 && run.talk.contains("the classes of the images' pixels are not known"), "\(verb): \(run.talk)")
      }
      let run = try Tool.run(
        "measure", "positions.onnx", "--data", "hdf5:n-k-1-1.h5", "--measure", "pixel-flipping", in: folder)
      #expect(run.failed(mentioning: "observes the probability of one class"), "\(run)")
      #expect(try Tool.run("stats", "positions.onnx", "--data", "hdf5:n-k-1-1.h5", "--out", "st.h5", in: folder).status == 0)
    }
  }

  // MARK: Labels and targets

  @Test func labelsThatNothingAsksForAreNotChecked() throws {
    try withForms { folder in
      let base = ["three-classes.onnx", "--data", "hdf5:labels-of-others.h5"]
      for target in ["1", "predicted", "2,-0"] {
        _ = try succeeds(["relevance"] + base + ["--target", target, "--out", "r.h5"], in: folder)
        let labels: Tensor<Int> = try read("r.h5", "label", in: folder)
        #expect(labels.elements == [0, 7, 2, 9])
        _ = try succeeds(["measure"] + base + ["--target", target, "--measure", "sparseness"], in: folder)
      }
      _ = try succeeds(["stats"] + base + ["--out", "s.h5"], in: folder)
      _ = try succeeds(["score"] + base + ["--criterion", "lrp", "--target", "1", "--out", "s.h5"], in: folder)
      let refused = try Tool.run(["relevance"] + base + ["--out", "q.h5"], in: folder)
      #expect(refused.failed(mentioning: "label 7"), "\(refused.talk)")
    }
  }

  /// The gradient of a contrast is the difference of the gradients, and relevance by the gradient is linear in its start.
  @Test func contrastsOfClasses() throws {
    try withForms { folder in
      let base = ["relevance", "three-classes.onnx", "--data", "hdf5:labels-of-others.h5", "--composite", "gradient"]
      func maps(_ target: String, _ start: String = "one-hot") throws -> Tensor<Double> {
        let file = "\(target)-\(start).h5"
        _ = try succeeds(base + ["--target=\(target)", "--start", start, "--out", file], in: folder)
        #expect(try HDF5File.open(folder.appendingPathComponent(file).path).text(attribute: "target") == target)
        let maps: Tensor<Float> = try read(file, "attribution", in: folder)
        return maps.map(Double.init)
      }
      func less(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
        Tensor(zip(a.elements, b.elements).map { $0 - $1 }, shape: a.shape)
      }
      let tolerance = Tolerance(absolute: 1e-6, relative: 1e-5)
      for start in ["one-hot", "logit"] {
        expectClose(try maps("2,-0", start), less(try maps("2", start), try maps("0", start)), tolerance, start)
      }
      let none = try Tool.run(base + ["--target", "1,-1", "--out", "q.h5"], in: folder)
      #expect(none.failed(mentioning: "twice"), "\(none)")
      let much = try Tool.run(base + ["--target", "1,-3", "--out", "q.h5"], in: folder)
      #expect(much.failed(mentioning: "class 3"), "\(much)")
      let loss = try Tool.run(
        "score", "three-classes.onnx", "--data", "hdf5:labels-of-others.h5", "--criterion", "taylor-2019", "--target", "1,-2",
        "--out",
        "q.h5", in: folder)
      #expect(loss.failed(mentioning: "'taylor"), "\(loss)")
    }
  }

  @Test func targetsByNameAndFromTheData() throws {
    try withForms { folder in
      let base = ["relevance", "three-classes.onnx", "--out"]
      let data: Tensor<Float> = try read("labels-of-others.h5", "data", in: folder)
      let file = try HDF5File.create(folder.appendingPathComponent("targets.h5").path)
      try file.write(data, to: "data")
      try file.write(Tensor<Int64>([2, 0, 1, 1], shape: [4]), to: "target")
      try file.commit()
      try Data("cat 0\ndog 1\ncow 2\n".utf8).write(to: folder.appendingPathComponent("names"))
      _ = try succeeds(base + ["own.h5", "--data", "hdf5:targets.h5", "--target", "data"], in: folder)
      #expect(try (read("own.h5", "target", in: folder) as Tensor<Int>).elements == [2, 0, 1, 1])
      let own: Tensor<Float> = try read("own.h5", "attribution", in: folder)
      for (name, rows) in [("cow", [0]), ("cat", [1]), ("dog", [2, 3])] {
        _ = try succeeds(
          base + ["\(name).h5", "--data", "hdf5:targets.h5", "--classes", "names", "--target", name], in: folder)
        let one: Tensor<Float> = try read("\(name).h5", "attribution", in: folder)
        for row in rows { #expect(own.rows(row..<row + 1) == one.rows(row..<row + 1), "\(name) \(row)") }
      }
      for (arguments, message) in [
        (["--data", "hdf5:targets.h5", "--target", "horse"], "'horse'"),
        (["--data", "hdf5:labels-of-others.h5", "--target", "data"], "target"),
      ] {
        let run = try Tool.run(base + ["q.h5"] + arguments, in: folder)
        #expect(run.failed(mentioning: message), "\(run)")
      }
    }
  }
}
