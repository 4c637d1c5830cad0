import Foundation
import Storage
import TestSupport
import Tensors
import Testing

/// `stats`, `dissect` and `score`: what their files hold, and what they refuse.
@Suite struct ScoreCommandTests {
  /// Masks of two concepts: the bright square, and its surroundings.
  private func concepts(_ count: Int = 40, in folder: URL, height: Int = 14, names: [String] = ["square", "rest"]) throws {
    var elements = [UInt8](repeating: 0, count: count * 2 * height * 14)
    for image in 0..<count {
      for row in 0..<height {
        for column in 0..<14 {
          let isInside = row < 7 && column < image % 5 * 3
          elements[((image * 2 + (isInside ? 0 : 1)) * height + row) * 14 + column] = 1
        }
      }
    }
    let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
    try file.write(Tensor(elements, shape: [count, 2, height, 14]), to: "concepts")
    try file.write(names, to: "concept_names")
    try file.commit()
  }

  private let data = ["--data", "hdf5:images.h5", "--batch", "8", "--out", "out.h5"]

  @Test func filesHoldWhatTheContractSays() throws {
    try Sample.withModelAndImages { folder in
      try concepts(in: folder)
      let path = folder.appendingPathComponent("out.h5").path
      #expect(try Tool.run(["stats", "lenet.onnx"] + data, in: folder).status == 0)
      let stats = try HDF5File.open(path)
      let variance: Tensor<Double> = try stats.dataset("stats/conv1/variance").read()
      #expect(variance.shape == [20] && variance.elements.allSatisfy { $0 > 0 })
      #expect(try stats.group("stats/conv1").text(attribute: "node") == "conv1")
      stats.close()

      let dissected = try Tool.run(["dissect", "lenet.onnx", "--concepts", "hdf5:concepts.h5"] + data, in: folder)
      #expect(dissected.status == 0 && dissected.output.contains("conv2"), "\(dissected.talk)")
      let dissection = try HDF5File.open(path)
      let overlap: Tensor<Float> = try dissection.dataset("dissection/conv2/iou").read()
      #expect(overlap.shape == [50, 2] && overlap.elements.contains { $0 > 0 })
      #expect(try dissection.dataset("dissection/conv2/threshold").shape() == [50])
      #expect(try dissection.dataset("dissection/conv2/votes").shape() == [50])
      #expect(try dissection.dataset("concepts").readTexts() == ["square", "rest"])
      dissection.close()

      let scored = try Tool.run(
        ["score", "lenet.onnx", "--concepts", "hdf5:concepts.h5", "--criterion", "all"] + data, in: folder)
      #expect(scored.status == 0, "\(scored.talk)")
      let scores = try HDF5File.open(path)
      for criterion in ["variance", "apoz", "taylor-2017", "fisher", "lrp", "lrp-sample", "iou", "votes"] {
        let values: Tensor<Double> = try scores.dataset("scores/\(criterion)/conv1").read()
        #expect(values.shape == [20] && values.elements.allSatisfy(\.isFinite), "\(criterion)")
      }
      #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path).contains { $0.hasPrefix("out.h5.") })
    }
  }

  @Test func theNumberOfWorkersDoesNotMatter() throws {
    try Sample.withModelAndImages { folder in
      try concepts(in: folder)
      let files = try [1, 2, 3, 8].map { workers in
        let run = try Tool.run(
          ["score", "lenet.onnx", "--concepts", "hdf5:concepts.h5", "--workers", "\(workers)"] + data, in: folder)
        #expect(run.status == 0, "\(run.talk)")
        return try Data(contentsOf: folder.appendingPathComponent("out.h5"))
      }
      #expect(files.allSatisfy { $0 == files[0] })
    }
  }

  /// With the thresholds that an earlier run found, a run finds the same without looking for them.
  @Test func thresholdsAreReadFromAFile() throws {
    try Sample.withModelAndImages { folder in
      try concepts(in: folder)
      let masks = ["--concepts", "hdf5:concepts.h5"]
      func file(_ name: String) throws -> HDF5File { try HDF5File.open(folder.appendingPathComponent(name).path) }
      func run(_ verb: String, _ out: String, _ more: [String]) throws -> Tool.Outcome {
        try Tool.run([verb, "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "8", "--out", out] + more, in: folder)
      }
      #expect(try run("dissect", "whole.h5", masks + ["--quantile", "0.1"]).status == 0)
      let again = try run("score", "scores.h5", masks + ["--thresholds", "whole.h5"])
      #expect(again.status == 0 && again.talk.contains("read from 'whole.h5'"), "\(again.talk)")
      let (whole, scores) = (try file("whole.h5"), try file("scores.h5"))
      #expect(try scores.text(attribute: "quantile") == "0.1")
      for layer in ["conv1", "conv2"] {
        for name in ["iou", "threshold"] {
          let expected: Tensor<Float> = try whole.dataset("dissection/\(layer)/\(name)").read()
          let found: Tensor<Float> = try scores.dataset("dissection/\(layer)/\(name)").read()
          #expect(expected == found && expected.elements.contains { $0 > 0 })
        }
      }
      whole.close()
      scores.close()

      #expect(
        try run("dissect", "o.h5", masks + ["--quiet", "--thresholds", "whole.h5", "--site", "activation"]).failed(
          mentioning: "--site linear"))
      #expect(try run("score", "o.h5", ["--quiet", "--thresholds", "whole.h5"]).failed(mentioning: "--concepts"))
      #expect(try run("dissect", "whole.h5", masks + ["--quiet", "--thresholds", "whole.h5"]).failed(mentioning: "whole.h5"))
      #expect(
        try run("dissect", "o.h5", masks + ["--quiet", "--thresholds", "images.h5"]).failed(mentioning: "holds no thresholds"))
      #expect(try Tool.run(["new", "lenet", "--classes", "10", "--seed", "4", "--out", "lenet.onnx"], in: folder).status == 0)
      #expect(try run("dissect", "o.h5", masks + ["--quiet", "--thresholds", "whole.h5"]).failed(mentioning: "another network"))
    }
  }

