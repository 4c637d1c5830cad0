import Foundation
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// `prune` by several criteria, with surgery and reconstruction, stopped and gone on with, and where it cannot write.
@Suite struct PruneWaysTests {
  private let budget = ["--budget", "macs=0.5", "--latency-batch", "0"]
  private let data = ["--data", "hdf5:images.h5", "--batch", "8"]

  /// Prunes `lenet.onnx` and reads what came of it.
  private func pruned(_ arguments: [String], in folder: URL, source: SourceLocation = #_sourceLocation) throws -> Graph {
    let outcome = try Tool.run(["prune", "lenet.onnx", "--out", "way.onnx"] + arguments + budget, in: folder)
    #expect(outcome.status == 0, "\(arguments): \(outcome)", sourceLocation: source)
    return try Graph(onnx: folder.appendingPathComponent("way.onnx").path)
  }

  private func kept(_ graph: Graph) throws -> [String: [Int]] {
    let text = try #require(graph.metadata["espalier.pruning"])
    let record = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(record?["kept"] as? [String: [Int]])
  }

  private func weights(_ graph: Graph, _ name: String) throws -> Tensor<Float> {
    try #require(graph.constants["\(name).weight"]?.floats)
  }

  /// All the weight on one criterion is that criterion; a criterion's positions beside its own are its order.
  @Test func criteriaTogether() throws {
    try Sample.withModelAndImages { folder in
      let (first, second) = (
        try pruned(["--criterion", "l1"], in: folder),
        try pruned(["--criterion", "lrp"] + data + ["--normalise", "l2"], in: folder)
      )
      #expect(try kept(first) != kept(second))
      let both = ["--criterion", "l1", "--criterion", "lrp"] + data
      #expect(try pruned(both + ["--combine", "weights=1,0"], in: folder).constants == first.constants)
      #expect(try pruned(both + ["--combine", "weights=0,1"], in: folder).constants == second.constants)
      let mixed = try kept(pruned(both + ["--combine", "mean-rank"], in: folder))
      #expect(try mixed != kept(first) && mixed != kept(second))
      let twice = try pruned(["--criterion", "l1", "--criterion", "l1", "--combine", "mean-rank"], in: folder)
      #expect(twice.constants == first.constants)
      for (arguments, words) in [
        (both, "--combine"), (both + ["--combine", "weights=1"], "1 weight for 2 criteria"),
        (both + ["--combine", "weights=1,x"], "are no weights"), (["--criterion", "l1", "--combine", "mean-rank"], "several"),
      ] {
        let outcome = try Tool.run(["prune", "lenet.onnx", "--out", "none.onnx"] + arguments + budget, in: folder)
        #expect(outcome.status == 64 && outcome.talk.contains(words), "\(arguments): \(outcome)")
      }
    }
  }

  /// Scales are one factor an input; kernels are more; both keep the filters that are kept without.
  @Test func reconstruction() throws {
    try Sample.withModelAndImages { folder in
      let plain = try pruned(["--criterion", "l1"], in: folder)
      for mode in ["scales", "kernels"] {
        let fitted = try pruned(["--criterion", "l1", "--reconstruct", mode] + data, in: folder)
        #expect(try kept(fitted) == kept(plain))
        #expect(fitted.metadata["espalier.pruning"]?.contains(mode) == true)
        #expect(try weights(fitted, "conv1") == weights(plain, "conv1"))
        let (before, after) = (try weights(plain, "fc1"), try weights(fitted, "fc1"))
        #expect(before.shape == after.shape && before != after)
        let (rows, columns) = (before.shape[0], before.shape[1])
        let spread = (0..<columns).map { column in
          let factors = (0..<rows).map { Double(after.elements[$0 * columns + column] / before.elements[$0 * columns + column]) }
          return (factors.max()! - factors.min()!) / factors.reduce(0) { max($0, abs($1)) }
        }
        #expect(mode == "scales" ? spread.allSatisfy { $0 < 1e-4 } : spread.contains { $0 > 1e-2 }, "\(mode)")
      }
      let outcome = try Tool.run(
        ["prune", "lenet.onnx", "--criterion", "l1", "--reconstruct", "scales", "--out", "x.onnx"] + budget, in: folder)
      #expect(outcome.status == 64 && outcome.talk.contains("needs images"), "\(outcome)")
    }
  }

