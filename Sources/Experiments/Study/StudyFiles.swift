import Compression
import Files
import Foundation
import Plotting
import Storage
import Tensors

/// Tables, figures and data of a study, in its folder.
///
///     results.csv      a row for every network at every moment: before its chain, and after each step
///     summary.csv      a row for every arm at every budget: means and standard deviations over seeds, intervals
///     timings.csv      seconds of steps and of forward passes; the only file that differs from run to run
///     results.h5       the columns of results.csv, and which images each network tells right
///     metrics.json     means by network, arm and budget, as `dvc metrics show` reads them
///     accuracy.tsv     the curves, as `dvc plots` reads them
///     tables.md        the tables of networks, areas and comparisons; each also in LaTeX
///     accuracy.pdf     the figure, also as PNG
struct StudyFiles {
  private let study: Study
  private let results: StudyResults
  private let failures: Int
  private let store: StepStore
  private let folder: String

  init(_ study: Study, _ results: StudyResults, _ failures: Int, _ store: StepStore, in folder: String) {
    (self.study, self.results, self.failures, self.store, self.folder) = (study, results, failures, store, folder)
  }

  /// Writes all of them.
  ///
  /// - Returns: their paths.
  /// - Throws: `EspalierError` if one cannot be written.
  func write(_ context: RunContext) throws -> [String] {
    var files: [String] = []
    defer { forget(files) }
    func write(_ text: String, _ name: String) throws {
      let path = "\(folder)/\(name)"
      try OutputPath.prepare(path)
      try AtomicFile.write(Data(text.utf8), to: path)
      files.append(path)
    }
    try write(states.csv, "results.csv")
    try write(summary.csv, "summary.csv")
    try write(timings.csv, "timings.csv")
    try write(metrics, "metrics.json")
    try write(curves.tsv, "accuracy.tsv")
    let origin = FigureOrigin(title: results.title, software: "espalier \(Release.version)")
    var tables = results.networks.map { (Study.fileName(["accuracy", $0]), results.accuracyTable(on: $0)) }
    tables += [("area", results.areaTable()), ("factors", results.effectTable()), ("comparisons", results.comparisonTable())]
      .compactMap { name, table in
        table.map { (name, $0) }
      }
    tables += results.networks.compactMap { network in
      StudyScores(results, network: network, in: store).table.map { (Study.fileName(["correlations", network]), $0) }
    }
    if failures > 0 {
      for position in tables.indices {
        tables[position].1.notes.append("\(failures.of("chain")) failed and \(failures == 1 ? "is" : "are") left out.")
      }
    }
    try write(tables.map { TableFormat.markdown.text($0.1, origin: origin) }.joined(separator: "\n\n") + "\n", "tables.md")
    for (name, table) in tables { try write(TableFormat.latex.text(table, origin: origin) + "\n", "\(name).tex") }
    try hdf5("\(folder)/results.h5")
    files.append("\(folder)/results.h5")
    for format in ["pdf", "png"] {
      for (name, pruned) in [("accuracy", false), ("accuracy-pruned", true)] where !pruned || hasTuning {
        let path = "\(folder)/\(name).\(format)"
        try FigureOutput(path).write(results.accuracyFigure(pruned: pruned), of: [])
        files.append(path)
      }
    }
    return files
  }

  /// Removes what an earlier run of another form of the study has written, and this one has not.
  private func forget(_ files: [String]) {
    let list = "\(store.path)/0-files.json"
    let names = files.map { Path.name(of: $0) }
    let before =
      (try? Data(contentsOf: URL(fileURLWithPath: list))).flatMap { try? JSONDecoder().decode([String].self, from: $0) } ?? []
    // Names alone: nothing outside the folder is meant by a list that was changed.
    for name in before where !names.contains(name) && !name.contains("/") && name != ".." {
      unlink("\(folder)/\(name)")
    }
    if let bytes = try? JSONEncoder().encode(names) { try? AtomicFile.write(bytes, to: list) }
  }

  /// Whether chains go on after pruning.
  private var hasTuning: Bool {
    entries.contains { entry in entry.run.pruned != nil && entry.run.last.step != PruneStep.name }
  }

  private var entries: [(arm: StudyResults.Arm, point: StudyResults.Point, seed: UInt64, run: StudyEntry)] {
    results.all.flatMap { arm in arm.points.flatMap { point in point.runs.map { (arm, point, $0.seed, $0.entry) } } }
  }

