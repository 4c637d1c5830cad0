import Compression
import Experiments
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// What `tune` as a step is told beside epochs and rates: how epochs follow what was saved, and whose answers are learned.
@Suite struct TuneStepTests {
  private func compress(_ out: String, _ steps: [String], in folder: URL, _ more: String...) throws -> Tool.Outcome {
    try Tool.run(
      ["compress", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "8", "--latency-batch", "0", "--out", out]
        + steps.flatMap { ["--step", $0] } + more, in: folder)
  }

  private func steps(_ name: String, in folder: URL) throws -> [StepRecord] {
    try ChainRecord(Graph(onnx: folder.appendingPathComponent(name).path).metadata).steps
  }

  private func bytes(_ name: String, in folder: URL) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  private let prune = "prune:criterion=l1,budget=macs=0.3,scope=layer"

  // MARK: - Epochs

  /// Epochs are those asked for times the MACs saved, and the rate falls where it falls for so many epochs.
  @Test func epochsFollowWhatIsSaved() throws {
    try Sample.withModelAndImages { folder in
      let scaled = try compress(
        "scaled.onnx", [prune, "tune:epochs=3,scale-epochs=macs,schedule=(multi-step:1,2,0.1),warm-up=1"], in: folder)
      #expect(scaled.status == 0, "\(scaled)")
      let records = try steps("scaled.onnx", in: folder)
      let ratio = Double(records[0].before.macs) / Double(records[0].after.macs)
      let epochs = Int((3 * ratio).rounded())
      #expect(ratio > 3 && records[1].settings["epochs"] == "\(epochs)")
      #expect(records[1].settings["scale-epochs"] == "macs")
      func stretched(_ x: Double) -> Double { x * Double(epochs) / 3 }
      let rate = try #require(records[1].settings["rate"])
      #expect(rate.contains("multi-step \(Int(stretched(1).rounded())),\(Int(stretched(2).rounded())) 0.1"), "\(rate)")
      #expect(rate.hasSuffix("warm-up \(stretched(1))"), "\(rate)")

      for (key, wanted) in [("most-epochs=4", "4"), ("most-epochs=400", "\(epochs)")] {
        let outcome = try compress("capped.onnx", [prune, "tune:epochs=3,scale-epochs=macs,\(key)"], in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try steps("capped.onnx", in: folder)[1].settings["epochs"] == wanted)
      }
      // As many epochs as one who counts would ask for.
      let plain = try compress("plain.onnx", [prune, "tune:epochs=\(epochs)"], in: folder)
      let same = try compress("same.onnx", [prune, "tune:epochs=3,scale-epochs=macs"], in: folder)
      #expect(plain.status == 0 && same.status == 0)
      let weights = try ["plain.onnx", "same.onnx"].map {
        try Graph(onnx: folder.appendingPathComponent($0).path).constants
      }
      #expect(weights[0] == weights[1])

      let early = try compress("early.onnx", ["tune:epochs=1,scale-epochs=macs"], in: folder)
      #expect(early.status == 0, "\(early)")
      #expect(try steps("early.onnx", in: folder)[0].settings["epochs"] == "1")
    }
  }

  // MARK: - Teachers

  /// `origin` and `before` are what they say, and the same as the file; what is learned does not depend on the workers.
  @Test func teachersAreWhoTheySay() throws {
    try Sample.withModelAndImages { folder in
      func tune(_ out: String, _ chain: [String], _ keys: String, _ more: String...) throws -> Graph {
        let outcome = try Tool.run(
          ["compress", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "8", "--latency-batch", "0", "--out", out]
            + (chain + ["tune:epochs=2,\(keys)"]).flatMap { ["--step", $0] } + more, in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        return try Graph(onnx: folder.appendingPathComponent(out).path)
      }
      let chain = [prune, "tune:epochs=2", "prune:criterion=l1,budget=macs=0.5,scope=layer"]
      #expect(try compress("before.onnx", Array(chain.prefix(2)), in: folder).status == 0)
      let origin = try tune("a.onnx", chain, "teacher=origin")
      let before = try tune("b.onnx", chain, "teacher=before")
      #expect(try tune("c.onnx", chain, "teacher=lenet.onnx", "--workers", "1").constants == origin.constants)
      #expect(try tune("d.onnx", chain, "teacher=before.onnx", "--workers", "3").constants == before.constants)
      #expect(try tune("e.onnx", [prune], "teacher=before").constants == tune("f.onnx", [prune], "teacher=origin").constants)
      let plain = try tune("g.onnx", chain, "pad-crop=2")
      #expect(origin.constants != before.constants && origin.constants != plain.constants)
      #expect(try tune("h.onnx", chain, "teacher=origin,distil=0").constants == plain.constants)
      #expect(try tune("i.onnx", chain, "teacher=origin,temperature=2").constants != origin.constants)

      let (of, told) = (try steps("a.onnx", in: folder)[3].settings, try steps("i.onnx", in: folder)[3].settings)
      #expect(of["teacher"] == "origin" && of["teacher SHA-256"]?.count == 64 && of["temperature"] == nil)
      #expect(told["temperature"] == "2.0" && told["teacher SHA-256"] == of["teacher SHA-256"])
      #expect(try steps("c.onnx", in: folder)[3].settings["teacher SHA-256"] == of["teacher SHA-256"])
    }
  }

  /// What cannot teach is named before anything is computed.
  @Test func whoCannotTeachIsNamed() throws {
    try Sample.withModelAndImages { folder in
      for (name, classes, input) in [("four.onnx", "4", "1,28,28"), ("wide.onnx", "10", "1,32,32")] {
        let made = try Tool.run("new", "lenet", "--classes", classes, "--input", input, "--out", name, in: folder)
        #expect(made.status == 0, "\(made)")
      }
      for (keys, words) in [
        ("teacher=four.onnx", ["four.onnx", "holds 4 for a sample", "10, as output 'output'"]),
        ("teacher=none.onnx", ["none.onnx"]), ("teacher=before", ["teacher=before", "no step is before this one"]),
        ("teacher=wide.onnx", ["wide.onnx", "1×32×32", "1×28×28"]),
      ] {
        let outcome = try compress("small.onnx", ["tune:epochs=1,\(keys)"], in: folder, "--quiet")
        for word in words { #expect(outcome.failed(mentioning: word), "\(keys) \(word): \(outcome)") }
      }
      for (keys, words) in [
        ("temperature=3", ["temperature", "there is no teacher"]), ("distil=0.5", ["distil", "there is no teacher"]),
        ("teacher=origin,temperature=0", ["temperature"]), ("teacher=origin,distil=1.5", ["distil"]),
        ("scale-epochs=flops", ["scale-epochs is flops", "macs"]), ("most-epochs=3", ["most-epochs", "scale-epochs=macs"]),
      ] {
        let outcome = try compress("small.onnx", ["tune:epochs=1,\(keys)"], in: folder, "--quiet")
        for word in words { #expect(outcome.failed(mentioning: word, status: 64), "\(keys) \(word): \(outcome)") }
      }
      let over = try compress("lenet2.onnx", ["tune:epochs=1,teacher=lenet2.onnx"], in: folder)
      #expect(over.status != 0)
      try FileManager.default.copyItem(
        at: folder.appendingPathComponent("lenet.onnx"), to: folder.appendingPathComponent("lenet2.onnx"))
      let own = try compress("lenet2.onnx", ["tune:epochs=1,teacher=lenet2.onnx"], in: folder, "--quiet")
      #expect(own.failed(mentioning: "lenet2.onnx"), "\(own)")
    }
  }
}