  @Test func whatIsWrongWithMasksIsSaidInALine() throws {
    try Sample.withModelAndImages { folder in
      func refused(_ spec: String, _ text: String, _ arguments: [String] = []) throws {
        let run = try Tool.run(["dissect", "lenet.onnx", "--quiet", "--concepts", spec] + arguments + data, in: folder)
        #expect(run.failed(mentioning: text), "\(spec): \(run.talk)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out.h5").path))
      }
      try refused("hdf5:none.h5", "none.h5")
      try refused("hdf5:images.h5", "concepts")
      try concepts(30, in: folder)
      try refused("hdf5:concepts.h5", "none for image 30")
      try concepts(in: folder, names: ["square"])
      try refused("hdf5:concepts.h5", "1 texts for 2 concepts")
      try concepts(in: folder, height: 0)
      try refused("hdf5:concepts.h5", "no masks")
      let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
      _ = try file.createDataset("concepts", of: .uint8, shape: [40, 1, 1 << 15, 1 << 15])
      try file.commit()
      try refused("hdf5:concepts.h5", "do not fit in memory")
      try refused("foreground:3", "images for --concepts foreground")
      try concepts(in: folder)
      try refused("hdf5:concepts.h5", "no layer is called 'nothing'", ["--layers", "nothing"])
      let score = try Tool.run(["score", "lenet.onnx", "--criterion", "iou"] + data, in: folder)
      #expect(score.failed(mentioning: "'iou' needs masks"), "\(score.talk)")
      let unknown = try Tool.run(["score", "lenet.onnx", "--criterion", "beauty"] + data, in: folder)
      #expect(unknown.failed(mentioning: "'beauty'", status: 64), "\(unknown.talk)")
      for (name, near) in [
        ("taylor", "did you mean 'taylor-2017', 'taylor-2019' or 'taylor-signed'?"), ("lpr", "did you mean 'lrp'?"),
        ("l1", "is computed by espalier prune"),
      ] {
        let run = try Tool.run(["score", "lenet.onnx", "--criterion", name] + data, in: folder)
        #expect(run.failed(mentioning: near, status: 64), "\(run.talk)")
      }
    }
  }

  @Test func statisticsTakeParameters() throws {
    try Sample.withModelAndImages { folder in
      let texts = [
        "histogram:bins=7,thinning=1", "quantiles:at=0/0.5/1,resolution=64", "top-images:top=3", "gram:positions=1000",
        "near-zeros:epsilon=0.5", "binary-entropy:threshold=0.1", "entropy:bins=1",
      ]
      let run = try Tool.run(["stats", "lenet.onnx"] + texts.flatMap { ["--statistic", $0] } + data, in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let file = try HDF5File.open(folder.appendingPathComponent("out.h5").path)
      #expect(try file.dataset("stats/conv1/histogram").shape() == [20, 7])
      #expect(try file.dataset("stats/conv1/quantiles").shape() == [20, 3])
      #expect(try file.dataset("stats/conv1/top-images").shape() == [20, 3])
      // One bin holds all there is.
      let entropy: Tensor<Double> = try file.dataset("stats/conv1/entropy").read()
      #expect(entropy.elements.allSatisfy { $0 == 0 })
      file.close()
      for (text, problem) in [
        ("histogram:bins=0", "a whole number from 1 to 4096"), ("entropy:bins=x", "bins is x"),
        ("quantiles:at=0.5/2", "shares from 0 to 1"), ("quantiles:resolution=1", "from 32 to 65536"),
        ("quantiles:thinning=0", "1 or more"), ("gram:positions=-1", "from 1 to"), ("top-images:top=0", "from 1 to 1000"),
        ("near-zeros:epsilon=-1", "0 or more"), ("moments:bins=3", "'bins' is not a parameter of moments"),
        ("beauty", "there is no statistic 'beauty'"), ("histogram:", "'' is not a parameter"),
      ] {
        let refused = try Tool.run(["stats", "lenet.onnx", "--quiet", "--statistic", text] + data, in: folder)
        #expect(refused.failed(mentioning: problem, status: 64), "\(text): \(refused.talk)")
      }
      let twice = try Tool.run(
        ["stats", "lenet.onnx", "--quiet", "--statistic", "gram", "--statistic", "gram:seed=2"] + data, in: folder)
      #expect(twice.failed(mentioning: "asked for twice"), "\(twice.talk)")
    }
  }
}
