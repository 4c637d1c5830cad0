import Foundation
import Storage
import Tensors
import TestSupport
import Testing

@Suite struct VerbTests {
  @Test func theSameSeedMakesTheSameFile() throws {
    try withTemporaryFolder { folder in
      for name in ["a", "b"] {
        #expect(try Tool.run("new", "lenet", "--seed", "5", "--out", "\(name).onnx", in: folder).status == 0)
      }
      #expect(try Tool.run("new", "lenet", "--seed", "6", "--out", "c.onnx", in: folder).status == 0)
      let files = try ["a", "b", "c"].map { try Data(contentsOf: folder.appendingPathComponent("\($0).onnx")) }
      #expect(files[0] == files[1])
      #expect(files[0] != files[2])
    }
  }

  /// LeNet by hand: 24²·20·25 + 8²·50·20·25 + 800·500 + 500·10 MACs.
  @Test func inspectCounts() throws {
    try Sample.withModelAndImages { folder in
      let table = try Tool.run("inspect", "lenet.onnx", in: folder)
      #expect(table.status == 0)
      #expect(table.output.contains("conv1") && table.output.contains("2,293,000") && table.output.contains("431,080"))
      let json = try Tool.run("inspect", "lenet.onnx", "--json", in: folder)
      let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(object["macs"] as? Int == 2_293_000)
      #expect(object["parameters"] as? Int == 431_080)
      let layers = try #require(object["layers"] as? [[String: Any]])
      let conv = try #require(layers.first { $0["operator"] as? String == "Conv" })
      #expect(conv["output"] as? [Int] == [20, 24, 24])
      #expect(conv["macs"] as? Int == 24 * 24 * 20 * 25)
      #expect(conv["parameters"] as? Int == 520)
    }
  }

  /// The whole way: train, evaluate, relevance, figures.
  @Test func fromImagesToHeatmaps() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(400, in: folder, name: "train.h5")
      let trained = try Tool.run(
        "train", "lenet", "--classes", "10", "--data", "hdf5:train.h5", "--epochs", "4", "--batch", "32", "--rate", "0.05",
        "--no-flip", "--pad-crop", "0", "--seed", "1", "--out", "trained.onnx", in: folder)
      #expect(trained.status == 0, "\(trained.talk)")
      let table = try String(contentsOf: folder.appendingPathComponent("trained.csv"), encoding: .utf8)
      #expect(table.split(separator: "\n").count == 5)

