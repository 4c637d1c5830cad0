import Foundation
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// What `train`, `tune` and `evaluate` do with what cannot go well.
@Suite struct TuneCommandTests {
  private func trained(in folder: URL) throws {
    try Sample.images(400, in: folder, name: "train.h5")
    let trained = try Tool.run(
      "train", "lenet", "--classes", "10", "--data", "hdf5:train.h5", "--epochs", "3", "--batch", "32", "--rate", "0.05",
      "--no-flip", "--pad-crop", "0", "--seed", "1", "--out", "trained.onnx", in: folder)
    #expect(trained.status == 0, "\(trained.talk)")
  }

  private func metadata(_ name: String, in folder: URL) throws -> [String: Any] {
    let text = try #require(Graph(onnx: folder.appendingPathComponent(name).path).metadata["espalier.training"])
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// A checkpoint of another network, data, preprocessing or augmentation is refused.
  @Test func goesOnFromItsOwnCheckpointOnly() throws {
    try Sample.withModelAndImages { folder in
      // Bytes, which are prepared as images are.
      var pixels = [UInt8](repeating: 0, count: 2000 * 784)
      for position in pixels.indices { pixels[position] = UInt8((position * 7 + position / 784) % 251) }
      for (name, shift) in [("many.h5", 0), ("other.h5", 1)] {
        let file = try HDF5File.create(folder.appendingPathComponent(name).path)
        try file.write(Tensor(pixels, shape: [2000, 1, 28, 28]), to: "data")
        try file.write(Tensor((0..<2000).map { UInt16(($0 + shift) % 10) }, shape: [2000]), to: "label")
        try file.commit()
      }
      try Data("channels = 1\nmean = 0.3\nstd = 0.2\n".utf8).write(to: folder.appendingPathComponent("p.toml"))
      _ = try Tool.run("new", "lenet", "--classes", "10", "--seed", "4", "--out", "second.onnx", in: folder)
      func command(_ model: String = "lenet.onnx", data: String = "many.h5", _ more: String...) -> [String] {
        ["tune", model, "--data", "hdf5:\(data)", "--epochs", "20", "--batch", "32", "--rate", "0.01", "--out", "t.onnx"] + more
      }
      let process = try Tool.start(command(), in: folder)
      let history = folder.appendingPathComponent("t.csv")
      while process.isRunning, !FileManager.default.fileExists(atPath: history.path) { usleep(2000) }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      for (other, name) in [
        (command("second.onnx"), "network"), (command(data: "other.h5"), "data"),
        (command("lenet.onnx", data: "many.h5", "--no-flip"), "augmentation"),
        (command("lenet.onnx", data: "many.h5", "--preprocess", "p.toml"), "preprocessing"),
        (command("lenet.onnx", data: "many.h5", "--seed", "9"), "settings"),
        (command("lenet.onnx", data: "many.h5", "--keep", "best"), "kept"),
        (command("lenet.onnx", data: "many.h5", "--validation", "hdf5:images.h5"), "validation"),
      ] {
        let outcome = try Tool.run(other + ["--quiet"], in: folder)
        #expect(outcome.failed(mentioning: "another run: its \(name) is"), "\(outcome)")
      }
    }
  }

  /// Of two outputs the one that is asked for is trained, as if it were alone; what only the other needs stays as it is.
  @Test func trainsTheOutputAskedFor() throws {
    try withTemporaryFolder { folder in
      try Sample.images(60, in: folder, name: "train.h5")
      func weight(_ seed: UInt64, _ shape: Shape) -> Constant {
        var random = Philox(seed: seed)
        return .float(Tensor((0..<shape.count).map { _ in Float(random.normal()) / 8 }, shape: shape))
      }
      for (name, heads) in [("both.onnx", ["a", "b"]), ("alone.onnx", ["b"])] {
        var editor = GraphEditor(name: "heads")
        editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(1), .fixed(28), .fixed(28)])]
        var x = editor.add(Op.Conv(), named: "conv", inputs: ["input", editor.add(weight(1, [4, 1, 5, 5]), named: "w")])
        x = editor.add(Op.Flatten(), named: "flatten", inputs: [editor.add(Op.Relu(), named: "relu", inputs: [x])])
        editor.outputs = heads.map { head in
          let w = editor.add(weight(head == "a" ? 2 : 3, [10, 4 * 24 * 24]), named: "w.\(head)")
          return editor.add(Op.Gemm(transposeB: true), named: head, inputs: [x, w])
        }
        try editor.graph().writeONNX(to: folder.appendingPathComponent(name).path)
        let tuned = try Tool.run(
          "tune", name, "--data", "hdf5:train.h5", "--epochs", "1", "--output", "b", "--validation", "hdf5:train.h5", "--out",
          "tuned-\(name)", in: folder)
        #expect(tuned.status == 0, "\(tuned)")
      }
      let graphs = try ["both.onnx", "tuned-both.onnx", "tuned-alone.onnx"].map {
        try Graph(onnx: folder.appendingPathComponent($0).path)
      }
      #expect(graphs[1].outputs == ["a", "b"])
      let stays = graphs[1].constants["w.a"] == graphs[0].constants["w.a"]
      #expect(stays)
      for name in ["w", "w.b"] {
        let (isTrained, isAlike) = (
          graphs[1].constants[name] != graphs[0].constants[name], graphs[1].constants[name] == graphs[2].constants[name]
        )
        #expect(isTrained && isAlike, "\(name)")
      }
      let tables = try ["both", "alone"].map {
        try String(contentsOf: folder.appendingPathComponent("tuned-\($0).csv"), encoding: .utf8).split(separator: ",").dropLast(
          2)
      }
      #expect(tables[0] == tables[1])
    }
  }

  /// The file says which network it comes from, and how that was trained.
  @Test func recordsTheNetworkItStartsFrom() throws {
    try withTemporaryFolder { folder in
      try trained(in: folder)
      for (start, out) in [("trained.onnx", "once.onnx"), ("once.onnx", "twice.onnx")] {
        let tuned = try Tool.run(
          "tune", start, "--data", "hdf5:train.h5", "--epochs", "1", "--rate", "0.001", "--batch", "127", "--out", out, in: folder
        )
        #expect(tuned.status == 0, "\(tuned.talk)")
      }
      let record = try metadata("twice.onnx", in: folder)
      #expect(record["network"] as? String == "once.onnx" && (record["network_sha256"] as? String)?.count == 64)
      let before = try #require((record["before"] as? [[String: Any]])?.first)
      #expect(before["network"] as? String == "trained.onnx")
      let first = try #require((before["before"] as? [[String: Any]])?.first)
      #expect(first["network"] == nil && (first["settings"] as? String)?.contains("epochs 3") == true)
      #expect((record["settings"] as? String)?.contains("batch 127 in shards of 32") == true)
    }
  }

  /// `--skip` leaves out images to train on, and none to validate with.
  @Test func skipsWhatIsTrainedOnAlone() throws {
    try Sample.withModelAndImages { folder in
      // The first 30 images have labels that the network does not have; so have the validation images but the first 10.
      try Sample.images(60, in: folder, labels: { $0 < 30 ? 90 : $0 % 10 }, name: "train.h5")
      try Sample.images(40, in: folder, labels: { $0 < 10 ? $0 : 90 }, name: "validation.h5")
      for verb in [["train", "lenet", "--classes", "10"], ["tune", "lenet.onnx"]] {
        func run(_ more: String...) throws -> Tool.Outcome {
          try Tool.run(
            verb + ["--data", "hdf5:train.h5", "--epochs", "1", "--batch", "8", "--out", "out.onnx", "--quiet"] + more, in: folder
          )
        }
        #expect(try run().failed(mentioning: "label 90"))
        let skipped = try run("--skip", "30")
        #expect(skipped.status == 0, "\(skipped.talk)")
        #expect(try metadata("out.onnx", in: folder)["settings"] != nil)
        // All 40 validation images are observed, and the eleventh has no position among the classes.
        #expect(try run("--skip", "30", "--validation", "hdf5:validation.h5").failed(mentioning: "90"))
        for file in ["out.onnx", "out.onnx.checkpoint"] {
          try? FileManager.default.removeItem(at: folder.appendingPathComponent(file))
        }
      }
    }
  }

  @Test(arguments: [
    ["tune", "lenet.onnx", "--epochs", "9223372036854775807"], ["tune", "lenet.onnx", "--batch", "9223372036854775807"],
    ["tune", "lenet.onnx", "--clip", "-1"], ["tune", "lenet.onnx", "--keep", "first"],
    ["prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--tune", "9223372036854775807"],
  ])
  func hugeNumbersAreWrongUse(arguments: [String]) throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(arguments + ["--data", "hdf5:images.h5", "--out", "out.onnx"], in: folder)
      #expect(outcome.status == 64, "\(outcome)")
    }
  }

  /// A rate that ruins the network ends with an error; the best epoch before that is kept, and the way is free again.
  @Test func divergenceKeepsTheBestEpoch() throws {
    try withTemporaryFolder { folder in
      try trained(in: folder)
      func tune(_ rate: String, _ more: String...) throws -> Tool.Outcome {
        try Tool.run(
          [
            "tune", "trained.onnx", "--data", "hdf5:train.h5", "--epochs", "3", "--clip", "0", "--batch", "64", "--no-flip",
            "--pad-crop", "0", "--out", "out.onnx", "--quiet", "--rate", rate,
          ] + more, in: folder)
      }
      #expect(try tune("1e30").failed(mentioning: "accepted: a smaller learning rate"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["train.h5", "trained.csv", "trained.onnx"])
      let late = try tune("0.01", "--schedule", "multi-step:1,1e30")
      #expect(late.failed(mentioning: "out.onnx is the network after epoch 1, the best"), "\(late)")
      #expect(try metadata("out.onnx", in: folder)["epoch"] as? Int == 1)
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out.onnx.checkpoint").path))
      #expect(try tune("0.001").status == 0)
    }
  }

  /// Without batch norm the default rate is one that does no harm, and it is said.
  @Test func theDefaultRateSuitsANetworkWithoutBatchNorm() throws {
    try withTemporaryFolder { folder in
      try trained(in: folder)
      let tuned = try Tool.run(
        "tune", "trained.onnx", "--data", "hdf5:train.h5", "--validation", "hdf5:train.h5", "--epochs", "2", "--out", "out.onnx",
        in: folder)
      #expect(tuned.status == 0 && tuned.talk.contains("no batch norm"), "\(tuned.talk)")
      #expect((try metadata("out.onnx", in: folder)["settings"] as? String)?.contains("clipped to 1.0") == true)
      func accuracy(_ name: String) throws -> Double {
        let outcome = try Tool.run("evaluate", name, "--data", "hdf5:train.h5", "--json", in: folder)
        let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return try #require(report?["top1"] as? Double)
      }
      let before = try accuracy("trained.onnx")
      #expect(before > 0.5)
      #expect(try accuracy("out.onnx") >= before - 0.1)
      // What stands where says the class, so that images must stay as they are.
      let outcome = try Tool.run(
        "prune", "trained.onnx", "--criterion", "l1", "--budget", "macs=0.7", "--data", "hdf5:train.h5", "--tune", "2",
        "--no-flip", "--pad-crop", "0", "--latency-batch", "0", "--json", "--out", "small.onnx", in: folder)
      #expect(outcome.status == 0, "\(outcome.talk)")
      let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
      let shares = try #require(report?["accuracy"] as? [String: Any])
      let (cut, after) = (try #require(shares["pruned"] as? Double), try #require(shares["tuned"] as? Double))
      #expect(cut > 0.5 && after >= cut - 0.1, "\(shares)")
    }
  }

  /// A result that guessing would give is said, by `tune` and by `evaluate`.
  @Test func chanceIsSaid() throws {
    try Sample.withModelAndImages { folder in
      // Every class has as many of each image, so that nothing can be told from them.
      try Sample.images(400, in: folder, labels: { ($0 * 7 + $0 / 10) % 10 }, name: "many.h5")
      let evaluated = try Tool.run("evaluate", "lenet.onnx", "--data", "hdf5:many.h5", "--json", in: folder)
      #expect(evaluated.status == 0 && evaluated.talk.contains("no better than guessing among 10 classes"), "\(evaluated)")
      let tuned = try Tool.run(
        "tune", "lenet.onnx", "--data", "hdf5:many.h5", "--epochs", "1", "--rate", "0", "--out", "out.onnx", in: folder)
      #expect(tuned.status == 0 && tuned.talk.contains("no better than guessing"), "\(tuned)")
    }
  }

  /// A network whose outputs are NaN gets nothing right, and JSON stays JSON.
  @Test func outputsThatAreNaNAreSaid() throws {
    try Sample.withModelAndImages { folder in
      var editor = GraphEditor(try Graph(onnx: folder.appendingPathComponent("lenet.onnx").path))
      let last = try #require(editor.nodes.last)
      let bias = try #require(last.inputs[2])
      editor.constants[bias] = .float(Tensor(repeating: .infinity, shape: [10]))
      let negative = editor.add(.float(Tensor(repeating: -.infinity, shape: [1, 10])), named: "negative")
      editor.outputs = [editor.add(Op.Add(), named: "broken", inputs: [last.outputs[0], negative])]
      try editor.graph().writeONNX(to: folder.appendingPathComponent("broken.onnx").path)
      let outcome = try Tool.run("evaluate", "broken.onnx", "--data", "hdf5:images.h5", "--json", in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.talk.contains("40 of 40 images have an output that is NaN") && outcome.talk.contains("the first is"))
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      #expect(report["top1"] as? Double == 0 && report["notNumbers"] as? Int == 40 && report["loss"] is NSNull)
      let table = try Tool.run("evaluate", "broken.onnx", "--data", "hdf5:images.h5", in: folder)
      #expect(table.status == 0 && table.output.contains("0.00 %"))
    }
  }
}
