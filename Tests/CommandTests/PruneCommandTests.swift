import Foundation
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// `prune`, and the views of networks and figures that go with it.
@Suite struct PruneCommandTests {
  private let half = ["--budget", "macs=0.5", "--latency-batch", "0", "--out", "small.onnx"]

  @Test func weightsAlone() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(["prune", "lenet.onnx", "--criterion", "l1"] + half, in: folder)
      #expect(outcome.status == 0 && outcome.output.contains("conv2") && outcome.talk.contains("differ by"), "\(outcome)")
      let path = folder.appendingPathComponent("small.onnx").path
      let (before, after) = (try Graph(onnx: folder.appendingPathComponent("lenet.onnx").path), try Graph(onnx: path))
      let share = Double(try after.summary().macs) / Double(try before.summary().macs)
      #expect(0.48...0.5 ~= share, "\(share)")
      let record = try JSONSerialization.jsonObject(with: Data(after.metadata["espalier.pruning"]!.utf8)) as? [String: Any]
      let kept = try #require(record?["kept"] as? [String: [Int]])
      for layer in after.linearLayers {
        let filters = try after.facts(batch: 1)[layer.node.outputs[0]]!.shape[1]
        let weight = after.constants[layer.node.inputs[1]!]!.floats!
        guard let positions = kept[layer.node.label] else { continue }
        #expect(positions.count == filters && positions == positions.sorted())
        // The kept filters' own weights, where the inputs were all kept.
        if layer.name == "conv1" {
          let whole = before.constants[layer.node.inputs[1]!]!.floats!
          #expect(weight.elements == positions.flatMap { whole.rows($0..<$0 + 1).elements })
        }
      }
      #expect(record?["criterion"] as? String == "l1" && record?["budget"] as? String == "macs=0.5")
      #expect(!FileManager.default.fileExists(atPath: path + ".steps"))

