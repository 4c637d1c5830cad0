import Foundation
import TestSupport
import Testing

@Suite struct HelpTests {
  /// The root's help, whole; `espalier --help > Tests/CommandTests/Resources/help.txt` renews it.
  @Test func helpIsAsItWas() throws {
    let golden = testResource("help.txt")
    try withTemporaryFolder { folder in
      let outcome = try Tool.run("--help", in: folder)
      #expect(outcome.status == 0)
      #expect(outcome.output == (try String(contentsOf: golden, encoding: .utf8)))
    }
  }

  @Test(arguments: ["new", "inspect", "train", "tune", "evaluate", "relevance", "measure", "figure", "figure heatmap"])
  func everyVerbHasHelp(verb: String) throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run(verb.split(separator: " ").map(String.init) + ["--help"], in: folder)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("USAGE: espalier \(verb)"))
      // Every verb that takes something shows an example.
      #expect(verb == "figure" || outcome.output.contains("espalier \(verb) "))
    }
  }

  /// What can be told from the command line alone is wrong usage.
  @Test(arguments: [
    "nonsense", "new", "new lenet --input 1,2", "new lenet --seed -1", "inspect", "inspect a.onnx --nonsense",
    "evaluate a.onnx", "evaluate a.onnx --data nonsense", "evaluate a.onnx --data fashion-mnist:all",
    "evaluate a.onnx --data hdf5:a.h5 --batch 0", "evaluate a.onnx --data hdf5:a.h5 --workers 0",
    "evaluate a.onnx --data hdf5:a.h5 --limit 0", "relevance a.onnx --data hdf5:a.h5",
    "relevance a.onnx --data hdf5:a.h5 --out b.h5 --composite nonsense",
    "relevance a.onnx --data hdf5:a.h5 --out b.h5 --composite epsilon_plus:epsilon=x",
    "relevance a.onnx --data hdf5:a.h5 --out b.h5 --target -1", "relevance a.onnx --data hdf5:a.h5 --out b.h5 --start 2",
    "relevance a.onnx --data hdf5:a.h5 --out b.h5 --maps float8", "train lenet --data hdf5:a.h5",
    "train lenet --data hdf5:a.h5 --out b.onnx --schedule step:1", "train lenet --data hdf5:a.h5 --out b.onnx --batch 1",
    "tune a.onnx --data hdf5:a.h5 --out b.onnx --optimizer nonsense", "figure", "figure nonsense",
    "figure heatmap a.h5 --out b.jpg", "figure heatmap a.h5 --out b.png --cmap nonsense",
    "figure heatmap a.h5 --out b.png --norm x",
  ])
  func wrongUsage(arguments: String) throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run(arguments.split(separator: " ").map(String.init), in: folder)
      // `figure` alone shows its help, as a tool with kinds to choose from does.
      #expect(outcome.status == (arguments == "figure" ? 0 : 64), "\(outcome)")
      #expect(arguments == "figure" || outcome.talk.contains("sage"), "\(outcome)")
    }
  }
}
