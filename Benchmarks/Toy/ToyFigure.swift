import Plotting

extension ToyResult {
  /// Accuracy after pruning over the number of reference points, one panel a data set: ours, and the authors' means as rings.
  static func figure(_ results: [ToyResult]) -> PanelsFigure {
    let panels = results.map { result -> Panel in
      let before = ToyResult.mean(result.before)
      var marks: [any Mark] = [RuleMark("before pruning", .horizontal(before))]
      for (index, criterion) in ToyCriterion.allCases.enumerated() {
        let cells = result.data.references.compactMap { result.cell(criterion, $0) }
        let points = cells.map { Point(Double($0.references), $0.mean) }
        marks.append(LineMark(criterion.rawValue, series: index, points: points, isMarked: false))
        marks.append(
          PointMark("", series: index, points: points, errors: cells.map { $0.mean - $0.deviation...$0.mean + $0.deviation }))
        let theirs = cells.compactMap { cell in
          ToyTable.published[result.data]?.cells[cell.references].map { Point(Double(cell.references), $0[index]) }
        }
        marks.append(PointMark("", series: index, points: theirs, size: 1.6, isHollow: true))
      }
      return Panel(
        title: result.data.rawValue, x: PanelAxis("reference points", scale: .logarithmic),
        y: PanelAxis("accuracy after pruning", unit: "%"), marks: marks)
    }
    return PanelsFigure(
      PanelGrid(
        panels, columns: 3, sharesY: true, aspect: 0.85,
        note: "Outlines: Yeom et al.'s log. Bars: deviation over draws."))
  }
}
