import Analysis
import Datasets
import Experiments
import Foundation
import Networks
import ONNX
import Results
import Storage
import TestSupport
import Tensors
import Testing

/// What explanations and detected concepts of a network have in common with those of what pruning made of it.
@Suite struct DriftTests {
  private static let names = ["upper", "lower", "whole"]

  /// Writes a dissection whose layers have these IoU, a row a filter.
  private func write(
    _ layers: [(name: String, node: String, overlap: [[Float]])], names: [String] = Self.names, data: String = "same",
    to path: String
  ) throws -> FilterResultsReader {
    let writer = try FilterResultsWriter(path, provenance: ["dataset_sha256": data])
    try writer.write(
      ConceptVocabulary(categories: ["part"], concepts: names.map { Concept(name: $0, category: 0) }))
    for (order, layer) in layers.enumerated() {
      let shape: Shape = [layer.overlap.count, names.count]
      let result = DissectionResult(
        overlap: Tensor(layer.overlap.flatMap { $0 }, shape: shape), thresholds: Tensor(repeating: 0, shape: [shape[0]]),
        votes: Tensor(repeating: 0, shape: [shape[0]]), votesByConcept: Tensor(repeating: 0, shape: shape), images: 1)
      try writer.write(
        result, of: ResultLayer(name: layer.name, node: layer.node, order: order, channels: layer.overlap.count))
    }
    try writer.commit()
    return try FilterResultsReader(path)
  }

  /// Worked out by hand: of the first layer filters 0 and 3 of four are kept, of the second all, the third stands in one file.
  @Test func keptFiltersAreCompared() throws {
    try withTemporaryFolder { folder in
      let first: [[Float]] = [[0.1, 0.3, 0], [0.5, 0, 0], [0.2, 0.2, 0.6], [0, 0, 0]]
      let before = try write(
        [("a.b", "/a/b", first), ("c", "c", [[0.03, 0, 0.01], [0, 0, 0.08]]), ("d", "d", [[1, 0, 0]])],
        to: folder.appendingPathComponent("before.h5").path)
      let after = try write(
        [("a.b", "/a/b", [[0.4, 0.2, 0], [0, 0.05, 0]]), ("c", "c", [[0.02, 0, 0.01], [0, 0, 0.04]])],
        to: folder.appendingPathComponent("after.h5").path)
      let drift = try ConceptDrift(before, after, kept: ["/a/b": [0, 3]])
      #expect(drift.filters.map(\.layer) == ["a.b", "a.b", "c", "c"])
      #expect(drift.filters.map(\.positions) == [[0, 0], [3, 1], [0, 0], [1, 1]])
      #expect(drift.filters.map { $0.before?.concept } == [1, nil, 0, 2])
      #expect(drift.filters.map { $0.after?.concept } == [0, 1, 0, 2])
      #expect(abs(drift.overlap.before.mean - (0.3 + 0 + 0.03 + 0.08) / 4) < 1e-7)
      #expect(abs(drift.overlap.after.mean - (0.4 + 0.05 + 0.02 + 0.04) / 4) < 1e-7)
      // Exactly 0.04 is not above it.
      #expect(drift.detectors.before == 2 && drift.detectors.after == 2 && drift.constant == 2)
      // Under the file's name of the layer too, and the same network beside itself.
      #expect(try ConceptDrift(before, after, kept: ["a.b": [0, 3]]) == drift)
      let same = try ConceptDrift(before, before, kept: [:])
      #expect(same.filters.count == 7 && same.constant == 6 && same.detectors.before == same.detectors.after)

      func refused(_ after: FilterResultsReader, _ kept: [String: [Int]], _ text: String) throws {
        let error = try #require(throws: EspalierError.self) { try ConceptDrift(before, after, kept: kept) }
        #expect(error.description.contains(text) && error.description.contains("after"), "\(error)")
      }
      try refused(after, [:], "a.b: has 2 filters, where pruning kept 4 of 4")
      try refused(after, ["/a/b": [0, 4]], "a.b")
      try refused(after, ["/a/b": [0, -1]], "a.b")
      try refused(after, ["/a/b": [0, 3], "c": [1]], "c: has 2 filters, where pruning kept 1 of 2")
      func other(_ name: String, names: [String] = Self.names, data: String = "same") throws -> FilterResultsReader {
        try write([(name, name, [[0, 0, 0]])], names: names, data: data, to: folder.appendingPathComponent("after-2.h5").path)
      }
      try refused(other("e"), [:], "no dissected layer in common")
      try refused(other("d", names: ["a", "b", "c"]), [:], "other concepts")
      try refused(other("d", data: "another"), [:], "other images")
    }
  }

