import Compression
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// `compress`: chains of steps, and the record that they leave.
@Suite struct CompressCommandTests {
  private let data = ["--data", "hdf5:images.h5", "--batch", "8", "--latency-batch", "0"]

  private func bytes(_ name: String, in folder: URL) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  private func chain(_ name: String, in folder: URL) throws -> [StepRecord] {
    try ChainRecord(Graph(onnx: folder.appendingPathComponent(name).path).metadata).steps
  }

  /// Pruning and tuning as steps are `prune --tune`, byte for byte, wherever the settings are said, and whatever their order.
  @Test func stepsAreThePruneVerb() throws {
    try Sample.withModelAndImages { folder in
      let verb = try Tool.run(
        [
          "prune", "lenet.onnx", "--criterion", "taylor-2019", "--budget", "macs=0.5", "--scope", "layer", "--per-class", "2",
          "--tune", "1", "--no-flip", "--seed", "5", "--out", "small.onnx",
        ] + data, in: folder)
      #expect(verb.status == 0, "\(verb)")
      try Data(
        """
        [[step]]
        name = "prune"
        scope = "layer"
        budget = "macs=0.50"
        floor = 0.05
        criterion = "taylor-2019"
        [[step]]
        name = "tune"
        flip = false
        epochs = 1
        """.utf8
      ).write(to: folder.appendingPathComponent("chain.toml"))
      for (position, steps) in [
        [
          "--step", "prune:criterion=taylor-2019,budget=macs=0.5,scope=layer,round=1,normalise=l2", "--step",
          "tune:epochs=1,flip=no,rate=0.02",
        ], ["--steps", "chain.toml"],
      ].enumerated() {
        let out = "chain\(position).onnx"
        let outcome = try Tool.run(
          ["compress", "lenet.onnx", "--per-class", "2", "--seed", "5", "--out", out] + steps + data, in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try bytes(out, in: folder) == bytes("small.onnx", in: folder))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains(".steps") })
    }
  }

  /// The file holds all steps with what they began from, `tune` by its own verb among them; `inspect --record` tells them.
  @Test func theRecordIsAChain() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(
        [
          "compress", "lenet.onnx", "--step", "prune:criterion=l1,budget=filters=0.6", "--step", "tune:epochs=1,rate=0.5,seed=2",
          "--step", "prune:criterion=lrp,budget=macs=0.7", "--out", "small.onnx", "--json",
        ] + data, in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let told = try JSONDecoder().decode(
        [StepRecord].self, from: JSONSerialization.data(withJSONObject: try #require(report["steps"])))
      let steps = try chain("small.onnx", in: folder)
      #expect(told == steps && steps.map(\.step) == ["prune", "tune", "prune"])
      #expect(steps[0].settings["budget"] == "filters=0.6" && steps[1].settings["seed"] == "2")
      #expect(steps.map(\.promise) == [.maskedTwin, .none, .maskedTwin])
      for (one, next) in zip(steps, steps.dropFirst()) {
        #expect(one.after == next.before && one.score?.after == next.score?.before)
      }
      #expect(steps.allSatisfy { ($0.score?.isWorse ?? false) == $0.notes.contains { $0.contains("worse than it began") } })
      let graph = try Graph(onnx: folder.appendingPathComponent("small.onnx").path)
      #expect(try steps[2].after == Footprint(graph))

      // Kept channels are counted in the network that the chain began from.
      let pruning = try #require(graph.metadata["espalier.pruning"])
      let record = try JSONSerialization.jsonObject(with: Data(pruning.utf8)) as? [String: Any]
      let kept = try #require(record?["kept"] as? [String: [Int]])
      #expect(kept["conv2"]?.count == graph.constants["conv2.weight"]?.shape[0])

      let tuned = try Tool.run(
        ["tune", "small.onnx", "--epochs", "1", "--out", "tuned.onnx", "--data", "hdf5:images.h5"], in: folder)
      #expect(tuned.status == 0, "\(tuned)")
      let more = try chain("tuned.onnx", in: folder)
      #expect(Array(more.dropLast()) == steps && more.last?.step == "tune" && more.count == 4)
      let inspected = try Tool.run("inspect", "tuned.onnx", "--record", "--json", in: folder)
      #expect(try JSONDecoder().decode([StepRecord].self, from: Data(inspected.output.utf8)) == more, "\(inspected)")
      let table = try Tool.run("inspect", "tuned.onnx", "--record", in: folder)
      #expect(table.status == 0 && table.output.contains("masked-twin") && table.output.contains("criterion: lrp"), "\(table)")
      let none = try Tool.run("inspect", "lenet.onnx", "--record", "--json", in: folder)
      #expect(none.status == 0 && none.output == "[\n\n]\n", "\(none)")
    }
  }

  /// Killed wherever it is, the same command comes to the bytes of a run that was left alone.
  @Test(arguments: 0..<4) func killed(round: Int) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(600, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        [
          "compress", "lenet.onnx", "--data", "hdf5:many.h5", "--batch", "8", "--latency-batch", "0", "--workers", "1", "--step",
          "prune:criterion=taylor-2019,budget=macs=0.6", "--step", "tune:epochs=1", "--step",
          "prune:criterion=lrp,budget=macs=0.5", "--step", "tune:epochs=1", "--out", out,
        ]
      }
      let steps = [("1-prune", ".claim"), ("1-prune", ".done"), ("2-tune", ".done"), ("3-prune", ".done")]
      let process = try Tool.start(command("small.onnx"), in: folder)
      while process.isRunning, Sample.step(steps[round].0, steps[round].1, in: folder) == nil { usleep(2000) }
      usleep(UInt32(round * 30_000))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let again = try Tool.run(command("small.onnx"), in: folder)
      #expect(again.status == 0 && again.talk.contains("done by an earlier run") == (round > 0), "\(again)")
      #expect(try Tool.run(command("whole.onnx"), in: folder).status == 0)
      #expect(try bytes("small.onnx", in: folder) == bytes("whole.onnx", in: folder))
    }
  }

  /// Chains that begin alike share their beginning in a store, two at a time too, and come to the bytes that each has alone.
  @Test func chainsShareAStore() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(400, in: folder, name: "many.h5")
      func command(_ rate: String, _ out: String, _ more: String...) -> [String] {
        [
          "compress", "lenet.onnx", "--data", "hdf5:many.h5", "--batch", "8", "--latency-batch", "0", "--workers", "1", "--step",
          "prune:criterion=group-fisher,budget=macs=0.6", "--step", "tune:epochs=1,rate=\(rate)", "--out", out,
        ] + more
      }
      let processes = try ["0.01", "0.02"].map {
        try Tool.start(command($0, "\($0).onnx", "--store", "steps"), in: folder)
      }
      for process in processes {
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("steps").path)
      #expect(names.count { $0.hasSuffix(".done") && $0.hasPrefix("1-prune") } == 1)
      #expect(names.count { $0.hasSuffix(".done") && $0.hasPrefix("2-tune") } == 2)
      for rate in ["0.01", "0.02"] {
        #expect(try Tool.run(command(rate, "alone.onnx"), in: folder).status == 0)
        #expect(try bytes("alone.onnx", in: folder) == bytes("\(rate).onnx", in: folder))
      }
      let again = try Tool.run(command("0.01", "again.onnx", "--store", "steps"), in: folder)
      #expect(again.status == 0 && again.talk.contains("step 2 of 2, tune: done by an earlier run"), "\(again)")
    }
  }

  /// What cannot be is said in a line that names step and key, before anything is computed.
  @Test func whatIsWrongIsSaidInALine() throws {
    try Sample.withModelAndImages { folder in
      let command = ["compress", "lenet.onnx", "--out", "small.onnx", "--quiet"] + data
      for (steps, words) in [
        (["purne:budget=macs=0.5"], ["step 1 of 1", "'purne'", "did you mean 'prune'?"]),
        (["prune:criterion=l1,budget=macs=0.5,scpoe=layer"], ["step 1 of 1, prune", "'scpoe'", "did you mean 'scope'?"]),
        (["prune:criterion=l3,budget=macs=0.5"], ["step 1 of 1, prune", "criterion", "'l3'"]),
        (["prune:criterion=l1,budget=mac=0.5"], ["step 1 of 1, prune", "budget", "'mac=0.5'"]),
        (["prune:criterion=l1"], ["step 1 of 1, prune", "no budget"]),
        (["prune:budget=macs=0.5"], ["step 1 of 1, prune", "criterion=NAME"]),
        (["prune:criterion=l1,budget=macs=0.5", "tune:epoch=3"], ["step 2 of 2, tune", "'epoch'", "did you mean 'epochs'?"]),
        (["prune:criterion=l1,budget=macs=0.5", "tune:epochs=x"], ["step 2 of 2, tune", "epochs is x"]),
        (["prune:criterion=l1,budget=macs=0.5,scope=layr"], ["step 1 of 1, prune", "scope is layr", "'layer'"]),
        (["prune:criterion=(obd:form=fisher,x=1),budget=macs=0.5"], ["'x' is not a parameter"]),
        (["prune:criterion=(l1,budget=macs=0.5"], ["parenthesis"]),
      ] {
        let outcome = try Tool.run(command + steps.flatMap { ["--step", $0] }, in: folder)
        for word in words { #expect(outcome.failed(mentioning: word, status: 64), "\(steps) \(word): \(outcome)") }
      }
      for (steps, words) in [
        (["tune:epochs=200", "prune:criterion=l1,budget=macs=0.0001"], ["step 2 of 2, prune", "macs=0.0001 cannot be kept"]),
        (["tune:epochs=200", "prune:criterion=l1,budget=macs=0.5,protect=nothing*"], ["step 2 of 2, prune", "'nothing*'"]),
      ] {
        let outcome = try Tool.run(command + steps.flatMap { ["--step", $0] }, in: folder)
        for word in words { #expect(outcome.failed(mentioning: word), "\(steps) \(word): \(outcome)") }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("small.onnx.steps").path))
      }
      for (text, words) in [
        (
          "[[step]]\nname = \"prune\"\ncriterion = \"l1\"\nbudget = \"macs=0.5\"\nflor = 0.1",
          ["'flor'", "'floor'", "step 1 of 1"]
        ),
        ("[[steps]]\nname = \"prune\"", ["'steps'", "'step'"]), ("[[step]]\nepochs = 1", ["no name"]), ("step = 3", ["no steps"]),
        ("[[step]]\nname = \"tune\"\nepochs = [[1]]\n[step", ["chain.toml"]),
      ] {
        try Data(text.utf8).write(to: folder.appendingPathComponent("chain.toml"))
        let outcome = try Tool.run(command + ["--steps", "chain.toml"], in: folder)
        for word in words { #expect(outcome.failed(mentioning: word), "\(text) \(word): \(outcome)") }
      }
    }
  }
}
