import Analysis
import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// Composites from TOML files, and with them the rules of other libraries, against the double-precision twin.
@Suite struct CompositeFileTests {
  /// The composite of a file with a text.
  private func composite(_ text: String) throws -> Composite {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("rules.toml")
      try Data(text.utf8).write(to: file)
      return try CompositeCatalog.composite(file.path)
    }
  }

  private static let cases: [(text: String, twin: TwinComposite)] = [
    ("base = \"epsilon_plus\"\n[[rules]]\nposition = \"first\"\nrule = \"flat\"", .epsilonPlusFlat),
    ("base = \"epsilon_plus\"\n[[rules]]\nposition = \"first\"\nrule = \"sign\"\nmu = 0.25", .first(TwinRule(.sign(mu: 0.25)))),
    ("base = \"epsilon_plus\"\n[[rules]]\nposition = \"first\"\nrule = \"sign\"", .first(TwinRule(.sign(mu: 0)))),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nposition = \"first\"\nrule = \"zbox\"\nlow = [-3, -2.5, -2]\nhigh = [3.5, 2, 3]",
      .first(TwinRule(.zBox(low: [-3, -2.5, -2], high: [3.5, 2, 3])))
    ),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nrule = \"alphabetax\"\npp = 2\npn = -1\nnp = 0.5\nnn = 0.25",
      .linear(TwinRule(.products(pp: 2, pn: -1, np: 0.5, nn: 0.25)))
    ),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nrule = \"epsilon\"\nepsilon = 0.25\nscale = \"input\"",
      .linear(TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0.25, scalesByInput: true)))
    ),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nrule = \"epsilon\"\nepsilon = 0.1\nscale = \"output\"\nbias = false",
      .linear(TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0.1, scalesByNorm: true), zeroBias: true))
    ),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nrule = \"epsilon\"\nepsilon = 0.1\nclip = true",
      .linear(TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0.1, clips: true)))
    ),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nrule = \"epsilon\"\nepsilon = 0",
      .linear(TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0)))
    ),
    (
      "base = \"epsilon_plus\"\n[[rules]]\nrule = \"alphabeta\"\nalpha = 1\nbeta = 0\nbias = false",
      .linear(TwinRule(.zPlus, zeroBias: true))
    ),
  ]

  /// Damaged files give an `EspalierError` of one line or are read.
  @Test func damagedFilesAreRefusedOrRead() throws {
    var refused = 0
    for (text, _) in CompositeFileTests.cases {
      let mutator = Mutator(Array(text.utf8))
      for number in 0..<250 {
        do { _ = try composite(String(decoding: mutator(number), as: UTF8.self)) } catch let error as EspalierError {
          refused += 1
          #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
      }
    }
    #expect(refused > 1000)
  }

  @Test(arguments: cases.indices) func filesAgreeWithTheTwin(position: Int) throws {
    useOneThreadHere()
    let (text, reference) = CompositeFileTests.cases[position]
    for (network, graph) in TinyNetworks.all(seed: 3) {
      let x = TinyNetworks.images(3, seed: 3)
      let plan = try RelevancePlan(graph, composite: composite(text), batch: 4)
      let result = try RelevanceProgram(plan).run(x, targets: [0, 1, 2])
      let twin = TwinRelevance(Twin(graph)).propagate(["input": x.map(Double.init)], composite: reference) { output in
        oneHot([0, 1, 2], count: output.shape[1])
      }
      expectCloseBySample(result.input, try #require(twin.relevance["input"]), "\(network): \(text)", 3e-3)
    }
  }

  /// By kind, by name and by position, the first entry counting.
  @Test func theFirstEntryThatFitsCounts() throws {
    let graph = try TinyNetworks.residual().canonized()
    let rules = try composite(
      """
      base = "epsilon_plus"
      [[rules]]
      position = "last 2"
      rule = "gamma"
      [[rules]]
      layers = ["block1.*", "fc"]
      rule = "wsquare"
      [[rules]]
      kind = ["convolution"]
      position = "first 2"
      rule = "flat"
      [[rules]]
      kind = "sum"
      rule = "pass"
      """
    ).assignment(for: graph)
    let byName = Dictionary(
      uniqueKeysWithValues: graph.layers.compactMap { layer in rules[layer.id].map { (layer.name, type(of: $0).name) } })
    #expect(byName["stem"] == "flat" && byName["block1.conv1"] == "wsquare" && byName["block1.conv2"] == "wsquare")
    #expect(byName["block2.conv1"] == "zplus" && byName["fc"] == "gamma" && byName["block2.downsample"] == "gamma")
    #expect(byName.values.filter { $0 == "pass" }.count > 1 && byName.values.contains("norm"))
  }

  @Test(arguments: [
    ("bse = \"epsilon_plus\"", "'bse' is not known"), ("base = \"nothing\"", "there is no composite 'nothing'"),
    ("base = 3", "base"), ("rules = 3", "no list of tables"), ("[[rules]]\nlow = 3", "'rule' is missing"),
    ("[[rules]]\nrule = \"beauty\"", "there is no rule 'beauty'"),
    ("[[rules]]\nrule = \"gamma\"\ngama = 1", "'gama' is not a parameter of gamma"),
    ("[[rules]]\nrule = \"gamma\"\ngamma = -1", "gamma is -1"), ("[[rules]]\nrule = \"zbox\"\nlow = 1", "'high' is missing"),
    ("[[rules]]\nrule = \"flat\"\nkind = \"pool\"", "'pool' is no kind"),
    ("[[rules]]\nrule = \"zbox\"\nlow = [0, 1]\nhigh = [1, 1]", "low 0.0/1.0 and high 1.0/1.0"),
    ("[[rules]]\nrule = \"zbox\"\nlow = [0, 1]\nhigh = [1, 2, 3]", "one a channel"),
    ("[[rules]]\nrule = \"zbox\"\nposition = \"first\"\nlow = [0, 1]\nhigh = 3", "3 channels and its rule 2 numbers"),
    ("[[rules]]\nrule = \"zbox\"\nlow = [0, \"a\"]\nhigh = 1", "'low' is no number"),
    ("[[rules]]\nrule = \"flat\"\nposition = \"first 0\"", "position"), ("[[rules]]\nrule = \"flat\"\nlayers = [1]", "layers"),
    ("[[rules]]\nrule = \"flat\"\nposition = 3", "position"), ("x = = 3", "line 1"),
    ("[[rules]]\nrule = \"epsilon\"\nscale = \"a\"", "scale is a"),
    ("[[rules]]\nrule = \"alphabeta\"\nalpha = 3", "alpha − beta"),
    ("[[rules]]\nrule = \"epsilon\"\nepsilon = 1e300", "epsilon is"), ("[[rules]]\nrule = \"epsilon\"\nbias = 2", "bias is 2"),
    ("[[rules]]\nrule = \"flat\"\nlayers = \"conv9*\"", "'conv9*'"),
    ("[[rules]]\nrule = \"flat\"\nkind = \"sum\"", "no layer of kind sum"),
    ("[[rules]]\nrule = \"uniform\"\nlayers = \"conv1\"", "needs a sum or product"),
    ("[[rules]]\nrule = \"uniform\"\nkind = \"product\"", "no layer of kind product"),
    ("[[rules]]\nrule = \"stop\"\nlayers = \"conv2\"", "no relevance of its output reaches its input"),
    ("[[rules]]\nrule = \"flat\"\nkind = \"relu\"", "needs a layer with weights"),
  ])
  func whatIsWrongIsSaid(text: String, message: String) throws {
    do {
      _ = try RelevancePlan(TinyNetworks.vgg(), composite: composite(text), batch: 1)
      Issue.record("\(text) was accepted")
    } catch let error as EspalierError {
      #expect("\(error)".contains(message), "\(error)")
    }
  }
}
