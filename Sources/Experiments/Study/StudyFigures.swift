import Foundation
import Plotting
import Tensors

extension StudyResults {
  /// Accuracy over what is left, a panel a network, a curve an arm.
  ///
  /// - Parameter pruned: whether right after pruning, rather than at the end of chains.
  func accuracyFigure(pruned: Bool = false) -> PanelsFigure {
    let shown = shownArms
    let panels = networks.map { network -> Panel in
      let arms = arms(on: network).filter { shown.contains($0.name) }
      let values = arms.flatMap(\.points).flatMap { $0.values(\.before) }
      let before = values.isEmpty ? nil : Moments(values).mean
      let left = arms.flatMap(\.points).filter { $0.budget != nil }.map { 100 * $0.left(\.macs) }
      let (least, most) = (left.min() ?? 0, left.max() ?? 100)
      var marks: [any Mark] = before.map { [RuleMark("before", .horizontal(100 * $0))] } ?? []
      for arm in arms {
        guard let series = shown.firstIndex(of: arm.name) else { continue }
        let points = arm.points.compactMap { point -> (Plotting.Point, ClosedRange<Double>?)? in
          guard point.budget != nil else { return nil }
          let values = point.values(pruned ? \.afterPruning : \.after)
          guard !values.isEmpty else { return nil }
          let mean = Moments(values).mean
          // R² has no least value.
          let range = measure == "R²" ? -Double.infinity...1 : 0...1
          let interval = Interval.ofMean(values).map { $0.clamped(to: range) }.map { 100 * $0.lowerBound...100 * $0.upperBound }
          return (Plotting.Point(100 * point.left(\.macs), 100 * mean), interval)
        }.sorted { $0.0.x < $1.0.x }
        if points.isEmpty {
          // Without a budget, a line across.
          let values = arm.points.flatMap { $0.values(\.after) }
          guard !pruned, !values.isEmpty else { continue }
          let mean = 100 * Moments(values).mean
          let ends = [least, most].map { Plotting.Point($0, mean) }
          marks.append(LineMark(arm.name, series: series, points: ends, isMarked: false))
          continue
        }
        marks.append(LineMark(arm.name, series: series, points: points.map(\.0)))
        marks.append(PointMark("", series: series, points: points.map(\.0), errors: points.map(\.1)))
      }
      var x = PanelAxis("MACs left", unit: "%")
      x.margin = 0.04
      return Panel(title: networks.count > 1 ? network : nil, x: x, y: PanelAxis(measure, unit: "%"), marks: marks)
    }
    let seeds = all.flatMap(\.points).map(\.runs.count).max() ?? 0
    let choice = shown.count < arms.count ? "The best \(shown.count) of \(arms.count) arms. " : ""
    let note =
      choice
      + (seeds > 1
        ? "Means over \(seeds.of("seed")); bars: 95 % intervals of confidence (Student's t)." : "One seed.")
    return PanelsFigure(title: title, PanelGrid(panels, note: note))
  }

  /// The most arms that a panel shows.
  private static let mostShown = 10

  /// The arms that figures show: all, or of many the best by their area, in the study's order.
  private var shownArms: [String] {
    guard arms.count > Self.mostShown else { return arms }
    let best = Set(rankedByArea().prefix(Self.mostShown).map(\.arm))
    return best.isEmpty ? Array(arms.prefix(Self.mostShown)) : arms.filter { best.contains($0) }
  }
}
