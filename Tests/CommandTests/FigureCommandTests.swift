import Foundation
import Results
import Storage
import Tensors
import TestSupport
import Testing

/// `figure montage`, `figure units` and `figure filters`: what they draw from the files of other verbs, and what they refuse.
@Suite struct FigureCommandTests {
  private func concepts(in folder: URL) throws {
    let elements = (0..<40 * 2 * 784).map { position -> UInt8 in
      let period = position / 784 % 2 == 0 ? 3 : 5
      return position % period == 0 ? 1 : 0
    }
    let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
    try file.write(Tensor(elements, shape: [40, 2, 28, 28]), to: "concepts")
    try file.commit()
  }

  private func begins(_ name: String, in folder: URL) throws -> String {
    String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)).prefix(4), as: UTF8.self)
  }

  /// Layers are looked up once, not once a layer: of many it takes seconds, not minutes.
  @Test func manyLayers() throws {
    try withTemporaryFolder { folder in
      let writer = try FilterResultsWriter(folder.appendingPathComponent("scores.h5").path, provenance: ["model": "a.onnx"])
      for order in 0..<1000 {
        let layer = ResultLayer(name: "layer\(order)", node: "/layer\(order)", order: order, channels: 4)
        for (position, criterion) in ["a", "b", "c"].enumerated() {
          let scores = (0..<4).map { Double(($0 * (position + 1) + order) % 5) }
          try writer.write(Tensor(scores, shape: [4]), criterion: criterion, of: layer)
        }
      }
      try writer.commit()
      let run = try ToolProcess.run(
        Tool.url.path, ["figure", "filters", "scores.h5", "--quiet", "--out", "ranks.png"], in: folder, seconds: 30)
      #expect(run.status == 0 && !run.timedOut, "\(run)")
    }
  }

  @Test func everyKindIsDrawnInEveryFormat() throws {
    try Sample.withModelAndImages { folder in
      try concepts(in: folder)
      func succeeds(_ arguments: String...) throws {
        let run = try Tool.run(arguments, in: folder)
        #expect(run.status == 0 && run.output.isEmpty != arguments.contains("dissect"), "\(arguments): \(run.talk)")
      }
      let data = ["--data", "hdf5:images.h5"]
      for composite in ["epsilon_plus", "epsilon_alpha2_beta1"] {
        let run = try Tool.run(
          ["relevance", "lenet.onnx", "--composite", composite, "--limit", "6", "--out", "\(composite).h5"] + data, in: folder)
        #expect(run.status == 0, "\(run.talk)")
      }
      try succeeds(
        "dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--quantile", "0.1",
        "--report-filters", "20", "--report", "report", "--out", "dissection.h5")
      let scored = try Tool.run(
        ["score", "lenet.onnx", "--criterion", "variance", "--criterion", "taylor-2019", "--out", "scores.h5"] + data, in: folder)
      #expect(scored.status == 0, "\(scored.talk)")
      for (ending, start) in [("png", "\u{FFFD}PNG"), ("pdf", "%PDF"), ("svg", "<?xm")] {
        try succeeds(
          "figure", "montage", "epsilon_plus.h5", "epsilon_alpha2_beta1.h5", "--data", "hdf5:images.h5", "--image", "5",
          "--out", "montage.\(ending)")
        try succeeds(
          "figure", "units", "dissection.h5", "--data", "hdf5:images.h5", "--layer", "conv2", "--order", "votes", "--out",
          "units.\(ending)")
        try succeeds(
          "figure", "filters", "scores.h5", "--layer", "conv1", "--criterion", "variance", "--out", "bars.\(ending)")
        try succeeds("figure", "filters", "scores.h5", "--out", "ranks.\(ending)")
        for name in ["montage", "units", "bars", "ranks"] {
          #expect(try begins("\(name).\(ending)", in: folder) == start, "\(name).\(ending)")
        }
      }

      func refused(_ text: String, _ arguments: String...) throws {
        let run = try Tool.run(arguments + ["--out", "none.png"], in: folder)
        #expect(run.failed(mentioning: text), "\(run.talk)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("none.png").path))
      }
      try refused("holds no relevance of image 6", "figure", "montage", "epsilon_plus.h5", "--image", "6")
      try refused("2 captions for 1 file", "figure", "montage", "epsilon_plus.h5", "--caption", "a", "--caption", "b")
      try refused("prediction", "figure", "montage", "scores.h5")
      let units = ["figure", "units", "dissection.h5", "--data", "hdf5:images.h5", "--out", "none.png", "--layer"]
      for (arguments, text) in [
        (["conv9"], "no images of layer 'conv9'; did you mean 'conv1'? (accepted: conv1, conv2"),
        (["conv1", "--filters", "20"], "no filter 20"),
        (["conv2", "--filters", (0..<50).map(String.init).joined(separator: ",")], "--report-filters 50 keeps all"),
      ] {
        let run = try Tool.run(units + arguments, in: folder)
        #expect(run.failed(mentioning: text), "\(run.talk)")
      }
      try refused("dissect --report", "figure", "units", "scores.h5", "--data", "hdf5:images.h5", "--layer", "conv1")
      try refused("bars are of one layer", "figure", "filters", "scores.h5", "--criterion", "variance")
      try refused("no scores by 'beauty'", "figure", "filters", "scores.h5", "--criterion", "beauty", "--layer", "conv1")
      try refused("espalier score", "figure", "filters", "dissection.h5")
      let ending = try Tool.run(["figure", "filters", "scores.h5", "--out", "bars.gif"], in: folder)
      #expect(ending.status == 64 && ending.talk.contains("--out ends in .png, .pdf or .svg"))
    }
  }
}
