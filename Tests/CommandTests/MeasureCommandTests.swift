import Foundation
import Images
import Storage
import TestSupport
import Tensors
import Testing

@Suite struct MeasureCommandTests {
  /// Writes ten images of 28×28 in `cutouts`, each with an opaque square, and `list.csv` that labels them.
  private func cutouts(in folder: URL) throws {
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("cutouts"), withIntermediateDirectories: true)
    var random = Philox(seed: 3)
    var list = "path,label\n"
    for image in 0..<10 {
      var pixels = Tensor<UInt8>(repeating: 0, shape: [28, 28, 2])
      for position in 0..<784 {
        let isInside = image..<image + 9 ~= position / 28 && 4..<14 ~= position % 28
        pixels.elements[2 * position] = UInt8(random.next() % 256)
        pixels.elements[2 * position + 1] = isInside ? 255 : 0
      }
      try Data(Image(pixels: pixels).encodedPNG()).write(to: folder.appendingPathComponent("cutouts/\(image).png"))
      list += "cutouts/\(image).png,\(image)\n"
    }
    try Data(list.utf8).write(to: folder.appendingPathComponent("list.csv"))
  }

  /// Every method by every measure, with the same digits for any number of workers.
  @Test func measuresDoNotDependOnWorkers() throws {
    try Sample.withModelAndImages { folder in
      try cutouts(in: folder)
      let methods = [
        "epsilon_plus", "gradient", "input-x-gradient", "smoothgrad:n=3", "integrated-gradients:n=3/epsilon_plus",
        "occlusion:window=7,stride=7", "grad-cam", "random",
      ]
      let measures = [
        "pointing-game:tolerance=2", "mass-accuracy", "rank-accuracy", "sparseness", "pixel-flipping:steps=3", "randomisation",
        "deletion:steps=3", "insertion:steps=3", "road:steps=3", "infidelity:patch=14", "sensitivity:n=2", "complexity",
        "efficient-randomisation",
      ]
      let arguments =
        ["measure", "lenet.onnx", "--data", "csv:list.csv", "--batch", "3", "--json"] + methods.flatMap { ["--method", $0] }
        + measures.flatMap { ["--measure", $0] }
      let outcomes = try [1, 2, 3, 8].map { try Tool.run(arguments + ["--workers", "\($0)"], in: folder) }
      #expect(outcomes[0].status == 0, "\(outcomes[0].talk)")
      for outcome in outcomes { #expect(outcome.output == outcomes[0].output) }
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcomes[0].output.utf8)) as? [String: Any])
      #expect(report["pictures"] as? Int == 10 && report["masks"] as? Int == 10)
      let rows = try #require(report["methods"] as? [[String: Any]])
      #expect(rows.compactMap { $0["method"] as? String } == methods)
      for row in rows {
        let entries = try #require(row["measures"] as? [[String: Any]])
        #expect(
          entries.compactMap { $0["name"] as? String } == [
            "pointing-game", "mass-accuracy", "rank-accuracy", "sparseness", "pixel-flipping", "pixel-flipping accuracy",
            "randomisation", "deletion", "deletion accuracy", "insertion", "insertion accuracy", "road", "road accuracy",
            "infidelity", "max-sensitivity", "average-sensitivity", "complexity", "efficient-randomisation",
          ])
        for entry in entries {
          #expect(["higher", "lower"].contains(entry["better"] as? String))
          // Noise that takes no notice of the network has no position where the entropy of a map could rise.
          #expect(entry["mean"] is Double, "\(entry)")
          if let mean = entry["mean"] as? Double, let interval = entry["interval"] as? [Double] {
            #expect(interval.count == 2 && interval[0] <= mean && mean <= interval[1])
          }
          // Some maps of Grad-CAM are 0 everywhere, and some of other methods nowhere positive: no share can be told.
          let isAlwaysDefined = row["method"] as? String != "grad-cam" && entry["name"] as? String != "mass-accuracy"
          #expect(!isAlwaysDefined || entry["pictures"] as? Int == 10, "\(row["method"] ?? "") \(entry)")
        }
        #expect(entries[6]["points"] as? [String] == ["fc2", "fc1", "conv2", "conv1"])
      }
      // Noise takes no notice of the network.
      #expect((rows[7]["measures"] as? [[String: Any]])?[6]["mean"] as? Double == 1)
    }
  }

  @Test func tableAndWrongUse() throws {
    try Sample.withModelAndImages { folder in
      try cutouts(in: folder)
      let table = try Tool.run("measure", "lenet.onnx", "--data", "folder:cutouts", in: folder)
      #expect(table.status == 0, "\(table.talk)")
      let lines = table.output.split(separator: "\n")
      #expect(lines.count == 6 && lines[0].contains("pointing-game ↑") && lines[0].contains("mass-accuracy ↑"))
      #expect(lines[0].contains("pixel-flipping ↓") && lines[0].contains("95 %"))
      // Without masks, what needs them is left out, unless it is asked for.
      let noMasks = try Tool.run("measure", "lenet.onnx", "--data", "hdf5:images.h5", in: folder)
      #expect(noMasks.status == 0 && noMasks.talk.contains("pointing-game, mass-accuracy: left out"), "\(noMasks)")
      #expect(noMasks.output.contains("sparseness ↑") && !noMasks.output.contains("pointing-game"))
      let asked = try Tool.run(
        "measure", "lenet.onnx", "--data", "hdf5:images.h5", "--measure", "pointing-game", in: folder)
      #expect(asked.failed(mentioning: "no image has a mask"), "\(asked)")
      for arguments in [["--method", "nonsense"], ["--measure", "nonsense"], ["--method", "lrp/nonsense"]] {
        #expect(
          try Tool.run(["measure", "lenet.onnx", "--data", "hdf5:images.h5"] + arguments, in: folder).status == 64)
      }
    }
  }

  /// The numbers of every image, whose means are those of the table.
  @Test func numbersOfEveryImage() throws {
    try Sample.withModelAndImages { folder in
      let arguments = [
        "measure", "lenet.onnx", "--data", "hdf5:images.h5", "--skip", "4", "--limit", "9", "--method", "gradient", "--method",
        "random", "--measure", "sparseness", "--measure", "sensitivity:n=2", "--json", "--out",
      ]
      let outcome = try Tool.run(arguments + ["each.csv"], in: folder)
      #expect(outcome.status == 0, "\(outcome.talk)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let methods = try #require(report["methods"] as? [[String: Any]])
      let text = try String(contentsOf: folder.appendingPathComponent("each.csv"), encoding: .utf8)
      let rows = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
      #expect(rows[0] == ["method", "index", "image", "sparseness", "max-sensitivity", "average-sensitivity"])
      #expect(rows.count == 19 && rows[1][0] == "gradient" && rows[1][1] == "4" && rows[18][0] == "random" && rows[18][1] == "12")
      #expect(try Tool.run(arguments + ["each.h5"], in: folder).status == 0)
      let file = try HDF5File.open(folder.appendingPathComponent("each.h5").path)
      for (position, method) in methods.enumerated() {
        for (column, entry) in (method["measures"] as? [[String: Any]] ?? []).enumerated() {
          let values = rows[(1 + 9 * position)..<(10 + 9 * position)].compactMap { Double($0[3 + column]) }
          #expect(values.count == 9)
          let mean = values.reduce(0, +) / 9
          #expect(abs(mean - (entry["mean"] as? Double ?? .nan)) < 1e-12)
          let name = try #require(entry["name"] as? String)
          let stored: Tensor<Double> = try file.dataset("measures/\(name)").read()
          #expect(Array(stored.elements[9 * position..<9 * position + 9]) == values)
        }
      }
    }
  }

  /// The same file for 1, 2, 3 and 8 workers; layers as each attributor reaches them.
  @Test func relevanceByAttributors() throws {
    try Sample.withModelAndImages { folder in
      for (attributor, layers) in [
        ("smoothgrad:n=3", 4), ("integrated-gradients:n=3", 4), ("occlusion:window=9,stride=9", 0), ("grad-cam", 1),
        ("random", 0),
      ] {
        var maps: [Tensor<Float>] = []
        for workers in ["1", "2", "3", "8"] {
          let outcome = try Tool.run(
            "relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--attributor", attributor, "--batch", "7", "--workers",
            workers, "--out", "maps.h5", in: folder)
          #expect(outcome.status == 0, "\(outcome.talk)")
          let file = try HDF5File.open(folder.appendingPathComponent("maps.h5").path)
          maps.append(try file.dataset("attribution").read())
          #expect(try file.group("relevance").children().count == layers, "\(attributor)")
          #expect(try file.text(attribute: "attributor") == attributor)
        }
        #expect(maps[0].shape == [40, 1, 28, 28] && maps.allSatisfy { $0 == maps[0] }, "\(attributor)")
      }
    }
  }
}
