import Experiments
import Foundation
import Networks
import ONNX
import Tensors
import TestSupport
import Testing

@Suite struct SensitivityCommandTests {
  private struct Evaluated: Decodable {
    var top1: Double
    var loss: Double
  }

  /// Every point equals what `evaluate` says of a network whose least filters were set to zero by hand.
  @Test func pointsAreThoseOfFiltersSetToZero() throws {
    try Sample.withModelAndImages { folder in
      let command = [
        "sensitivity", "lenet.onnx", "--criterion", "l1", "--data", "hdf5:images.h5", "--shares", "0.5,0.25,0.99", "--batch",
        "8",
        "--json", "--out",
      ]
      let outcome = try Tool.run(command + ["sweep.json", "--workers", "1"], in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let report = try SensitivityReport(file: folder.appendingPathComponent("sweep.json").path)
      let graph = try Graph(onnx: folder.appendingPathComponent("lenet.onnx").path)
      #expect(report.layers.map(\.name) == graph.linearLayers.dropLast().map(\.name))
      for (layer, found) in zip(graph.linearLayers, report.layers) {
        let weight = try #require(graph.constants[layer.node.inputs[1]!]?.floats)
        #expect(found.filters == weight.shape[0] && found.points.map(\.share) == [0.25, 0.5, 0.99])
        let size = weight.count / weight.shape[0]
        let norms = (0..<weight.shape[0]).map { filter in
          weight.elements[filter * size..<(filter + 1) * size].reduce(0) { $0 + Double(abs($1)) }
        }
        let order = norms.indices.sorted { norms[$0] < norms[$1] }
        for point in found.points {
          let count = min(norms.count - 1, Int((point.share * Double(norms.count)).rounded()))
          #expect(point.removed == count)
          var editor = GraphEditor(graph)
          for input in layer.node.inputs.dropFirst() {
            guard let input, var values = graph.constants[input]?.floats else { continue }
            let part = values.count / norms.count
            for filter in order.prefix(count) {
              for position in filter * part..<(filter + 1) * part { values.elements[position] = 0 }
            }
            editor.constants[input] = .float(values)
          }
          try editor.graph().writeONNX(to: folder.appendingPathComponent("zeroed.onnx").path)
          let evaluated = try Tool.run(
            "evaluate", "zeroed.onnx", "--data", "hdf5:images.h5", "--batch", "8", "--json", in: folder)
          let expected = try JSONDecoder().decode(Evaluated.self, from: Data(evaluated.output.utf8))
          #expect(point.accuracy == expected.top1, "\(found.name) \(point)")
          #expect(abs(point.loss - expected.loss) < 1e-5 * expected.loss, "\(found.name) \(point)")
          #expect(point.macs < report.macs)
        }
      }
      #expect(try Tool.run(command + ["again.json", "--workers", "3"], in: folder).status == 0)
      #expect(try SensitivityReport(file: folder.appendingPathComponent("again.json").path) == report)
      let drawn = try Tool.run("figure", "sensitivity", "sweep.json", "--out", "sweep.png", in: folder)
      #expect(drawn.status == 0, "\(drawn)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains(".json.") })
    }
  }

  /// Stopped, and gone on with, the file is that of a run that was left alone.
  @Test func aStoppedRunGoesOn() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(600, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        ["sensitivity", "lenet.onnx", "--criterion", "l2", "--data", "hdf5:many.h5", "--workers", "1", "--out", out]
      }
      let process = try Tool.start(command("sweep.json"), in: folder)
      let found = folder.appendingPathComponent("sweep.json.found").path
      while process.isRunning, !FileManager.default.fileExists(atPath: found) { usleep(2000) }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("sweep.json").path))
      let again = try Tool.run(command("sweep.json"), in: folder)
      #expect(again.status == 0 && again.talk.contains("found by an earlier run"), "\(again)")
      #expect(try Tool.run(command("whole.json"), in: folder).status == 0)
      let files = try ["sweep.json", "whole.json"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }

  @Test func whatIsWrongIsSaidInALine() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(in: folder, labels: nil, name: "unlabelled.h5")
      for (arguments, words) in [
        (["--criterion", "l1"], "accuracy needs images"),
        (["--criterion", "l1", "--data", "hdf5:unlabelled.h5"], "have no labels"),
        (["--criterion", "lrp", "--validation", "hdf5:images.h5"], "needs images"),
        (["--criterion", "l1", "--data", "hdf5:images.h5", "--protect", "*"], "no layer that may lose filters"),
      ] {
        let outcome = try Tool.run(["sensitivity", "lenet.onnx", "--out", "sweep.json", "--quiet"] + arguments, in: folder)
        #expect(outcome.failed(mentioning: words), "\(arguments): \(outcome)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("sweep.json").path))
      }
      let shares = try Tool.run(
        "sensitivity", "lenet.onnx", "--criterion", "l1", "--data", "hdf5:images.h5", "--shares", "0,1", "--out", "s.json",
        in: folder)
      #expect(shares.status == 64)
      let figure = try Tool.run("figure", "sensitivity", "lenet.onnx", "--out", "sweep.png", in: folder)
      #expect(figure.failed(mentioning: "holds no sweep"), "\(figure)")
      // Numbers that no run writes.
      for (accuracy, share) in [("1e308", "0.25"), ("0.5", "1e300"), ("-1", "0.25"), ("0.5", "-9e18")] {
        let point = #"{"accuracy": 0.5, "loss": 1, "macs": 1, "removed": 1, "share": \#(share)}"#
        let layer = #"{"filters": 4, "layers": ["a"], "name": "a", "points": [\#(point)]}"#
        let sweep =
          #"{"accuracy": \#(accuracy), "criterion": "l1", "data": "d", "digest": "0", "espalier": "0.1.0", "layers": [\#(layer)], "#
          + #""loss": 1, "macs": 1, "model": "m", "pictures": 1}"#
        try Data(sweep.utf8).write(to: folder.appendingPathComponent("huge.json"))
        let huge = try Tool.run("figure", "sensitivity", "huge.json", "--out", "sweep.png", in: folder)
        #expect(huge.failed(mentioning: "huge.json: holds "), "\(huge)")
      }
    }
  }
}
