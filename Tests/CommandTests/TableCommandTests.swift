import Foundation
import Results
import TestSupport
import Tensors
import Testing

/// `table`: what stands in its cells, rounded and marked, in every format.
@Suite struct TableCommandTests {
  private func table(_ arguments: String..., in folder: URL) throws -> String {
    let run = try Tool.run(["table"] + arguments, in: folder)
    #expect(run.status == 0 && run.talk.isEmpty, "\(arguments): \(run.talk)")
    return run.output
  }

  /// Standard errors: 0.10 / √30 = 0.01826, 0.12 / √25 = 0.024, 1.25 / √30 = 0.2282, 1 / √30 = 0.1826.
  ///
  /// Welch's test (SciPy
  /// `ttest_ind_from_stats`) gives p = 0.104 for the first column, so both are best; in the second they are far apart.
  @Test func measuresAreRoundedAndTheBestMarked() throws {
    try withTemporaryFolder { folder in
      try StoredFigureTests.write(["measures.json": StoredFigureTests.measures], in: folder)
      let latex = try table("measure", "measures.json", "--format", "latex", "--caption", "A_b & c", in: folder)
      #expect(latex.contains("\\caption{A\\_b \\& c}"))
      #expect(latex.contains("epsilon\\_gamma\\_box:low=-3,high=3 & \\bfseries 0.800(18) & \\bfseries 2.50(23) \\\\"), "\(latex)")
      #expect(latex.contains("random & \\bfseries 0.850(24) & 4.50(18) \\\\"), "\(latex)")
      #expect(latex.contains("S[table-format=1.3(2), mode=text, reset-text-series=false, text-series-to-math=true]"))
      #expect(latex.contains("% Source: espalier table measure measures.json --format latex --caption 'A_b & c'"))
      #expect(latex.contains("% Comment: measures.json sha256:"))
      let markdown = try table("measure", "measures.json", in: folder)
      #expect(markdown.contains("| method | sparseness ↑ | pixel-flipping ↓ |"))
      #expect(markdown.contains("| random | **0.850 ± 0.024** | 4.50 ± 0.18 |"), "\(markdown)")
      let csv = try table("measure", "measures.json", "--format", "csv", in: folder)
      #expect(csv.contains("\"epsilon_gamma_box:low=-3,high=3\",0.8,0.018257418583505537,30,2.5,"), "\(csv)")
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(try table("measure", "measures.json", "--format", "json", in: folder).utf8))
          as? [String: Any])
      let rows = try #require(json["rows"] as? [[[String: Any]]])
      #expect(rows[1].map { $0["best"] as? Bool } == [false, true, false])
      #expect(
        ((json["origin"] as? [String: Any])?["inputs"] as? [String: String])?["measures.json"]?.hasPrefix("sha256:") == true)
    }
  }

  /// Where SciPy's p of Welch's test (`ttest_ind_from_stats`) is near 5 %, its side decides.
  @Test(arguments: [
    (0.80, 0.10, 30, 0.862, 0.12, 25, 0.0454), (0.5, 0.2, 10, 0.68, 0.2, 12, 0.0489), (0.5, 0.2, 10, 0.66, 0.15, 12, 0.0527),
    (0.5, 0.2, 10, 0.67, 0.15, 12, 0.0410), (0.80, 0.10, 30, 0.85, 0.12, 25, 0.1040),
  ])
  func welchDecides(_ mean: Double, _ spread: Double, _ n: Int, _ best: Double, _ bestSpread: Double, _ m: Int, _ p: Double)
    throws
  {
    try withTemporaryFolder { folder in
      func method(_ name: String, _ mean: Double, _ spread: Double, _ n: Int) -> String {
        "{\"method\": \"\(name)\", \"measures\": [{\"name\": \"x\", \"better\": \"higher\", \"mean\": \(mean), \"spread\": \(spread), \"pictures\": \(n)}]}"
      }
      let methods = [method("a", mean, spread, n), method("b", best, bestSpread, m)].joined(separator: ",")
      try StoredFigureTests.write(["a.json": "{\"pictures\": 30, \"methods\": [\(methods)]}"], in: folder)
      let rows = try table("measure", "a.json", in: folder).split(separator: "\n").filter {
        $0.hasPrefix("| a ") || $0.hasPrefix("| b ")
      }
      #expect(rows.count == 2 && rows[1].contains("**"))
      #expect(rows[0].contains("**") == (p > 0.05), "\(rows)")
    }
  }

  @Test func networksEvaluationsAndPrunings() throws {
    try Sample.withModelAndImages { folder in
      let inspected = try Tool.run("inspect", "lenet.onnx", "--json", in: folder)
      try StoredFigureTests.write(
        [
          "lenet.json": inspected.output, "a.json": StoredFigureTests.pruning("l1", 0.5, 0.91),
          "b.json": StoredFigureTests.pruning("lrp", 0.5, 0.5),
          "whole.json": "{\"top1\": 0.94, \"top5\": 1, \"loss\": 0.2, \"pictures\": 10000, \"imagesPerSecond\": 9}",
          "broken.json": "{\"top1\": 0.5, \"top5\": 0.9, \"loss\": null, \"pictures\": 10000, \"imagesPerSecond\": 9}",
        ], in: folder)
      func rows(_ text: String) -> [String] { text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init) }
      let fromNetwork = try table("inspect", "lenet.onnx", "--format", "csv", in: folder)
      #expect(try rows(table("inspect", "lenet.json", "--format", "csv", in: folder)) == rows(fromNetwork))
      #expect(rows(fromNetwork)[0] == "layer,operator,output,MACs,parameters" && fromNetwork.contains("\ntotal,,,"))
      let evaluated = try table("evaluate", "whole.json", "broken.json", in: folder)
      // √(0.94 · 0.06 / 10000) = 0.00237.
      #expect(evaluated.contains("| whole | **94.00 ± 0.24** |") && evaluated.contains("| broken | 50.0 ± 0.5 |"), "\(evaluated)")
      let pruned = try table("prune", "a.json", "b.json", in: folder)
      #expect(pruned.contains("| l1 | macs=0.5 | 50.0 | 40.0 | **91.0 ± 0.9** |"), "\(pruned)")
      #expect(pruned.contains("94.00 % before pruning"))
      for (arguments, text) in [
        (["measure", "a.json"], "a.json: it is not what espalier measure prints"),
        (["inspect", "lenet.onnx", "lenet.json"], "2 files for one table of layers"),
        (["prune", "nothing.json"], "nothing.json"),
      ] {
        let run = try Tool.run(["table"] + arguments, in: folder)
        #expect(run.failed(mentioning: text), "\(arguments): \(run.talk)")
      }
      #expect(try Tool.run("table", "measur", "a.json", in: folder).status == 64)
    }
  }

  /// Names with every character that LaTeX, Markdown and CSV give a meaning to.
  @Test func hostileNamesStayNames() throws {
    try withTemporaryFolder { folder in
      let name = "a_b & c% $d$ #e {f} ~g ^h \\\\i <j> |k| \\\"l\\\", m"
      try StoredFigureTests.write(["a.json": StoredFigureTests.pruning(name, 0.5, 0.9)], in: folder)
      let latex = try table("prune", "a.json", "--format", "latex", in: folder)
      #expect(
        latex.contains(
          "a\\_b \\& c\\% \\$d\\$ \\#e \\{f\\} \\textasciitilde{}g \\textasciicircum{}h \\textbackslash{}i \\textless{}j\\textgreater{} \\textbar{}k\\textbar{} \\symbol{34}l\\symbol{34}, m"
        ), "\(latex)")
      let csv = try table("prune", "a.json", "--format", "csv", in: folder)
      #expect(csv.contains("\"a_b & c% $d$ #e {f} ~g ^h \\i <j> |k| \"\"l\"\", m\",macs=0.5,"), "\(csv)")
      let markdown = try table("prune", "a.json", in: folder)
      #expect(markdown.contains("| a\\_b & c% $d$ #e {f} ~g ^h \\\\i &lt;j> \\|k\\| \"l\", m | macs=0.5 |"), "\(markdown)")
    }
  }

  /// Against `scipy.stats.spearmanr` and `kendalltau` of two layers, and their means; one layer is constant by a criterion.
  @Test func correlationsOfCriteria() throws {
    try withTemporaryFolder { folder in
      let writer = try FilterResultsWriter(folder.appendingPathComponent("scores.h5").path, provenance: [:])
      let scores: [(String, [[Double]])] = [
        ("l1", [[3, 1, 4, 1, 5, 9, 2, 6], [1, 2, 3, 4]]), ("l2", [[2, 7, 1, 8, 2, 8, 1, 8], [4, 1, 3, 2]]),
        ("same", [[0.5, -1, 0.5, -1, 3, 7, 0, 7.1], [1, 1, 1, 1]]),
      ]
      for (criterion, layers) in scores {
        for (order, values) in layers.enumerated() {
          let layer = ResultLayer(name: "conv\(order)", node: "conv\(order)", order: order, channels: values.count)
          try writer.write(Tensor(values, shape: [values.count]), criterion: criterion, of: layer)
        }
      }
      try writer.commit()
      let text = try table("correlations", "scores.h5", in: folder)
      #expect(text.contains("| criterion | l1 | l2 | same |"), "\(text)")
      #expect(text.contains("| l1 | 1.00 | −0.09 | 0.91 |"), "\(text)")
      #expect(text.contains("| l2 | −0.10 | 1.00 | 0.20 |"), "\(text)")
      #expect(text.contains("| same | 0.97 | 0.23 | 1.00 |"), "\(text)")
      let two = try Tool.run("table", "correlations", "scores.h5", "scores.h5", in: folder)
      #expect(two.failed(mentioning: "2 files for one table of correlations"), "\(two.talk)")
    }
  }
}
