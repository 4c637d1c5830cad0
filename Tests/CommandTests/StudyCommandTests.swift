import Foundation
import Testing

/// `study`: chains out of one file, and the tables of what they came to.
@Suite struct StudyCommandTests {
  /// Two criteria at two budgets under two seeds, with controls, on a network of the tests.
  static let small = """
    title = "Small"
    seeds = [1, 2]
    batch = 8

    [data]
    train = "hdf5:images.h5"
    validation = "hdf5:images.h5"
    per-class = 2

    [[network]]
    name = "LeNet"
    file = "lenet.onnx"

    [[chain]]
    [[chain.step]]
    name = "prune"
    criterion = ["lrp", "l2"]
    budget = ["macs=0.8", "macs=0.5"]
    [[chain.step]]
    name = "tune"
    epochs = 1
    flip = false

    [controls]
    arms = ["unpruned", "random", "magnitude", "magnitude-layer", "scratch-e", "scratch-b"]
    scratch = { epochs = 2, flip = false }

    [report]
    drift = 8
    bootstrap = 100
    latency = false
    """

  /// The files that do not tell how long anything took.
  static let lasting = [
    "results.csv", "summary.csv", "metrics.json", "accuracy.tsv", "tables.md", "results.h5", "accuracy.pdf", "accuracy.png",
    "accuracy-lenet.tex", "area.tex", "comparisons.tex", "correlations-lenet.tex",
  ]