  /// What one pruning kept, another keeps, from the network or a file of masks; layers keep the widths that they are given.
  @Test func keptAndWidths() throws {
    try Sample.withModelAndImages { folder in
      let first = try pruned(["--criterion", "l1"], in: folder)
      try FileManager.default.moveItem(
        at: folder.appendingPathComponent("way.onnx"), to: folder.appendingPathComponent("first.onnx"))
      try JSONEncoder().encode(kept(first)).write(to: folder.appendingPathComponent("masks.json"))
      func run(_ arguments: [String]) throws -> Graph {
        let outcome = try Tool.run(
          ["prune", "lenet.onnx", "--latency-batch", "0", "--quiet", "--out", "way.onnx"] + arguments, in: folder)
        #expect(outcome.status == 0, "\(arguments): \(outcome)")
        return try Graph(onnx: folder.appendingPathComponent("way.onnx").path)
      }
      for file in ["first.onnx", "masks.json"] {
        let again = try run(["--kept", file])
        #expect(try again.constants == first.constants && kept(again) == kept(first))
      }
      try Data("{\"conv1\": 5, \"fc*\": 0.5}".utf8).write(to: folder.appendingPathComponent("widths.json"))
      let (spoken, read) = (
        try run(["--criterion", "l1", "--widths", "conv1=5", "--widths", "fc1=0.5"]),
        try run(["--criterion", "l1", "--widths", "conv1=5 fc1=0.5"])
      )
      #expect(spoken.constants == read.constants && spoken.constants["conv1.weight"]?.shape[0] == 5)
      // The filters that stay are the greatest of an order that NumPy would give too: by the sum of magnitudes.
      let whole = try weights(Graph(onnx: folder.appendingPathComponent("lenet.onnx").path), "conv1")
      let norms = (0..<whole.shape[0]).map { row in whole.rows(row..<row + 1).elements.reduce(0.0) { $0 + Double(abs($1)) } }
      #expect(try kept(spoken)["conv1"] == norms.indices.sorted { norms[$0] > norms[$1] }.prefix(5).sorted())
      _ = try run(["--criterion", "apoz", "--threshold", "mean-1sd"] + data)
      for (arguments, words, status) in [
        (["--criterion", "l1", "--widths", "widths.json"], "its filters must stay", Int32(1)),
        (["--criterion", "l1", "--widths", "conv9=3"], "'conv9'", 1), (["--kept", "lenet.onnx"], "was not pruned", 1),
        (["--kept", "images.h5"], "images.h5", 1), (["--kept", "masks.json", "--criterion", "l1"], "without --criterion", 64),
        (["--criterion", "l1", "--threshold", "most"], "'most' is no threshold", 64),
        (["--criterion", "l1"], "says what goes", 64),
        (["--criterion", "l1", "--widths", "conv1=5", "--steps", "2"], "--steps reaches a --budget", 64),
        (["--budget", "macs=0.5"], "--criterion NAME", 64),
      ] {
        let outcome = try Tool.run(["prune", "lenet.onnx", "--quiet", "--out", "x.onnx"] + arguments, in: folder)
        #expect(outcome.failed(mentioning: words, status: status), "\(arguments): \(outcome)")
      }
      let steps = try Tool.run(
        [
          "compress", "lenet.onnx", "--latency-batch", "0", "--out", "way.onnx", "--step", "prune:kept=masks.json", "--step",
          "prune:criterion=l1,threshold=mean-0.5sd", "--step", "prune:criterion=l1,widths=conv1=2",
        ], in: folder)
      #expect(steps.status == 0, "\(steps)")
      #expect(try Graph(onnx: folder.appendingPathComponent("way.onnx").path).constants["conv1.weight"]?.shape[0] == 2)
    }
  }

  /// The heirs' outgoing weights take up those of the filters that go; nothing else changes.
  @Test func fusion() throws {
    try Sample.withModelAndImages { folder in
      for criterion in ["data-free", "divnet"] {
        let images = criterion == "divnet" ? data : []
        let (fused, cut) = (
          try pruned(["--criterion", criterion] + images, in: folder),
          try pruned(["--criterion", "\(criterion):fuse=no"] + images, in: folder)
        )
        #expect(try kept(fused) == kept(cut))
        #expect(try weights(fused, "conv1") == weights(cut, "conv1"))
        #expect(try weights(fused, "fc2") != weights(cut, "fc2"))
        guard criterion == "data-free" else { continue }
        // Every outgoing weight stands in one heir: a row's sum over its inputs is the whole network's.
        let whole = try weights(Graph(onnx: folder.appendingPathComponent("lenet.onnx").path), "fc2")
        for row in 0..<10 {
          func sum(_ tensor: Tensor<Float>) -> Double {
            let columns = tensor.shape[1]
            return tensor.elements[row * columns..<(row + 1) * columns].reduce(0) { $0 + Double($1) }
          }
          #expect(try abs(sum(weights(fused, "fc2")) - sum(whole)) < 1e-4)
        }
      }
    }
  }

