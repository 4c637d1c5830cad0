import Foundation
import TestSupport
import Testing

@Suite struct HelpTests {
  /// A command with those below it, as the tool describes itself.
  private struct Command: Decodable {
    var commandName: String
    var subcommands: [Command]?

    /// The words that lead to every command.
    func paths(below path: [String] = []) -> [[String]] {
      [path] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { $0.paths(below: path + [$0.commandName]) }
    }
  }

  private struct Tree: Decodable {
    var command: Command
  }

  /// The help of the tool and of every verb, whole; `make helptexts` renews the texts that it is compared with.
  @Test func helpIsAsItWas() throws {
    try withTemporaryFolder { folder in
      let tree = try Tool.run("--experimental-dump-help", in: folder)
      let paths = try JSONDecoder().decode(Tree.self, from: Data(tree.output.utf8)).command.paths()
      #expect(paths.contains(["relevance"]) && paths.contains(["figure", "heatmap"]))
      let golden = testResource("help")
      func name(_ path: [String]) -> String { (["espalier"] + path).joined(separator: "-") + ".txt" }
      for path in paths {
        let verb = path.joined(separator: " ")
        let outcome = try Tool.run(path + ["--help"], in: folder)
        #expect(outcome.status == 0, "\(verb)")
        // Every verb that takes something shows an example.
        #expect(verb.isEmpty || verb == "figure" || outcome.output.contains("  espalier \(verb) "), "\(verb)")
        let text = try? String(contentsOf: golden.appendingPathComponent(name(path)), encoding: .utf8)
        #expect(outcome.output == text, "\(name(path)): make helptexts")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: golden.path).sorted() == paths.map(name).sorted())
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
