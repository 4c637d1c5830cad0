import Compression
import Experiments
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// What the record of a step tells of its training, against the table of epochs beside the network.
@Suite struct TrainingRecordTests {
  private func training(_ name: String, in folder: URL) throws -> StepRecord.Training {
    let steps = try ChainRecord(Graph(onnx: folder.appendingPathComponent(name).path).metadata).steps
    return try #require(steps.last?.training)
  }

  /// The rows of a table: epoch, loss, accuracy, and loss and accuracy of validation.
  private func rows(_ name: String, in folder: URL) throws -> [[Double?]] {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8).split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
      return [fields[0], fields[2], fields[3], fields[4], fields[5]]
    }
  }

  private func row(_ epoch: StepRecord.Training.Epoch?) -> [Double?]? {
    epoch.map { [Double($0.epoch), $0.loss, $0.accuracy, $0.validationLoss, $0.validationAccuracy] }
  }

  @Test func theRecordTellsLastAndBest() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(30, in: folder, name: "other.h5")
      func tune(_ out: String, _ arguments: String...) throws {
        let outcome = try Tool.run(
          ["tune", "lenet.onnx", "--data", "hdf5:images.h5", "--epochs", "5", "--batch", "8", "--out", out] + arguments,
          in: folder)
        #expect(outcome.status == 0, "\(outcome)")
      }
      // A network without batch norm gets another rate than the usual one. The last epochs are spoiled by far too high a rate.
      try tune("plain.onnx", "--schedule", "multi-step:3,40")
      var told = try training("plain.onnx", in: folder)
      var table = try rows("plain.csv", in: folder)
      #expect(told.rate == 0.02 && told.epochs == 5 && told.kept == "last" && told.bestBy == "training loss")
      #expect(row(told.last) == table.last)
      #expect(row(told.best) == table.min { $0[1]! < $1[1]! } && told.best != told.last)

      try tune("best.onnx", "--validation", "hdf5:other.h5", "--keep", "best", "--rate", "0.08", "--schedule", "multi-step:3,10")
      told = try training("best.onnx", in: folder)
      table = try rows("best.csv", in: folder)
      #expect(told.rate == 0.08 && told.kept == "best" && told.bestBy == "validation accuracy")
      #expect(row(told.last) == table.last && table.last?[4] != nil)
      let greatest = try #require(table.compactMap { $0[4] }.max())
      let best = try #require(table.filter { $0[4] == greatest }.min { $0[3]! < $1[3]! })
      #expect(row(told.best) == best && told.best != told.last)

      let inspected = try Tool.run("inspect", "best.onnx", "--record", in: folder)
      for words in [
        "trained for 5 epochs at a rate of 0.08; the best was kept", "best by validation accuracy: epoch", "last: epoch 5",
      ] {
        #expect(inspected.output.contains(words), "\(inspected)")
      }
      let none = try Tool.run(
        "tune", "lenet.onnx", "--data", "hdf5:images.h5", "--epochs", "0", "--out", "none.onnx", in: folder)
      #expect(none.status == 0, "\(none)")
      told = try training("none.onnx", in: folder)
      #expect(told.epochs == 0 && told.last == nil && told.best == nil)
    }
  }

  /// A step of a chain tells the same as the verb; records of before it was told are read.
  @Test func chainsTellItToo() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(
        "compress", "lenet.onnx", "--data", "hdf5:images.h5", "--latency-batch", "0", "--step",
        "prune:criterion=l1,budget=macs=0.6",
        "--step", "tune:epochs=2,scale-epochs=macs,validation=hdf5:images.h5,keep=best", "--out", "small.onnx", in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let metadata = try Graph(onnx: folder.appendingPathComponent("small.onnx").path).metadata
      let steps = try ChainRecord(metadata).steps
      let told = try #require(steps[1].training)
      #expect(steps[0].training == nil && told.kept == "best" && told.rate == 0.02)
      #expect("\(told.epochs)" == steps[1].settings["epochs"] && told.last?.epoch == told.epochs)

      let json = Data(try ChainRecord(steps).json.utf8)
      var array = try #require(JSONSerialization.jsonObject(with: json) as? [[String: Any]])
      array[1]["training"] = nil
      let old = String(decoding: try JSONSerialization.data(withJSONObject: array), as: UTF8.self)
      let read = try ChainRecord([ChainRecord.metadataKey: old]).steps
      var wanted = steps
      wanted[1].training = nil
      #expect(read == wanted)
    }
  }
}