  /// The names of all factors but the budget, as the study has them.
  private var factors: [String] {
    results.all.flatMap { $0.factors.map(\.name) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private func values(_ arm: StudyResults.Arm) -> [TidyTable.Cell] {
    factors.map { name in TidyTable.Cell(arm.factors.first { $0.name == name }?.value) }
  }

  private var states: TidyTable {
    var table = TidyTable(
      ["network", "arm", "control"] + factors.map { "factor_\($0)" } + [
        "budget", "seed", "position", "step", "macs", "macs_share", "parameters", "parameters_share", "non_zeros",
        "activations", "bytes", "bit_operations", "measure", "value", "top5", "loss", "harmonic_mean", "drift_cosine",
        "drift_ranks", "rate", "epochs",
        "kept_epoch", "last_epoch_loss", "last_epoch_accuracy", "best_epoch", "file", "sha256", "notes",
      ])
    for (arm, point, seed, entry) in entries {
      for (position, state) in entry.states.enumerated() {
        func share(_ size: KeyPath<Footprint, Int>) -> Double {
          Double(state.footprint[keyPath: size]) / Double(max(entry.first.footprint[keyPath: size], 1))
        }
        table.add(
          [
            .text(arm.network), .text(arm.name), .init(arm.control?.rawValue),
          ] + values(arm) + [
            .init(point.budget), .count(Int(clamping: seed)), .count(position), .text(state.step),
            .count(state.footprint.macs), .number(share(\.macs)), .count(state.footprint.parameters),
            .number(share(\.parameters)),
            .count(state.footprint.nonZeros), .count(state.footprint.activations), .count(state.footprint.bytes),
            .count(state.footprint.bitOperations), .init(state.score?.measure), .init(state.score?.value),
            .init(state.score?.top5),
            .init(state.score?.loss), .init(state.score?.harmonicMean), .init(state.drift?.cosine), .init(state.drift?.ranks),
            .init(state.training?.rate), .init(state.training?.epochs), .init(state.training?.kept),
            .init(state.training?.last?.loss), .init(state.training?.last?.accuracy), .init(state.training?.best?.epoch),
            .text(state.file), .text(state.digest),
            .text(state.notes.joined(separator: "; ")),
          ])
      }
    }
    return table
  }

  private var summary: TidyTable {
    var table = TidyTable(
      ["network", "arm", "control"] + factors.map { "factor_\($0)" } + [
        "budget", "seeds", "macs_share", "parameters_share", "before", "pruned", "pruned_sd", "after", "after_sd",
        "after_low", "after_high",
      ])
    for arm in results.all {
      for point in arm.points {
        func moments(_ values: [Double]) -> (mean: Double?, deviation: Double?) {
          values.isEmpty ? (nil, nil) : (Moments(values).mean, Moments(values).standardDeviation)
        }
        let (pruned, after) = (moments(point.values(\.afterPruning)), moments(point.values(\.after)))
        let interval = results.interval(point)
        table.add(
          [
            .text(arm.network), .text(arm.name), .init(arm.control?.rawValue),
          ] + values(arm) + [
            .init(point.budget), .count(point.runs.count), .number(point.left(\.macs)),
            .number(point.left(\.parameters)), .init(moments(point.values(\.before)).mean), .init(pruned.mean),
            .init(pruned.deviation), .init(after.mean), .init(after.deviation), .init(interval?.lowerBound),
            .init(interval?.upperBound),
          ])
      }
    }
    return table
  }

  private var timings: TidyTable {
    var table = TidyTable(["network", "arm", "budget", "seed", "position", "step", "seconds", "forward_ms", "forward_ms_before"])
    for (arm, point, seed, entry) in entries {
      for (position, state) in entry.states.enumerated() {
        let isLast = position == entry.states.count - 1
        table.add([
          .text(arm.network), .text(arm.name), .init(point.budget), .init("\(seed)"), .count(position), .text(state.step),
          .number(state.seconds), .init(isLast ? entry.latency?.last?.median : nil),
          .init(isLast ? entry.latency?.first?.median : nil),
        ])
      }
    }
    return table
  }

  private var curves: TidyTable {
    var table = TidyTable(["network", "arm", "macs_share", results.measure.replacing(" ", with: "_")])
    for arm in results.all {
      for point in arm.points {
        let values = point.values(\.after)
        guard !values.isEmpty else { continue }
        table.add([
          .text(arm.network), .text(arm.name), .number(point.left(\.macs)),
          .number(Moments(values).mean),
        ])
      }
    }
    return table
  }

  private var metrics: String {
    var networks: [String: [String: [String: [String: Double]]]] = [:]
    for arm in results.all {
      for point in arm.points {
        func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : Moments(values).mean }
        let numbers = [
          results.measure: mean(point.values(\.after)), "pruned": mean(point.values(\.afterPruning)),
          "macs_share": point.left(\.macs), "parameters_share": point.left(\.parameters),
        ].compactMapValues { $0 }.filter { $0.value.isFinite }
        networks[arm.network, default: [:]][arm.name, default: [:]][point.budget ?? "whole"] = numbers
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return ((try? encoder.encode(networks)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
  }

  /// The columns of all states, each a dataset, and the images that each network tells right: `correct` uint8 [rows, images].
  private func hdf5(_ path: String) throws {
    try OutputPath.prepare(path)
    let file = try HDF5File.create(path)
    let table = states
    try file.setAttribute("title", results.title)
    try file.setAttribute("software", "espalier \(Release.version)")
    for (position, column) in table.columns.enumerated() {
      let cells = table.rows.map { $0[position] }
      let areTexts = cells.contains { if case .text = $0 { true } else { false } }
      // A column without any value is one of numbers, as it is where there are some.
      if !areTexts {
        let values = cells.map { cell -> Double in
          switch cell {
          case .number(let number): number
          case .count(let count): Double(count)
          case .text, .none: .nan
          }
        }
        try file.write(Tensor(values, shape: [values.count]), to: column)
      } else {
        try file.write(cells.map(\.text), to: column)
      }
    }
    let right = entries.flatMap { $0.run.states.map { $0.score?.right ?? [] } }
    if let images = right.map(\.count).max(), images > 0, right.allSatisfy({ $0.count == images }) {
      try file.write(Tensor(right.flatMap { $0.map { UInt8($0 ? 1 : 0) } }, shape: [right.count, images]), to: "correct")
    }
    try file.commit()
  }
}

extension StudyResults {
  /// The interval of an arm's accuracy at one budget, over seeds and images.
  func interval(_ point: Point) -> ClosedRange<Double>? {
    let images = point.runs.map { $0.entry.last.score?.right.map { $0.map { $0 ? 1.0 : 0 } } }
    return estimate(point.values(\.after), images).interval
  }
}
