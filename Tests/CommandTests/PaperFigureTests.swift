import Analysis
import Experiments
import Foundation
import Images
import Results
import Storage
import Tensors
import TestSupport
import Testing

/// Figures in the forms of papers, what they count, and what they refuse.
@Suite struct PaperFigureTests {
  private func draws(_ arguments: [String], _ name: String, in folder: URL) throws -> String {
    for (more, width) in [(["--width", "85mm"], 1004), (["--width", "178mm", "--dark"], 2103)] {
      let run = try Tool.run(["figure"] + arguments + more + ["--out", name], in: folder)
      #expect(run.status == 0 && run.output.isEmpty && run.talk.hasPrefix("\(name): "), "\(arguments): \(run.talk)")
      #expect(try Image.read(folder.appendingPathComponent(name).path).width == width, "\(arguments)")
      if width == 2103 { return run.talk }
    }
    return ""
  }

  private func refuses(_ arguments: [String], _ text: String, in folder: URL) throws {
    let run = try Tool.run(["figure"] + arguments + ["--out", "none.png"], in: folder)
    #expect(run.failed(mentioning: text), "\(arguments): \(run.talk)")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("none.png").path))
  }

  /// Means of ten and of two draws, worked out by hand; a data set and criterion that only one log has are drawn too.
  @Test func referencesOfLogs() throws {
    func line(_ data: String, _ criterion: String, _ n: Int, _ seed: Int, _ accuracy: Double) -> String {
      "dataset:\(data)-criterion:\(criterion)-n:\(n)-s:\(seed)-scenario:train-stage:post \(accuracy)\n"
    }
    try withTemporaryFolder { folder in
      let log = [2, 10, 200].flatMap { n in (0..<3).map { line("moon", "lrp", n, $0, 80 + Double($0) + Double(n) / 20) } }
      try StoredFigureTests.write(
        [
          "log-0.txt": log.joined() + "\n" + line("mult", "weight-decay", 4, 0, 91), "log-1.txt": log.joined(),
          "published.txt": line("moon", "lrp", 2, 0, 85),
          "broken.txt": log.joined() + "dataset:moon-criterion:lrp-n:0-s:1-scenario:train-stage:post 80\n", "empty.txt": "\n",
          "beyond.txt": line("moon", "lrp", 2, 0, 180),
        ], in: folder)
      #expect(
        try draws(["references", "log-0.txt", "log-1.txt", "--published", "published.txt"], "a.png", in: folder).contains(
          "2 logs"))
      try refuses(["references", "broken.txt"], "broken.txt: line 10: is no line of a log of pruning", in: folder)
      try refuses(["references", "beyond.txt"], "beyond.txt: line 1: is no line", in: folder)
      try refuses(["references", "empty.txt"], "empty.txt: holds no accuracy", in: folder)
      try refuses(["references", "none.txt"], "none.txt", in: folder)
    }
  }

  /// Ranks by hand: at macs=0.5 b, c, a; at macs=0.25 c and b share 1.5, a is third.
  @Test func leaderboards() throws {
    try withTemporaryFolder { folder in
      try StoredFigureTests.write(
        [
          "a5.json": StoredFigureTests.pruning("a", 0.5, 0.5), "a2.json": StoredFigureTests.pruning("a", 0.25, 0.2),
          "b5.json": StoredFigureTests.pruning("b", 0.5, 0.9), "b2.json": StoredFigureTests.pruning("b", 0.25, 0.7),
          "c5.json": StoredFigureTests.pruning("c", 0.5, 0.8), "c2.json": StoredFigureTests.pruning("c", 0.25, 0.7),
        ], in: folder)
      let files = ["a5.json", "a2.json", "b5.json", "b2.json", "c5.json", "c2.json"]
      _ = try draws(["leaderboard"] + files, "board.png", in: folder)
      let table = try Tool.run(["table", "leaderboard"] + files, in: folder).output
      #expect(table.contains("| 1 | b | **90.0 ± 0.9** | **70.0 ± 1.4** | **1.2** |"), "\(table)")
      #expect(table.contains("| 2 | c | 80.0 ± 1.3 | **70.0 ± 1.4** | 1.8 |"), "\(table)")
      #expect(table.contains("| 3 | a | 50.0 ± 1.6 | 20.0 ± 1.3 | 3.0 |"), "\(table)")
      try refuses(["leaderboard"] + files.dropLast(), "'c' has no report at macs=0.25, which others have", in: folder)
    }
  }

  @Test func predictionsAreCounted() throws {
    try Sample.withModelAndImages { folder in
      func explain(_ out: String, _ more: String...) throws {
        let run = try Tool.run(
          ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet", "--out", out] + more, in: folder)
        #expect(run.status == 0, "\(run.talk)")
      }
      try explain("maps.h5", "--top", "3")
      try explain("flat.h5", "--composite", "epsilon_alpha2_beta1")
      let file = folder.appendingPathComponent("maps.h5").path
      let reader = try RelevanceReader(file)
      let (labels, outputs) = (try reader.labels(0..<40), try reader.predictions(0..<40))
      var counts = [[Int]](repeating: [Int](repeating: 0, count: 10), count: 10)
      for image in 0..<40 {
        // The first of the greatest, as NumPy's argmax has it.
        var best = 0
        for output in 1..<10 where outputs[image, output] > outputs[image, best] { best = output }
        counts[Int(labels[image])][best] += 1
      }
      #expect(try ClassCounts(file).matrix == counts)

      // The tool's means beside those of a plain twin.
      let other = try RelevanceReader(folder.appendingPathComponent("flat.h5").path)
      var (cosines, ranks): ([Double], [Double]) = ([], [])
      for image in 0..<40 {
        let a = try reader.maps(image..<image + 1).elements.map(Double.init)
        let b = try other.maps(image..<image + 1).elements.map(Double.init)
        cosines.append(Self.product(a, b) / (Self.product(a, a) * Self.product(b, b)).squareRoot())
        ranks.append(Self.spearman(a, b))
      }
      let drift = try ExplanationDrift(reader, other)
      #expect(drift.images.map(\.index) == Array(0..<40) && drift.images.allSatisfy { $0.rows == [$0.index, $0.index] })
      expectClose(drift.images.map(\.likeness.cosine), cosines, Tolerance(absolute: 1e-12), "cosine")
      expectClose(drift.images.map(\.likeness.ranks), ranks, Tolerance(absolute: 1e-12), "ranks")
      #expect(abs(drift.cosine.mean - cosines.reduce(0, +) / 40) < 1e-12 && drift.ranks.count == 40)
      let talk = try draws(
        ["drift", "maps.h5", "flat.h5", "--data", "hdf5:images.h5", "--order", "drift", "--limit", "3", "--scale", "shared"],
        "drift.png", in: folder)
      func mean(_ values: [Double]) -> String { String(format: "%.3f", values.reduce(0, +) / 40) }
      #expect(
        talk.contains("40 images: cosine \(mean(cosines)) ±") && talk.contains("rank correlation \(mean(ranks)) ±"), "\(talk)")

      _ = try draws(
        ["gallery", "maps.h5", "--data", "hdf5:images.h5", "--layer", "conv1", "--limit", "4", "--by", "activation"],
        "gallery.png",
        in: folder)
      for (arguments, text) in [
        (["gallery", "maps.h5", "--layer", "conv9"], "there is no layer 'conv9'; did you mean 'conv1'?"),
        (["gallery", "maps.h5", "--layer", "conv1", "--filters", "99"], "conv1: there is no filter 99"),
        (["gallery", "flat.h5", "--layer", "conv1"], "flat.h5: the file keeps no images of filters"),
      ] { try refuses(arguments + ["--data", "hdf5:images.h5"], text, in: folder) }
      try refuses(["drift", "maps.h5", "maps.h5", "--index", "77"], "holds no relevance of image 77", in: folder)
      #expect(try Tool.run("figure", "drift", "maps.h5", "--out", "none.png", in: folder).status == 64)
      #expect(try Tool.run("figure", "heatmap", "maps.h5", "--clip", "9", "--out", "none.png", in: folder).status == 64)
      _ = try draws(["heatmap", "maps.h5", "--data", "hdf5:images.h5", "--limit", "2", "--contours"], "lines.png", in: folder)
      #expect(try Tool.run("figure", "heatmap", "maps.h5", "--contours", "--out", "none.png", in: folder).status == 64)
      // Of each a file, which is that of the image alone.
      let each = try Tool.run(
        "figure", "heatmap", "maps.h5", "--limit", "3", "--each", "--width", "85mm", "--out", "each.svg", in: folder)
      #expect(each.status == 0 && each.talk.contains("3 relevance maps"), "\(each.talk)")
      for index in 0..<3 {
        let alone = try Tool.run(
          "figure", "heatmap", "maps.h5", "--index", "\(index)", "--width", "85mm", "--out", "alone.svg", in: folder)
        #expect(alone.status == 0)
        func drawing(_ name: String) throws -> Substring {
          let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
          return text[(text.range(of: "</desc>")?.upperBound ?? text.startIndex)...]
        }
        #expect(try drawing("each-\(index).svg") == drawing("alone.svg"), "\(index)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("each.svg").path))
      #expect(try Tool.run("figure", "heatmap", "maps.h5", "--each", "--sheet", "--out", "none.png", in: folder).status == 64)
      for arguments in [
        ["--scale", "shared"], ["--clip", "99", "--cmap", "viridis_r"], ["--norm", "unaligned", "--scale", "shared"],
      ] {
        _ = try draws(["heatmap", "maps.h5", "--limit", "3"] + arguments, "scaled.png", in: folder)
        _ = try draws(["montage", "maps.h5", "flat.h5"] + arguments, "scaled.png", in: folder)
      }
    }
  }

  /// Spearman's correlation after the definition: ranks with ties at their mean, and Pearson's correlation of them.
  private static func spearman(_ a: [Double], _ b: [Double]) -> Double {
    func ranks(_ values: [Double]) -> [Double] {
      values.map { value in Double(values.count { $0 < value }) + Double(values.count { $0 == value } - 1) / 2 }
    }
    let (x, y) = (ranks(a), ranks(b))
    func centred(_ values: [Double]) -> [Double] {
      let mean = values.reduce(0, +) / Double(values.count)
      return values.map { $0 - mean }
    }
    let (first, second) = (centred(x), centred(y))
    return product(first, second) / (product(first, first) * product(second, second)).squareRoot()
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for position in a.indices { sum += a[position] * b[position] }
    return sum
  }

  @Test func detectorsOfConcepts() throws {
    try Sample.withModelAndImages { folder in
      let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
      // The upper and the lower half of every image.
      let halves = (0..<40 * 2 * 784).map { UInt8($0 / 784 % 2 == $0 % 784 / 392 ? 1 : 0) }
      try file.write(Tensor(halves, shape: [40, 2, 28, 28]), to: "concepts")
      try file.write(["upper", "lower"], to: "concept_names")
      try file.write(["half", "other half"], to: "concept_categories")
      try file.commit()
      let run = try Tool.run(
        "dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--quantile", "0.05", "--quiet",
        "--out", "dissection.h5", in: folder)
      #expect(run.status == 0, "\(run.talk)")
      _ = try draws(["concepts", "dissection.h5"], "layers.png", in: folder)
      _ = try draws(["concepts", "dissection.h5", "--layer", "conv1", "--iou", "0.01", "--limit", "3"], "layer.png", in: folder)
      try refuses(["concepts", "dissection.h5", "--layer", "conv9"], "conv9", in: folder)
    }
    // Filters: 0 detects concept 1, 1 and 2 concept 0, 3 only just nothing, 4 nothing.
    let result = DissectionResult(
      overlap: Tensor([0.1, 0.3, 0.2, 0, 0.05, 0.04, 0.04, 0.01, 0, 0], shape: [5, 2]),
      thresholds: Tensor(repeating: 0, shape: [5]), votes: Tensor(repeating: 0, shape: [5]),
      votesByConcept: Tensor(repeating: 0, shape: [5, 2]), images: 1)
    #expect(ConceptsRun(detection: 0.04001).counts(result) == [2, 1])
    #expect(ConceptsRun(detection: 0.25).counts(result) == [0, 1])
  }
}
