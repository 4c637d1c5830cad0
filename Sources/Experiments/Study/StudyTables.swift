import Foundation
import Tensors

extension StudyResults {
  private static let seeds = "With the standard error of the mean over seeds, where there are several."
  private static let best = "Bold: the best of a column, and what Welch's t test (two-sided, 5 %) does not tell from it."

  private func mean(_ values: [Double], scale: Double = 100) -> ResultTable.Cell {
    guard !values.isEmpty else { return .none }
    let moments = Moments(values)
    // What does not depend on the seed has no error.
    guard let error = moments.standardError, error > 0 else { return .number(scale * moments.mean, decimals: 2) }
    return .mean(scale * moments.mean, error: scale * error, count: values.count)
  }

  /// How good the network was before chains, over seeds; nil where that is not known.
  private func before(on network: String) -> ResultTable.Cell? {
    // Each seed counts once, however many chains began from its network.
    var known: [UInt64: Double] = [:]
    for run in arms(on: network).flatMap(\.points).flatMap(\.runs) { known[run.seed] = run.entry.before ?? known[run.seed] }
    return known.isEmpty ? nil : mean(known.sorted { $0.key < $1.key }.map(\.value))
  }

  /// Accuracy of every arm at every budget on a network.
  func accuracyTable(on network: String) -> ResultTable {
    let arms = arms(on: network)
    let isTuned = arms.contains {
      $0.points.contains { $0.runs.contains { $0.entry.last.step != PruneStep.name && $0.entry.states.count > 1 } }
    }
    let points = arms.flatMap { arm in arm.points.map { (arm, $0) } }
    let hasBudgets = points.contains { $0.1.budget != nil }
    let hasClasses = points.contains { $0.1.runs.contains { $0.entry.last.score?.harmonicMean != nil } }
    let hasDrift = points.contains { $0.1.runs.contains { $0.entry.last.drift != nil } }
    var columns: [ResultTable.Column] = [.init("arm", isNumeric: false)]
    if hasBudgets { columns += [.init("kept", isNumeric: false)] }
    columns += [.init("MACs", unit: "%"), .init("parameters", unit: "%")]
    if hasBudgets { columns.append(.init("pruned", unit: "%", better: .higher)) }
    if isTuned { columns.append(.init(hasBudgets ? "tuned" : measure, unit: "%", better: .higher)) }
    if hasDrift { columns.append(.init("cosine of relevance", better: .higher)) }
    if hasClasses { columns.append(.init("harmonic mean of classes", unit: "%", better: .higher)) }
    let rows = points.map { arm, point in
      var cells: [ResultTable.Cell] = [.text(arm.name)]
      if hasBudgets { cells.append(point.budget.map { .text($0) } ?? .none) }
      cells += [
        .number(100 * point.left(\.macs), decimals: 1), .number(100 * point.left(\.parameters), decimals: 1),
      ]
      if hasBudgets { cells.append(mean(point.values(\.afterPruning))) }
      if isTuned {
        cells.append(point.runs.allSatisfy { $0.entry.last.step == PruneStep.name } ? .none : mean(point.values(\.after)))
      }
      if hasDrift { cells.append(mean(point.values(\.last.drift?.cosine), scale: 1)) }
      if hasClasses { cells.append(mean(point.values(\.last.score?.harmonicMean))) }
      return ResultTable.Row(cells)
    }
    let before = before(on: network)
    var table = ResultTable(
      caption: "\(title): \(network)", columns: columns, rows: rows,
      notes: [
        (before.map { "\(measure.prefix(1).uppercased())\(measure.dropFirst()) before: \(TableFormat.readable($0)) %. " }
          ?? "")
          + Self.seeds
      ])
    if hasDrift {
      table.notes.append(
        "Cosine of relevance: of maps before and after, mean over \(arms.lazy.flatMap(\.points).flatMap(\.runs).compactMap { $0.entry.last.drift?.images }.first ?? 0) images."
      )
    }
    // At another budget another arm may be the best.
    if Set(points.map(\.1.budget)).subtracting([nil]).count < 2 {
      table.markBest()
      table.notes.append(Self.best)
    }
    return table
  }