  /// Filters of the first layer see the same images with the same weights: whatever pruning did behind them, their IoU are what they
  /// were; and of a network beside itself nothing drifts.
  @Test func theFirstLayerOfAPrunedNetworkDetectsWhatItDid() throws {
    try Sample.withModelAndImages { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      func run(_ arguments: String...) throws {
        let run = try Tool.run(arguments + ["--quiet"], in: folder)
        #expect(run.status == 0, "\(arguments): \(run.talk)")
      }
      let data = ["--data", "hdf5:images.h5"]
      // The upper and the lower half of every image.
      let file = try HDF5File.create(path("concepts.h5"))
      let halves = (0..<40 * 2 * 784).map { UInt8($0 / 784 % 2 == $0 % 784 / 392 ? 1 : 0) }
      try file.write(Tensor(halves, shape: [40, 2, 28, 28]), to: "concepts")
      try file.write(["upper", "lower"], to: "concept_names")
      try file.commit()
      try run("prune", "lenet.onnx", "--criterion", "l1", "--budget", "filters=0.5", "--scope", "layer", "--out", "small.onnx")
      for (network, out) in [("lenet.onnx", "before"), ("small.onnx", "after")] {
        _ = try Tool.run(["relevance", network] + data + ["--quiet", "--out", out + "-maps.h5"], in: folder)
        let run = try Tool.run(
          ["dissect", network] + data + [
            "--concepts", "hdf5:concepts.h5", "--quantile", "0.05", "--quiet", "--out", out + ".h5",
          ], in: folder)
        #expect(run.status == 0, "\(run.talk)")
      }
      let record = try #require(try PruningRecord(Graph(onnx: path("small.onnx")).metadata))
      let (before, after) = (try FilterResultsReader(path("before.h5")), try FilterResultsReader(path("after.h5")))
      let drift = try ConceptDrift(before, after, kept: record.kept)
      let first = drift.filters.filter { $0.layer == "conv1" }
      #expect(first.count == record.kept["conv1"]?.count && first.count < 20)
      #expect(first.allSatisfy { $0.before == $0.after && $0.before != nil })
      #expect(drift.filters.contains { $0.before != $0.after }, "behind it, they change")
      let maps = try RelevanceReader(path("before-maps.h5"))
      let same = try ExplanationDrift(maps, maps)
      #expect(same.images.allSatisfy { abs($0.likeness.cosine - 1) < 1e-12 && abs($0.likeness.ranks - 1) < 1e-12 })
      let pruned = try ExplanationDrift(maps, RelevanceReader(path("after-maps.h5")))
      #expect(pruned.images.count == 40 && pruned.cosine.mean < 0.999 && (pruned.cosine.standardDeviation ?? 0) > 0)
    }
  }

  /// Images that one file alone holds are left out; rows are found by the image, not by their place.
  @Test func imagesAreFoundByTheirPosition() throws {
    try Sample.withModelAndImages { folder in
      func explain(_ out: String, _ more: String...) throws -> RelevanceReader {
        let run = try Tool.run(
          ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet", "--out", out] + more, in: folder)
        #expect(run.status == 0, "\(run.talk)")
        return try RelevanceReader(folder.appendingPathComponent(out).path)
      }
      let whole = try explain("whole.h5")
      let part = try explain("part.h5", "--skip", "5", "--limit", "7")
      let drift = try ExplanationDrift(whole, part)
      #expect(drift.images.map(\.index) == Array(5..<12))
      #expect(drift.images.map(\.rows) == (0..<7).map { [$0 + 5, $0] })
      #expect(drift.images.allSatisfy { abs($0.likeness.cosine - 1) < 1e-6 })
      let error = try #require(throws: EspalierError.self) {
        try ExplanationDrift(part, explain("other.h5", "--skip", "20", "--limit", "3"))
      }
      #expect(error.description.contains("other.h5: it has no image in common with"), "\(error)")
    }
  }
}