  /// Stopped or killed in its second step, it goes on to the bytes of a run that was left alone.
  @Test(arguments: [SIGINT, SIGKILL]) func stoppedBetweenSteps(signal: Int32) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(600, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        [
          "prune", "lenet.onnx", "--criterion", "taylor-2019", "--data", "hdf5:many.h5", "--batch", "8", "--steps", "2", "--tune",
          "1", "--workers", "1", "--out", out,
        ] + budget
      }
      let process = try Tool.start(command("small.onnx"), in: folder)
      while process.isRunning, Sample.step("2-tune", ".done", in: folder) == nil { usleep(2000) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == (signal == SIGINT ? 130 : SIGKILL))
      let small = folder.appendingPathComponent("small.onnx")
      #expect(!FileManager.default.fileExists(atPath: small.path))
      let again = try Tool.run(command("small.onnx"), in: folder)
      #expect(again.status == 0 && again.talk.contains("step 2 of 4, tune: done by an earlier run"), "\(again)")
      #expect(try Tool.run(command("whole.onnx"), in: folder).status == 0)
      #expect(try Data(contentsOf: small) == Data(contentsOf: folder.appendingPathComponent("whole.onnx")))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains(".steps") })
    }
  }

  /// With a choice of outputs a stopped run reads its own steps, whose networks have both.
  @Test func stoppedWithAChoiceOfOutputs() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(600, in: folder, name: "many.h5")
      var editor = GraphEditor(try Graph(onnx: folder.appendingPathComponent("lenet.onnx").path))
      let last = try #require(editor.nodes.last)
      var random = Philox(seed: 12)
      let width = try #require(last.inputs[1].flatMap { editor.constants[$0]?.shape[1] })
      let weight = Tensor((0..<10 * width).map { _ in Float(random.normal()) / 8 }, shape: [10, width])
      let name = editor.add(.float(weight), named: "second.weight")
      editor.outputs.append(editor.add(Op.Gemm(transposeB: true), named: "second", inputs: [last.inputs[0], name]))
      try editor.graph().writeONNX(to: folder.appendingPathComponent("heads.onnx").path)
      func command(_ out: String) -> [String] {
        [
          "prune", "heads.onnx", "--output", "second", "--criterion", "taylor-2019", "--data", "hdf5:many.h5", "--batch", "8",
          "--steps", "2", "--tune", "1", "--workers", "1", "--out", out,
        ] + budget
      }
      let process = try Tool.start(command("small.onnx"), in: folder)
      while process.isRunning, Sample.step("2-tune", ".done", in: folder) == nil { usleep(2000) }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      let again = try Tool.run(command("small.onnx"), in: folder)
      #expect(again.status == 0 && again.talk.contains("step 2 of 4, tune: done by an earlier run"), "\(again)")
      #expect(try Tool.run(command("whole.onnx"), in: folder).status == 0)
      let files = try ["small.onnx", "whole.onnx"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
      #expect(try Graph(onnx: folder.appendingPathComponent("small.onnx").path).outputs == ["output", "second"])
    }
  }

  /// Of what a criterion observes itself nothing is saved, and that is what is said.
  @Test func stoppedWhileScoring() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(4000, in: folder, name: "many.h5")
      let talk = Pipe()
      let process = try Tool.start(
        [
          "prune", "lenet.onnx", "--criterion", "group-fisher", "--data", "hdf5:many.h5", "--batch", "4", "--workers", "1",
          "--out", "small.onnx",
        ] + budget, in: folder, talk: talk)
      let key = folder.appendingPathComponent("small.onnx.steps/key").path
      while process.isRunning, !FileManager.default.fileExists(atPath: key) { usleep(2000) }
      usleep(200_000)
      kill(process.processIdentifier, SIGINT)
      let text = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      #expect(text.contains("begins this pass anew") && !text.contains("goes on from there"), "\(text)")
      // Nothing is left that the next run would have to read.
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("small.onnx.steps").path))
    }
  }

  /// Steps of a run with other settings are not gone on from, be they in a file whose name is the same.
  @Test(arguments: ["composite", "preprocess", "target", "quantile", "vote share", "concepts", "tuning data"])
  func stepsOfOtherSettings(changed: String) throws {
    try Sample.withModelAndImages { folder in
      func write(_ last: UInt8) throws {
        var pixels = [UInt8](repeating: 0, count: 600 * 784)
        for position in pixels.indices { pixels[position] = UInt8((position * 7 + position / 784 * 31) % 251) }
        pixels[600 * 784 - 1] = last
        let file = try HDF5File.create(folder.appendingPathComponent("many.h5").path)
        try file.write(Tensor(pixels, shape: [600, 1, 28, 28]), to: "data")
        try file.write(Tensor((0..<600).map { UInt16($0 % 10) }, shape: [600]), to: "label")
        try file.commit()
      }
      try write(0)
      try SavedStateTests.settings(isFirst: true, in: folder)
      let isOfConcepts = ["quantile", "vote share", "concepts"].contains(changed)
      func command(_ out: String, isFirst: Bool) -> [String] {
        func value(_ name: String, _ one: String, _ other: String) -> String { name != changed || isFirst ? one : other }
        let way =
          isOfConcepts
          ? [
            "votes", "--concepts", "hdf5:concepts.h5", "--quantile", value("quantile", "0.1", "0.2"), "--vote-share",
            value("vote share", "0.1", "0.5"),
          ] : ["lrp", "--composite", "rules.toml", "--target", value("target", "3", "4")]
        return ["prune", "lenet.onnx", "--criterion"] + way
          + [
            "--data", "hdf5:many.h5", "--limit", "200", "--preprocess", "p.toml", "--batch", "8", "--steps", "2", "--tune", "1",
            "--workers", "1", "--out", out,
          ] + budget
      }
      let process = try Tool.start(command("small.onnx", isFirst: true), in: folder)
      while process.isRunning, Sample.step("2-tune", ".done", in: folder) == nil { usleep(2000) }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      try SavedStateTests.settings(isFirst: false, changed, in: folder)
      // An image behind those that are scored with.
      if changed == "tuning data" { try write(255) }
      let again = try Tool.run(command("small.onnx", isFirst: false), in: folder)
      #expect(again.status == 0 && !again.talk.contains("by an earlier run"), "\(again)")
      #expect(!again.talk.contains("going on"), "\(again)")
      #expect(try Tool.run(command("whole.onnx", isFirst: false), in: folder).status == 0)
      let files = try ["small.onnx", "whole.onnx"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }

  /// What is of the loss is refused without labels, unless a class is asked for; the rest does without.
  @Test func labels() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(in: folder, labels: nil, name: "unlabelled.h5")
      let command =
        ["prune", "lenet.onnx", "--out", "way.onnx", "--data", "hdf5:unlabelled.h5", "--batch", "8", "--quiet"] + budget
      for criterion in [
        "group-fisher", "obd:form=fisher", "taylor-2017-flops", "taylor-2017", "taylor-2019", "taylor-signed", "fisher",
        "mean-gradient",
      ] {
        let outcome = try Tool.run(command + ["--criterion", criterion], in: folder)
        #expect(outcome.failed(mentioning: "needs labels"), "\(criterion): \(outcome)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasPrefix("way") })
      }
      for criterion in ["group-fisher", "obd:form=fisher"] {
        let outcome = try Tool.run(command + ["--criterion", criterion, "--target", "predicted"], in: folder)
        #expect(outcome.status == 0, "\(criterion): \(outcome)")
      }
      for criterion in ["obd", "input-x-gradient", "thinet", "divnet", "neuron-votes", "lrp", "binary-entropy", "apoz"] {
        let outcome = try Tool.run(command + ["--criterion", criterion], in: folder)
        #expect(outcome.status == 0, "\(criterion): \(outcome)")
      }
    }
  }

  /// A file that is there is replaced; the network that is read, a folder and a position that cannot be written to are refused.
  @Test func positions() throws {
    try Sample.withModelAndImages { folder in
      let path = folder.appendingPathComponent("old.onnx")
      try Data("old".utf8).write(to: path)
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("there"), withIntermediateDirectories: true)
      func run(_ out: String, _ more: String...) throws -> Tool.Outcome {
        try Tool.run(
          ["prune", "lenet.onnx", "--criterion", "l1", "--quiet", "--out", out] + (more.isEmpty ? budget : more), in: folder)
      }
      for (out, words) in [
        ("lenet.onnx", "it is read by this command"), ("there", "cannot replace what is there"),
        ("old.onnx/small.onnx", "folder cannot be made"), ("/dev/full", "cannot replace what is there"),
      ] {
        let outcome = try run(out)
        #expect(outcome.failed(mentioning: words) && outcome.talk.contains(out), "\(out): \(outcome)")
      }
      #expect(try Data(contentsOf: path) == Data("old".utf8))
      for budget in ["macs=0.0001", "parameters=0.0001", "filters=0.001", "activations=0.0001"] {
        let outcome = try run("old.onnx", "--budget", budget, "--latency-batch", "0")
        #expect(outcome.failed(mentioning: "\(budget) cannot be kept"), "\(outcome)")
        #expect(try Data(contentsOf: path) == Data("old".utf8))
      }
      #expect(try run("old.onnx").status == 0)
      #expect(try Graph(onnx: path.path).metadata["espalier.pruning"] != nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains(".steps") })
    }
  }
}