  /// Arms by the area under accuracy over budgets, on each network; nil where there are fewer than two budgets.
  func areaTable() -> ResultTable? {
    let ranked = rankedByArea()
    guard !ranked.isEmpty else { return nil }
    let several = networks.count > 1
    return ResultTable(
      caption: "\(title): area under \(measure) over budgets",
      columns: [.init("arm", isNumeric: false)]
        + networks.flatMap { network in
          [
            ResultTable.Column(several ? network : "area", unit: "%", better: .higher),
            ResultTable.Column("95 % interval", isNumeric: false),
          ]
        } + (several ? [.init("mean rank", better: .lower)] : []),
      rows: ranked.map { row in
        ResultTable.Row(
          [.text(row.arm)]
            + row.areas.flatMap { area -> [ResultTable.Cell] in
              guard let area else { return [.none, .none] }
              let interval = area.interval.map {
                "\(NumberText.decimals(100 * $0.lowerBound, 2)) to \(NumberText.decimals(100 * $0.upperBound, 2))"
              }
              return [.number(100 * area.mean, decimals: 2), interval.map { .text($0) } ?? .none]
            } + (several ? [row.rank.map { .number($0, decimals: 1) } ?? .none] : []))
      },
      notes: [
        arms.count > StudyResults.mostCompared ? "More than \(StudyResults.mostCompared) arms are not compared in pairs." : nil,
        "The mean \(measure) over the range of budgets, by the trapezoidal rule, of each network at the end of its chain.",
        "Arms that lack a budget which another has, by failure say, have no area.",
        "Intervals: bootstrap over seeds and images, \(bootstrap) resamplings, where both are several; Student's over seeds otherwise. Of few seeds they are too narrow: of three, about 75 % hold what they should.",
      ].compactMap { $0 })
  }

  /// What the values of factors come to; nil where one factor is tried.
  func effectTable() -> ResultTable? {
    let effects = effects()
    guard !effects.isEmpty else { return nil }
    var factors: [StudyJob.Factor] = []
    for effect in effects where !factors.contains(effect.factor) { factors.append(effect.factor) }
    let several = networks.count > 1
    let what = isOverBudgets ? "area under \(measure)" : measure
    return ResultTable(
      caption: "\(title): factors, one by one",
      columns: [.init("factor", isNumeric: false), .init("value", isNumeric: false), .init("arms and seeds")]
        + networks.map { .init(several ? $0 : what, unit: "%", better: .higher) },
      rows: factors.map { factor in
        let own = networks.map { network in effects.first { $0.factor == factor && $0.network == network }?.outcomes }
        return ResultTable.Row(
          [.text(factor.name), .text(factor.value), .count(own.compactMap { $0?.count }.max() ?? 0)]
            + own.map { $0.map { .number(100 * $0.mean, decimals: 2) } ?? .none })
      },
      notes: [
        "The mean \(what) of all arms that have the value, whatever the others. It says nothing of how factors act together."
      ])
  }

  /// Every two arms compared.
  func comparisonTable() -> ResultTable? {
    let comparisons = comparisons()
    guard !comparisons.isEmpty else { return nil }
    return ResultTable(
      caption: "\(title): arms in pairs",
      columns: [
        .init("arm", isNumeric: false), .init("other arm", isNumeric: false), .init("difference", unit: "%"),
        .init("95 % interval", isNumeric: false), .init("pairs"), .init("p"), .init("p, Holm"),
      ],
      rows: comparisons.map { pair in
        let interval = pair.interval.map {
          "\(NumberText.decimals(100 * $0.lowerBound, 2)) to \(NumberText.decimals(100 * $0.upperBound, 2))"
        }
        return ResultTable.Row([
          .text(pair.arm), .text(pair.other), .number(100 * pair.difference, decimals: 2), interval.map { .text($0) } ?? .none,
          .count(pair.pairs), pair.p.map { .number($0, decimals: 4) } ?? .none,
          pair.holm.map { .number($0, decimals: 4) } ?? .none,
        ])
      },
      notes: [
        "Pairs are of one network and seed, or of one network where no seed changes either arm; compared is \(isOverBudgets ? "the area under \(measure) over budgets" : measure).",
        "p: permutation test of the signs, two-sided; Holm: corrected for \(comparisons.count.of("comparison")).",
        "With n pairs p is 2 / 2ⁿ at least: few seeds cannot tell small differences.",
      ])
  }
}
