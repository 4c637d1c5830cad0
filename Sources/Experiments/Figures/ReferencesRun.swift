import Files
import Foundation
import Plotting
import Tensors

/// Accuracy after pruning over the number of reference samples that a criterion saw, from logs of Yeom et al.'s toy experiment.
///
/// Source: S.-K. Yeom et al., "Pruning by explaining", Pattern Recognition 2021, section 4.1. A log has a line a pruning, as their
/// program and `espalier-toy` write them: `dataset:mult-criterion:lrp-n:80-s:3-scenario:train-stage:post 91.2`.
public struct ReferencesRun: Sendable {
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(title: String? = nil) { self.title = title }

  /// Draws a panel a data set and a curve a criterion: the mean over draws and logs, with the standard deviation over draws.
  ///
  /// - Parameters:
  ///   - files: logs, one a network.
  ///   - published: a log of others, whose means are outlines; nil for none.
  /// - Throws: `EspalierError` naming the file and line that is not understood.
  public func write(_ files: [String], published: String? = nil, to output: FigureOutput) throws {
    let all = files + [published].compactMap { $0 }
    try output.prepare(notReplacing: all)
    guard !files.isEmpty else { throw EspalierError("no log is named", location: "references", accepted: "one or more") }
    let grid = try Self.grid(files.map { try PruningLog($0) }, published: published.map { try PruningLog($0) })
    try output.write(PanelsFigure(title: title, grid), of: all)
  }

  private static func grid(_ logs: [PruningLog], published: PruningLog?) -> PanelGrid {
    let criteria = unique(logs.flatMap { $0.entries.map(\.criterion) })
    let panels = unique(logs.flatMap { $0.entries.map(\.data) }).map { data -> Panel in
      let marks = criteria.enumerated().flatMap { index, criterion -> [any Mark] in
        let means = logs.map { $0.statistics(data, criterion) }
        let counts = Set(means.flatMap(\.keys)).sorted()
        let points = counts.map { count -> (mean: Point, deviation: Double) in
          let cells = means.compactMap { $0[count] }
          let number = Double(cells.count)
          return (
            Point(Double(count), cells.reduce(0) { $0 + $1.mean } / number), cells.reduce(0) { $0 + $1.deviation } / number
          )
        }
        let places = points.map(\.mean)
        let theirs = published?.statistics(data, criterion) ?? [:]
        return [
          LineMark(criterion, series: index, points: places, isMarked: false),
          PointMark(
            "", series: index, points: places,
            errors: points.map { $0.deviation > 0 ? max(0, $0.mean.y - $0.deviation)...min(100, $0.mean.y + $0.deviation) : nil }),
          PointMark(
            "", series: index, points: theirs.keys.sorted().map { Point(Double($0), theirs[$0]?.mean ?? .nan) }, size: 1.6,
            isHollow: true),
        ]
      }
      var x = PanelAxis("reference samples", scale: .logarithmic)
      x.margin = 0.05
      return Panel(title: data, x: x, y: PanelAxis("accuracy after pruning", unit: "%"), marks: marks)
    }
    let outlines = published == nil ? "" : "Outlines: means as published. "
    let many = logs.count > 1 ? " and \(logs.count) networks" : ""
    return PanelGrid(
      panels, columns: 3, sharesY: true, aspect: 0.85,
      note: outlines + "Mean over draws of the samples\(many). Bars: standard deviation over draws.")
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}

/// The accuracies after pruning that a log tells, in percent.
struct PruningLog {
  struct Entry: Equatable {
    var data, criterion: String
    var samples, seed: Int
    var accuracy: Double
  }

  let entries: [Entry]

  /// Reads a log.
  ///
  /// - Throws: `EspalierError` naming the line that is not understood.
  init(_ path: String) throws {
    entries = try naming(file: path) {
      let lines = try RegularFile.text(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let found = try lines.enumerated().compactMap { number, line -> Entry? in
        let text = line.trimmingCharacters(in: .whitespaces)
        if text.isEmpty { return nil }
        guard let entry = Self.entry(text) else {
          throw EspalierError(
            "is no line of a log of pruning", location: "line \(number + 1)",
            accepted: "dataset:NAME-criterion:NAME-n:SAMPLES-s:SEED-scenario:train-stage:post ACCURACY")
        }
        return entry
      }
      guard !found.isEmpty else {
        throw EspalierError("holds no accuracy", accepted: "a log of pruning, as espalier-toy leaves it")
      }
      return found
    }
  }

  private static func entry(_ line: String) -> Entry? {
    let halves = line.split(separator: " ")
    guard halves.count == 2, let accuracy = Double(halves[1]), 0...100 ~= accuracy else { return nil }
    var (rest, values) = (halves[0][...], [Substring]())
    for (key, next) in [("dataset:", "-criterion:"), ("criterion:", "-n:"), ("n:", "-s:"), ("s:", "-scenario:")] {
      guard rest.hasPrefix(key), let end = rest.range(of: next) else { return nil }
      values.append(rest[rest.index(rest.startIndex, offsetBy: key.count)..<end.lowerBound])
      rest = rest[rest.index(after: end.lowerBound)...]
    }
    guard rest == "scenario:train-stage:post", let samples = Int(values[2]), samples > 0, let seed = Int(values[3]) else {
      return nil
    }
    return Entry(data: String(values[0]), criterion: String(values[1]), samples: samples, seed: seed, accuracy: accuracy)
  }

  /// By number of samples the mean over draws, and their standard deviation (of the population, as in the paper's figure).
  func statistics(_ data: String, _ criterion: String) -> [Int: (mean: Double, deviation: Double)] {
    Dictionary(grouping: entries.filter { $0.data == data && $0.criterion == criterion }, by: \.samples).mapValues { draws in
      let mean = draws.reduce(0) { $0 + $1.accuracy } / Double(draws.count)
      let variance = draws.reduce(0) { $0 + ($1.accuracy - mean) * ($1.accuracy - mean) } / Double(draws.count)
      return (mean, variance.squareRoot())
    }
  }
}