      let compared = try Tool.run("inspect", "lenet.onnx", "--compare", "small.onnx", "--json", in: folder)
      #expect(compared.status == 0 && compared.output.contains("\"filters\""))
      for (figure, file) in [("pruning", "small.onnx"), ("groups", "lenet.onnx")] {
        let drawn = try Tool.run("figure", figure, file, "--out", "\(figure).png", in: folder)
        #expect(drawn.status == 0, "\(drawn)")
        #expect(try Data(contentsOf: folder.appendingPathComponent("\(figure).png")).count > 1000)
      }
    }
  }

  @Test func scoresFromAFileAndFromData() throws {
    try Sample.withModelAndImages { folder in
      let data = ["--data", "hdf5:images.h5", "--batch", "8"]
      let scored = try Tool.run(["score", "lenet.onnx", "--out", "scores.h5", "--criterion", "lrp"] + data, in: folder)
      #expect(scored.status == 0, "\(scored)")
      let fromFile = try Tool.run(["prune", "lenet.onnx", "--scores", "scores.h5", "--criterion", "lrp"] + half, in: folder)
      #expect(fromFile.status == 0, "\(fromFile)")
      let first = try Graph(onnx: folder.appendingPathComponent("small.onnx").path)
      let fromData = try Tool.run(["prune", "lenet.onnx", "--criterion", "lrp"] + data + half, in: folder)
      #expect(fromData.status == 0 && fromData.output.contains("accuracy"), "\(fromData)")
      #expect(try Graph(onnx: folder.appendingPathComponent("small.onnx").path).constants == first.constants)
      let drawn = try Tool.run("figure", "pruning", "small.onnx", "--scores", "scores.h5", "--out", "kept.pdf", in: folder)
      #expect(drawn.status == 0, "\(drawn)")
    }
  }

  /// A criterion of activations is taken behind the activation, where its source takes it.
  @Test(arguments: ["apoz", "entropy", "neuron-votes"]) func activationsAreThoseBehindTheActivation(criterion: String) throws {
    try Sample.withModelAndImages { folder in
      let data = ["--criterion", criterion, "--data", "hdf5:images.h5", "--batch", "8"]
      let scored = try Tool.run(["score", "lenet.onnx", "--out", "scores.h5", "--site", "activation"] + data, in: folder)
      #expect(scored.status == 0, "\(scored)")
      let pruned = try [["--scores", "scores.h5", "--criterion", criterion], data].map { source in
        let outcome = try Tool.run(["prune", "lenet.onnx"] + source + half, in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        return try Graph(onnx: folder.appendingPathComponent("small.onnx").path).constants
      }
      #expect(pruned[0] == pruned[1])
    }
  }

  @Test func stepsAndTuning() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(
        [
          "prune", "lenet.onnx", "--criterion", "taylor-2017", "--data", "hdf5:images.h5", "--batch", "8", "--steps", "2",
          "--tune", "1",
        ]
          + half, in: folder)
      #expect(outcome.status == 0 && outcome.output.contains("tuned"), "\(outcome)")
      let after = try Graph(onnx: folder.appendingPathComponent("small.onnx").path)
      let before = try Graph(onnx: folder.appendingPathComponent("lenet.onnx").path)
      #expect(Double(try after.summary().macs) <= 0.5 * Double(try before.summary().macs))
      // The kept positions are counted in the network as it was before the first step.
      let record = try JSONSerialization.jsonObject(with: Data(after.metadata["espalier.pruning"]!.utf8)) as? [String: Any]
      let kept = try #require(record?["kept"] as? [String: [Int]])
      #expect(Set(kept["conv2"] ?? []).count == after.constants["conv2.weight"]?.shape[0])
    }
  }

  @Test func whatIsWrongIsSaidInALine() throws {
    try Sample.withModelAndImages { folder in
      let made = try Tool.run("new", "lenet", "--classes", "10", "--seed", "4", "--out", "other.onnx", in: folder)
      #expect(made.status == 0)
      try Sample.images(in: folder, labels: nil, name: "unlabelled.h5")
      let scored = try Tool.run(
        "score", "other.onnx", "--out", "scores.h5", "--criterion", "lrp", "--data", "hdf5:images.h5", "--batch", "8",
        in: folder)
      #expect(scored.status == 0)
      for (arguments, words) in [
        (["--criterion", "l1", "--floor", "0.9"], "cannot be kept"),
        (["--criterion", "l1", "--protect", "conv9"], "no layer with filters is called 'conv9'"),
        (["--criterion", "taylor-2019"], "needs images"),
        (["--criterion", "l1", "--tune", "1"], "tuning needs images"),
        (["--scores", "scores.h5", "--criterion", "lrp"], "another network"),
        (["--scores", "images.h5"], "it holds no scores"),
        (["--scores", "absent.h5"], "absent.h5"),
        (["--criterion", "votes", "--data", "hdf5:images.h5"], "needs masks"),
        (["--criterion", "taylor-2019", "--data", "hdf5:unlabelled.h5"], "needs labels"),
        (["--criterion", "taylor-2017-flops", "--data", "hdf5:unlabelled.h5"], "needs labels"),
        (["--criterion", "group-fisher", "--data", "hdf5:unlabelled.h5"], "needs labels"),
        (["--criterion", "obd:form=fisher", "--data", "hdf5:unlabelled.h5"], "needs labels"),
        (["--criterion", "l1", "--tune", "1", "--data", "hdf5:unlabelled.h5"], "no labels"),
      ] {
        let outcome = try Tool.run(["prune", "lenet.onnx"] + arguments + half, in: folder)
        #expect(outcome.status == 1 && outcome.output.isEmpty, "\(arguments): \(outcome)")
        #expect(outcome.talk.contains("espalier: error: ") && outcome.talk.contains(words), "\(arguments): \(outcome.talk)")
        for left in ["small.onnx", "small.onnx.steps"] {
          #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent(left).path), "\(arguments): \(left)")
        }
      }
      for (criterion, words) in [
        ("nothing", "there is no criterion 'nothing'"), ("l1:bins=3", "'bins' is not a parameter"),
        ("talyor-2019", "did you mean 'taylor-2019'?"),
      ] {
        let outcome = try Tool.run(["prune", "lenet.onnx", "--criterion", criterion] + half, in: folder)
        #expect(outcome.failed(mentioning: words, status: 64), "\(criterion): \(outcome)")
      }
      for arguments in [["--budget", "macs=2"], ["--budget", "time=0.5"], ["--budget", "macs=0.5", "--round", "0"]] {
        let outcome = try Tool.run(["prune", "lenet.onnx", "--criterion", "l1", "--out", "small.onnx"] + arguments, in: folder)
        #expect(outcome.status == 64, "\(outcome)")
      }
    }
  }

  /// Where the time goes, by kinds of layers whose MACs are all of the network's.
  @Test func timeIsTakenApart() throws {
    try Sample.withModelAndImages { folder in
      let command = [
        "prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--latency-batch", "3", "--out", "small.onnx",
      ]
      let table = try Tool.run(command, in: folder)
      #expect(table.status == 0 && table.output.contains("where the time goes") && table.output.contains("convolution 5 × 5"))
      let outcome = try Tool.run(command + ["--json"], in: folder)
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let networks = try #require(report["networks"] as? [String: Any])
      let macs = try #require(networks["macs"] as? [String: Int])
      let profile = try #require(report["profile"] as? [String: Any])
      let parts = try #require(profile["parts"] as? [[String: Any]])
      let costs = parts.map { $0["macs"] as? [Int] ?? [] }
      #expect(costs.reduce(0) { $0 + $1[0] } == 3 * macs["before"]! && costs.reduce(0) { $0 + $1[1] } == 3 * macs["after"]!)
      #expect(Set(parts.compactMap { $0["kind"] as? String }).isSuperset(of: ["convolution 5 × 5", "linear", "pooling"]))
      let times = parts.map { $0["milliseconds"] as? [Double] ?? [] }
      #expect(times.allSatisfy { $0.count == 2 } && times.map { $0[0] } == times.map { $0[0] }.sorted(by: >) && times[0][1] > 0)
    }
  }

  @Test func groupsAreListed() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run("inspect", "lenet.onnx", "--groups", in: folder)
      #expect(outcome.status == 0 && outcome.output.contains("the network's output") && outcome.output.contains("filters may go"))
      #expect(try Tool.run("inspect", "lenet.onnx", "--groups", "--json", in: folder).output.contains("\"removableFilters\""))
    }
  }
}