  static func write(_ text: String, in folder: URL) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent("study.toml"))
  }

  static func bytes(_ name: String, in folder: URL) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  /// The rows of a CSV file without quotes, by column.
  private func rows(_ name: String, in folder: URL) throws -> [[String: String]] {
    let lines = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8).split(separator: "\n")
    let columns = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return lines.dropFirst().map { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return Dictionary(zip(columns, cells), uniquingKeysWith: { first, _ in first })
    }
  }

  /// Every chain is what the verbs make: the network of `prune --tune`, its accuracy that of `evaluate`.
  @Test func chainsAreWhatTheVerbsMake() throws {
    try Sample.withModelAndImages { folder in
      try Self.write(Self.small, in: folder)
      let outcome = try Tool.run("study", "study.toml", "--out", "out", "--json", in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      // 2 criteria × 2 budgets × 2 seeds, the same of five controls, and the whole network twice.
      #expect(report["chains"] as? Int == 8 + 20 + 2 && report["done"] as? Int == 30)
      for name in Self.lasting + ["timings.csv"] {
        #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("out/\(name)").path), "\(name)")
      }
      let rows = try rows("out/results.csv", in: folder)
      let last = try #require(
        rows.first { $0["arm"] == "lrp" && $0["budget"] == "macs=0.5" && $0["seed"] == "2" && $0["step"] == "tune" })
      let verb = try Tool.run(
        "prune", "lenet.onnx", "--criterion", "lrp", "--budget", "macs=0.5", "--data", "hdf5:images.h5", "--per-class", "2",
        "--tune", "1", "--no-flip", "--batch", "8", "--latency-batch", "0", "--seed", "2", "--json", "--out", "small.onnx",
        in: folder)
      let told = try #require(try JSONSerialization.jsonObject(with: Data(verb.output.utf8)) as? [String: Any])
      let file = try #require(last["file"])
      let evaluated = try Tool.run("evaluate", "out/\(file)", "--data", "hdf5:images.h5", "--json", in: folder)
      let top1 = try #require(try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])["top1"]
      #expect(Double(last["value"] ?? "") == top1 as? Double)
      let macs = (told["networks"] as? [String: Any])?["macs"] as? [String: Any]
      #expect(Int(last["macs"] ?? "") == macs?["after"] as? Int)
      // The area is the mean over seeds of the trapezoid between the two budgets.
      let values = rows.filter { $0["arm"] == "lrp" && $0["step"] == "tune" }.compactMap { Double($0["value"] ?? "") }
      #expect(values.count == 4)
      let area = String(format: "| lrp | %.2f |", 100 * values.reduce(0, +) / 4)
      #expect(try String(decoding: Self.bytes("out/tables.md", in: folder), as: UTF8.self).contains(area), "\(area)")
      // Relevance before and after, as the verbs compute and compare it.
      for (network, name) in [("lenet.onnx", "before"), ("out/\(file)", "after")] {
        let made = try Tool.run(
          "relevance", network, "--data", "hdf5:images.h5", "--limit", "8", "--batch", "8", "--out", "\(name).h5", in: folder)
        #expect(made.status == 0, "\(made)")
      }
      let drift = try Tool.run("figure", "drift", "before.h5", "after.h5", "--out", "drift.png", in: folder)
      let cosine = try #require(Double(last["drift_cosine"] ?? ""))
      #expect(drift.talk.contains("8 images: cosine \(String(format: "%.3f", cosine))"), "\(drift) \(cosine)")
      // Scratch controls have the sizes that the first method finds, and none of its weights.
      let scratch = rows.filter { $0["arm"] == "scratch-e" && $0["budget"] == "macs=0.5" && $0["seed"] == "2" }
      #expect(scratch.map { $0["step"] } == ["network", "prune", "reinitialise", "tune"])
      #expect(scratch.last?["macs"] == last["macs"] && scratch.last?["sha256"] != last["sha256"])
      // What is there is not computed again, and is told again.
      let before = try Self.lasting.map { try Self.bytes("out/\($0)", in: folder) }
      #expect(try Tool.run("study", "study.toml", "--out", "out", in: folder).status == 0)
      #expect(try Self.lasting.map { try Self.bytes("out/\($0)", in: folder) } == before)
    }
  }

  /// Killed again and again, by two processes at once, or in parts: the same bytes.
  @Test func interruptionsLeaveNoTrace() throws {
    try Sample.withModelAndImages { folder in
      try Self.write(Self.small, in: folder)
      #expect(try Tool.run("study", "study.toml", "--out", "out", in: folder).status == 0)
      let whole = try Self.lasting.map { try Self.bytes("out/\($0)", in: folder) }

      for (attempt, wait) in [20, 90, 250, 600, 40, 1200].enumerated() {
        let process = try Tool.start(["study", "study.toml", "--out", "killed"], in: folder)
        usleep(UInt32(1000 * wait))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        _ = attempt
      }
      let last = try Tool.run("study", "study.toml", "--out", "killed", in: folder)
      #expect(last.status == 0, "\(last)")
      #expect(try Self.lasting.map { try Self.bytes("killed/\($0)", in: folder) } == whole)

      let both = try (0..<2).map { _ in try Tool.start(["study", "study.toml", "--out", "both"], in: folder) }
      for process in both { process.waitUntilExit() }
      #expect(both.map(\.terminationStatus) == [0, 0])
      #expect(try Self.lasting.map { try Self.bytes("both/\($0)", in: folder) } == whole)

      for part in ["2/3", "1/3", "3/3"] {
        let outcome = try Tool.run("study", "study.toml", "--out", "parts", "--part", part, in: folder)
        #expect(outcome.status == 0, "\(outcome)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("parts/results.csv").path))
      #expect(try Tool.run("study", "study.toml", "--out", "parts", in: folder).status == 0)
      #expect(try Self.lasting.map { try Self.bytes("parts/\($0)", in: folder) } == whole)
    }
  }

  /// Parts in folders of their own are joined to the bytes of one run, whatever the order, and with parts that are there twice.
  @Test func foldersAreJoined() throws {
    try Sample.withModelAndImages { folder in
      try Self.write(Self.small, in: folder)
      #expect(try Tool.run("study", "study.toml", "--out", "out", in: folder).status == 0)
      for part in 1...2 {
        #expect(try Tool.run("study", "study.toml", "--out", "part\(part)", "--part", "\(part)/2", in: folder).status == 0)
      }
      let join = try Tool.run("join", "part2", "part1", "part2", "--out", "all", in: folder)
      #expect(join.status == 0 && join.talk.contains("30 chains"), "\(join)")
      let made = try Tool.run("study", "study.toml", "--out", "all", "--verbose", in: folder)
      #expect(made.status == 0 && !made.talk.contains("epoch"), "\(made)")
      for name in Self.lasting {
        #expect(try Self.bytes("all/\(name)", in: folder) == Self.bytes("out/\(name)", in: folder), "\(name)")
      }
      #expect(
        try Tool.run("join", "part1", "lenet.onnx", "--out", "more", in: folder).failed(
          mentioning: "lenet.onnx: is not the folder of a study"))
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("mine"), withIntermediateDirectories: true)
      try Data("x".utf8).write(to: folder.appendingPathComponent("mine/x"))
      #expect(
        try Tool.run("study", "study.toml", "--out", "mine", in: folder).failed(
          mentioning: "mine: is there, and is not the folder of a study"))
    }
  }

  private static let head = """
    seeds = [1, 2]
    batch = 8
    [data]
    train = "hdf5:images.h5"
    validation = "hdf5:images.h5"
    [[network]]
    name = "LeNet"
    file = "lenet.onnx"
    [report]
    bootstrap = 100

    """

  /// What would be told under a wrong name, or counted twice, is refused.
  @Test(arguments: [
    (
      "[[method]]\nname = \"M\"\ncriterion = \"l1\"\nscope = \"layer\"\n[[chain]]\n[[chain.step]]\nname = \"prune\"\nscope = [\"global\", \"layer\"]\nbudget = \"macs=0.5\"",
      "method 'M' says 'scope', which the step lists"
    ),
    (
      "[[chain]]\n[[chain.step]]\nname = \"prune\"\ncriterion = \"l1\"\nbudget = [\"macs=0.8\", \"macs=0.7\"]\n[[chain.step]]\nname = \"prune\"\ncriterion = \"l1\"\nbudget = \"macs=0.5\"",
      "LeNet, l1, macs=0.5, seed 1: two chains are called so"
    ),
    (
      "[factor]\nfloor = [0.01, 0.02]\n[[chain]]\n[[chain.step]]\nname = \"prune\"\ncriterion = \"l1\"\nfloor = [0.05, 0.1]\nbudget = \"macs=0.8\"\n[[chain.step]]\nname = \"tune\"\nepochs = 1\nrate = \"{floor}\"",
      "'floor' is a list in two steps, or the name of a factor too"
    ),
    (
      "[[network]]\nname = \"le-net\"\nfile = \"lenet.onnx\"\n[[network]]\nname = \"le net\"\nfile = \"lenet.onnx\"\n[[chain]]\n[[chain.step]]\nname = \"prune\"\ncriterion = \"l1\"\nbudget = \"macs=0.8\"",
      "the files of network 'le net' would have no name, or that of another"
    ),
    (
      "[factor]\na = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n[[chain]]\n[[chain.step]]\nname = \"prune\"\ncriterion = \"l1\"\nbudget = \"macs=0.8\"\nskip = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\nlimit = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nseed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nround = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nper-class = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nfloor = \"0.{a}\"",
      "its factors make over 100000 chains"
    ),
  ])
  func whatWouldMisleadIsRefused(text: String, problem: String) throws {
    try Sample.withModelAndImages { folder in
      try Self.write(Self.head + text, in: folder)
      #expect(try Tool.run("study", "study.toml", "--out", "out", "--quiet", in: folder).failed(mentioning: problem))
    }
  }

  /// Areas over different budgets are not compared; tables that are no more are removed; damage in the folder is made good; a network
  /// that is somebody's stays.
  @Test func foldersTellWhatIs() throws {
    try Sample.withModelAndImages { folder in
      let chain = "[[chain]]\nname = \"%\"\n[[chain.step]]\nname = \"prune\"\ncriterion = \"l1\"\nbudget = [@]\n"
      func study(_ budgets: [String]) -> String {
        zip(["a", "b"], budgets).reduce(Self.head) { $0 + chain.replacing("%", with: $1.0).replacing("@", with: $1.1) }
      }
      func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) }
      try Self.write(study(["\"macs=0.8\", \"macs=0.5\"", "\"macs=0.8\", \"macs=0.5\""]), in: folder)
      #expect(try Tool.run("study", "study.toml", "--out", "out", in: folder).status == 0)
      #expect(has("out/area.tex") && has("out/comparisons.tex"))
      // What no seed changes is one observation.
      let tables = try String(decoding: Self.bytes("out/tables.md", in: folder), as: UTF8.self)
      #expect(tables.contains("| a | b | 0.00 | 0.00 to 0.00 | 1 | – | – |"), "\(tables)")

      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("out/steps").path)
      let results = try Self.bytes("out/results.csv", in: folder)
      for name in names where name.hasSuffix(".onnx") || name.contains("-entry-") || name.contains("-scores-") {
        try Data(name.hasSuffix(".onnx") ? [] : [1, 2]).write(to: folder.appendingPathComponent("out/steps/\(name)"))
      }
      let again = try Tool.run("study", "study.toml", "--out", "out", in: folder)
      #expect(again.status == 0, "\(again)")
      #expect(try Self.bytes("out/results.csv", in: folder) == results)

      try Self.write(study(["\"macs=0.8\", \"macs=0.7\"", "\"macs=0.8\", \"macs=0.5\""]), in: folder)
      #expect(try Tool.run("study", "study.toml", "--out", "out", in: folder).status == 0)
      #expect(!has("out/area.tex") && has("out/tables.md"))

      let only = try Tool.run("study", "study.toml", "--out", "out", "--only", "c", in: folder)
      #expect(only.failed(mentioning: "no arm and no network is called 'c'"), "\(only)")
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("mine/networks"), withIntermediateDirectories: true)
      try Self.bytes("lenet.onnx", in: folder).write(to: folder.appendingPathComponent("mine/networks/lenet.onnx"))
      #expect(
        try Tool.run("study", "study.toml", "--out", "mine", in: folder).failed(mentioning: "is not the folder of a study"))
    }
  }

  /// A chain that fails is told, and the others are computed.
  @Test func aFailureStopsNoOther() throws {
    try Sample.withModelAndImages { folder in
      try Self.write(
        Self.small.replacing("epochs = 1\n", with: "epochs = 3\nrate = [0.02, 1e6]\nclip = 0\n").replacing(
          "arms = [\"unpruned\", \"random\", \"magnitude\", \"magnitude-layer\", \"scratch-e\", \"scratch-b\"]", with: "arms = []"
        ),
        in: folder)
      let outcome = try Tool.run("study", "study.toml", "--out", "out", "--quiet", in: folder)
      #expect(outcome.status == 1)
      #expect(
        outcome.talk.contains(
          "study.toml: 8 chains failed; the first: LeNet, lrp, rate 1000000.0, macs=0.8, seed 1: hdf5:images.h5: training: the loss is NaN"
        ), "\(outcome)"
      )
      let metrics = try JSONSerialization.jsonObject(with: Self.bytes("out/metrics.json", in: folder)) as? [String: [String: Any]]
      #expect(metrics?["LeNet"].map { Set($0.keys) } == ["lrp, rate 0.02", "l2, rate 0.02"])
    }
  }

  /// What cannot be understood is named before anything is computed, and no folder is made.
  @Test(arguments: [
    ("seeds = [1, 2]", "seed = [1, 2]", "there is no key 'seed'; did you mean 'seeds'?"),
    ("\"lrp\", \"l2\"", "\"lrpp\"", "LeNet, lrpp, macs=0.8, seed 1: step 1 of 2, prune: criterion: there is no criterion 'lrpp'"),
    ("\"macs=0.5\"]", "\"macs=0\"]", "LeNet, lrp, macs=0, seed 1: step 1 of 2, prune: budget: 'macs=0' is no budget"),
    ("\"macs=0.5\"]", "\"macs=1e-9\"]", "LeNet, lrp, macs=1e-9, seed 1"),
    ("lenet.onnx", "nothing.onnx", "network 'LeNet'"),
    ("validation = \"hdf5:images.h5\"", "validation = \"hdf5:no.h5\"", "no.h5"),
    ("epochs = 1\n", "epochs = 1\nepoch = 2\n", "tune: there is no key 'epoch'; did you mean 'epochs'?"),
    ("name = \"tune\"", "name = \"tuna\"", "there is no step 'tuna'; did you mean 'tune'?"),
    ("\"unpruned\"", "\"unprunned\"", "controls: there is no control 'unprunned'; did you mean 'unpruned'?"),
    ("flip = false\n\n", "flip = \"{mirror}\"\n\n", "there is no factor 'mirror'"),
    ("[controls]", "[factor]\nlow = [1, 2]\n[controls]", "factor low: no step refers to it"),
    ("scratch = { epochs = 2, flip = false }", "", "control scratch-e: it is not known how long network 'LeNet' was trained"),
    ("batch = 8", "batch = 0", "'batch' is no whole number in range"),
    ("[[chain]]\n", "[[chain]]\n[[chain.step]]\nname = \"tune\"\nepochs = 1\n[[chain]]\n", "one of several chains has no name"),
  ])
  func whatIsNotUnderstoodIsNamed(original: String, replaced: String, problem: String) throws {
    try Sample.withModelAndImages { folder in
      #expect(Self.small.contains(original))
      try Self.write(Self.small.replacing(original, with: replaced), in: folder)
      let outcome = try Tool.run("study", "study.toml", "--out", "out", "--quiet", in: folder)
      #expect(outcome.failed(mentioning: problem), "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out").path))
    }
  }

  /// Lists are tried with each other, methods bring their settings, and braces take values.
  @Test func factorsAreTriedWithEachOther() throws {
    try Sample.withModelAndImages { folder in
      try Self.write(
        """
        seeds = [3]
        [data]
        train = "hdf5:images.h5"
        validation = "hdf5:images.h5"
        [[network]]
        name = "LeNet"
        file = "lenet.onnx"
        [[method]]
        name = "relevance"
        criterion = "lrp"
        composite = "epsilon_plus:epsilon={e}"
        [[method]]
        name = "weights"
        criterion = "l1"
        [factor]
        e = [0.1, 0.01]
        [[chain]]
        name = "short"
        [[chain.step]]
        name = "prune"
        scope = ["layer", "global"]
        budget = ["macs=0.8", "macs=0.6", "macs=0.5"]
        [[chain]]
        name = "other"
        [[chain.step]]
        name = "prune"
        budget = "macs=0.9"
        reconstruct-ridge = "{e}"
        """, in: folder)
      let outcome = try Tool.run("study", "study.toml", "--dry-run", "--json", in: folder)
      #expect(outcome.status == 0, "\(outcome)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let parts = try #require(report["parts"] as? [[String: Any]])
      let arms = Dictionary(uniqueKeysWithValues: parts.map { ($0["arm"] as? String ?? "", $0["chains"] as? Int ?? 0) })
      var expected: [String: Int] = [:]
      for method in ["relevance", "weights"] {
        for e in ["0.1", "0.01"] {
          for scope in ["layer", "global"] { expected["short, \(method), e \(e), scope \(scope)"] = 3 }
          expected["other, \(method), e \(e)"] = 1
        }
      }
      #expect(arms == expected)
    }
  }
}
