import Compression
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// Arms of a study that train what pruning has left from new weights.
@Suite struct ScratchStepTests {
  private func network(_ name: String, in folder: URL) throws -> Graph {
    try Graph(onnx: folder.appendingPathComponent(name).path)
  }

  /// A residual and a depthwise network, pruned, drawn anew and trained: the bytes of a step do not depend on when it is made, and
  /// what is trained is better than what was drawn.
  @Test(arguments: ["resnet20", "mobilenet-v2"]) func whatIsLeftTrainsFromScratch(architecture: String) throws {
    try Sample.withModelAndImages { folder in
      let made = try Tool.run(
        "new", architecture, "--classes", "10", "--input", "1,28,28", "--out", "new.onnx", in: folder)
      #expect(made.status == 0, "\(made)")
      func run(_ out: String, _ steps: String...) throws -> Tool.Outcome {
        try Tool.run(
          ["compress", "new.onnx", "--data", "hdf5:images.h5", "--latency-batch", "0", "--out", out]
            + steps.flatMap { ["--step", $0] }, in: folder)
      }
      let prune = "prune:criterion=l1,budget=macs=0.4,scope=layer"
      let whole = try run(
        "scratch.onnx", prune, "reinitialise:seed=3", "tune:epochs=16,rate=0.1,batch=10,warm-up=2,pad-crop=0,flip=no")
      #expect(whole.status == 0 && !whole.talk.contains("step 2 of 3, reinitialise: it ends worse"), "\(whole)")
      let steps = try ChainRecord(network("scratch.onnx", in: folder).metadata).steps
      #expect(steps.map(\.step) == ["prune", "reinitialise", "tune"] && steps[1].promise == .none)
      #expect(steps[1].settings == ["seed": "3"] && steps[1].notes.isEmpty)
      #expect(steps[1].before.macs == steps[1].after.macs && steps[1].before.parameters == steps[1].after.parameters)
      let score = try #require(steps[2].score)
      #expect(score.after > score.before + 0.2, "\(score)")

      #expect(try run("pruned.onnx", prune).status == 0)
      #expect(try run("drawn.onnx", prune, "reinitialise:seed=3").status == 0)
      let (pruned, drawn) = (try network("pruned.onnx", in: folder), try network("drawn.onnx", in: folder))
      #expect(drawn.nodes.map(\.name) == pruned.nodes.map(\.name))
      #expect(try pruned.reinitialised(seed: 3).constants == drawn.constants)
      #expect(pruned.metadata["espalier.pruning"] == drawn.metadata["espalier.pruning"])
    }
  }

  /// Nothing tells of a training of which nothing is left, and a network without norm is called one.
  @Test func theRecordTellsWhatIsThere() throws {
    try Sample.withModelAndImages { folder in
      let tuned = try Tool.run(
        "tune", "lenet.onnx", "--epochs", "1", "--out", "tuned.onnx", "--data", "hdf5:images.h5", in: folder)
      #expect(tuned.status == 0, "\(tuned)")
      let outcome = try Tool.run(
        "compress", "tuned.onnx", "--step", "reinitialise", "--out", "drawn.onnx", "--seed", "7", in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let drawn = try network("drawn.onnx", in: folder)
      #expect(try network("tuned.onnx", in: folder).metadata["espalier.training"] != nil)
      #expect(drawn.metadata["espalier.training"] == nil)
      let steps = try ChainRecord(drawn.metadata).steps
      #expect(steps.map(\.step) == ["tune", "reinitialise"] && steps[1].settings == ["seed": "7"])
      #expect(steps[1].notes.contains { $0.contains("no norm") })
      #expect(try network("tuned.onnx", in: folder).reinitialised(seed: 7).constants == drawn.constants)
    }
  }
}