      let evaluated = try Tool.run("evaluate", "trained.onnx", "--data", "hdf5:images.h5", "--json", in: folder)
      let report = try #require(try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
      #expect((report["top1"] as? Double ?? 0) > 0.9)
      #expect(
        report["top5"] != nil && report["loss"] != nil && report["pictures"] as? Int == 40 && report["imagesPerSecond"] != nil)
      let shares = try #require(report["perClass"] as? [String: Double])
      #expect(Set(shares.keys) == Set((0..<10).map { "\($0)" }))
      #expect(abs(shares.values.reduce(0, +) / 10 - (report["top1"] as? Double ?? 0)) < 1e-12, "four images each")
      let harmonic = shares.values.contains(0) ? 0 : 10 / shares.values.reduce(0) { $0 + 1 / $1 }
      #expect(abs((report["harmonicMean"] as? Double ?? -1) - harmonic) < 1e-12)
      let names = (0..<10).map { "\"\($0)\": \"sort \($0)\"" }.joined(separator: ", ")
      try "{\(names)}".write(to: folder.appendingPathComponent("names.json"), atomically: true, encoding: .utf8)
      let named = try Tool.run(
        "evaluate", "trained.onnx", "--data", "hdf5:images.h5", "--classes", "names.json", "--json", in: folder)
      #expect(named.status == 0, "\(named.talk)")
      let namedReport = try #require(try JSONSerialization.jsonObject(with: Data(named.output.utf8)) as? [String: Any])
      #expect((namedReport["perClass"] as? [String: Double])?["sort 3"] == shares["3"])
      let worst = shares.min { ($0.value, $0.key) < ($1.value, $1.key) }!
      let printed = try Tool.run("evaluate", "trained.onnx", "--data", "hdf5:images.h5", in: folder).output
      #expect(printed.contains("worst class") && printed.contains(String(format: "\(worst.key), %.2f %%", 100 * worst.value)))

      let tuned = try Tool.run(
        "tune", "trained.onnx", "--data", "hdf5:train.h5", "--epochs", "1", "--rate", "0.001", "--no-flip", "--pad-crop", "0",
        "--out",
        "tuned.onnx", in: folder)
      #expect(tuned.status == 0, "\(tuned.talk)")

      let relevance = try Tool.run("relevance", "trained.onnx", "--data", "hdf5:images.h5", "--out", "maps.h5", in: folder)
      #expect(relevance.status == 0, "\(relevance.talk)")
      for arguments in [
        ["--out", "maps.png"], ["--data", "hdf5:images.h5", "--out", "images.png"],
        ["--data", "hdf5:images.h5", "--per-class", "2", "--out", "classes.pdf"],
        ["--sheet", "--limit", "9", "--out", "sheet.png"],
      ] {
        let figure = try Tool.run(["figure", "heatmap", "maps.h5"] + arguments, in: folder)
        #expect(figure.status == 0, "\(figure.talk)")
        #expect(try Data(contentsOf: folder.appendingPathComponent(arguments.last!)).count > 200)
      }
    }
  }

  /// Rows do not depend on workers and shards; a limited run is a part of the whole one.
  @Test func relevanceFile() throws {
    try Sample.withModelAndImages { folder in
      for (name, options) in [
        ("one", ["--workers", "1"]), ("two", ["--workers", "2"]), ("none", ["--maps", "none", "--batch", "7"]),
        ("predicted", ["--target", "predicted", "--start", "logit", "--per-class", "1"]),
      ] {
        let outcome = try Tool.run(
          ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--out", "\(name).h5"] + options, in: folder)
        #expect(outcome.status == 0, "\(outcome.talk)")
      }
      let files = try ["one", "two", "none", "predicted"].map {
        try HDF5File.open(folder.appendingPathComponent("\($0).h5").path)
      }
      let layers = ["conv1": 20, "conv2": 50, "fc1": 500, "fc2": 10]
      #expect(try Set(files[0].group("relevance").children()) == Set(layers.keys))
      for (layer, channels) in layers {
        let values: Tensor<Float> = try files[0].dataset("relevance/\(layer)").read()
        #expect(values.shape == [40, channels])
        #expect(values == (try files[1].dataset("relevance/\(layer)").read()))
        let others: Tensor<Float> = try files[2].dataset("relevance/\(layer)").read()
        #expect(zip(values.elements, others.elements).allSatisfy { abs($0 - $1) < 1e-4 })
        let absolute: Tensor<Float> = try files[0].dataset("relevance-absolute/\(layer)").read()
        #expect(zip(values.elements, absolute.elements).allSatisfy { abs($0) <= $1 * 1.0001 })
      }
      let maps: Tensor<Float> = try files[0].dataset("attribution").read()
      #expect(maps.shape == [40, 1, 28, 28])
      #expect(maps == (try files[1].dataset("attribution").read()))
      #expect(files[2].kind(of: "attribution") == nil)
      let labels: Tensor<UInt16> = try files[0].dataset("label").read()
      #expect(labels.elements == (0..<40).map { UInt16($0 % 10) })
      let indices: Tensor<UInt32> = try files[3].dataset("index").read()
      #expect(indices.elements == Array(0..<10))
      // Started from one, the last layer's relevance is one at the label and nothing elsewhere.
      let last: Tensor<Float> = try files[0].dataset("relevance/fc2").read()
      #expect(last.elements == (0..<400).map { $0 % 10 == $0 / 10 % 10 ? 1 : 0 })
    }
  }

  @Test func resultsAreReplacedAndInputsAreNot() throws {
    try Sample.withModelAndImages { folder in
      for _ in 0..<2 {
        #expect(
          try Tool.run("relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--out", "maps.h5", in: folder).status == 0)
      }
      let refused = try Tool.run("relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--out", "./images.h5", in: folder)
      #expect(refused.failed(mentioning: "images.h5"), "\(refused)")
      #expect(try HDF5File.open(folder.appendingPathComponent("images.h5").path).kind(of: "data") == .dataset)
    }
  }
}
