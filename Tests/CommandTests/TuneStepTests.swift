import Compression
import Experiments
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// What `tune` as a step is told beside epochs and rates: how epochs follow what was saved.
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
}
